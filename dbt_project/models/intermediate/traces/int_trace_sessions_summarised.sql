{{ config(materialized='view') }}

with

summarised as (

    select
        system,
        session_key,
        session_user_key as user_key,
        coalesce(session_user_key, session_key) as visitor_key,
        greatest(
            count(distinct user_key) filter (where trace_kind = 'event'),
            cast(session_user_key is not null as integer)
        ) as users,
        nullif(count(*) filter (where trace_kind = 'event'), 0) as events,
        min(occurred_at) filter (where trace_kind = 'event') as started_at,
        max(occurred_at) filter (where trace_kind = 'event') as ended_at
    from {{ ref('int_traces_attributed') }}
    where
        session_key is not null
        and {{ utc_date('occurred_at') }} <= {{ as_of() }}
    group by system, session_key, session_user_key
    having bool_or(trace_kind in ('event', 'session'))

),

reported as (

    select * from {{ ref('int_trace_sessions_reported') }}
    where {{ utc_date('reported_started_at') }} <= {{ as_of() }}

),

final as (

    select
        summarised.system,
        summarised.session_key,
        summarised.user_key,
        reported.reported_user_key,
        summarised.visitor_key,
        summarised.users,
        reported.session_row_id,
        reported.reported_device_type,
        summarised.events,
        reported.reported_events,
        cast(floor(reported.reported_seconds) as integer) as reported_duration_seconds,
        reported.session_key is not null as has_session_row,
        summarised.started_at,
        reported.reported_started_at,
        summarised.ended_at,
        reported.reported_ended_at
    from summarised
    left join reported on summarised.session_key = reported.session_key

)

select * from final
