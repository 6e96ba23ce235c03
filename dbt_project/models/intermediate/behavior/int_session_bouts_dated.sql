{{ config(materialized='view') }}

{%- set tomorrow = day_start(as_of(), 1) %}

with

bouts as (

    select * from {{ ref('int_session_bouts') }}

),

sessions as (

    select * from {{ ref('int_sessions_summarised') }}

),

final as (

    select
        session_key,
        bout_number,
        user_key,
        visitor_key,
        events,
        started_at,
        ended_at,
        _events_load_id,
        _session_rows_load_id
    from bouts
    where ended_at < {{ tomorrow }}
    union all
    select
        bouts.session_key,
        bouts.bout_number,
        bouts.user_key,
        bouts.visitor_key,
        count(*) as events,
        bouts.started_at,
        max(events.occurred_at) as ended_at,
        bouts._events_load_id,
        bouts._session_rows_load_id
    from bouts
    inner join sessions on bouts.session_key = sessions.session_key
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = bouts.session_key'
        ~ ' and found.occurred_at >= bouts.started_at'
        ~ ' and found.occurred_at < ' ~ tomorrow
        ~ ' and coalesce(found.user_key, sessions.visitor_key) = bouts.visitor_key'
    ) }}
    where
        bouts.started_at < {{ tomorrow }}
        and bouts.ended_at >= {{ tomorrow }}
    group by
        bouts.session_key, bouts.bout_number, bouts.user_key, bouts.visitor_key, bouts.started_at,
        bouts._events_load_id, bouts._session_rows_load_id

)

select * from final
