{{ config(materialized='view') }}

with

marks as (

    select coalesce(max(_events_load_id), 0) as events_load_id
    from {{ ref('int_perfume_months') }}

),

touched_sessions as (

    select
        events.session_key,
        -- its rollup by day has folded in what the months have not, when a build did not get to them
        bool_or(days.session_key is not null) as is_ahead
    from {{ ref('stg_new_smell__user_interaction_events') }} as events
    left join {{ ref('int_session_subject_days') }} as days
        on
            events.session_key = days.session_key
            and days._events_load_id > (select marks.events_load_id from marks)
    where events._load_id > (select marks.events_load_id from marks)
    group by events.session_key

),

views as (

    select
        perfume_id,
        views
    from {{ ref('int_perfume_months') }}
    union all
    select
        days.subject_id as perfume_id,
        -days.views as views
    from {{ ref('int_session_subject_days') }} as days
    inner join touched_sessions on days.session_key = touched_sessions.session_key
    where days.subject_kind = 'perfume' and not touched_sessions.is_ahead
    union all
    select
        events.perfume_id,
        1 as views
    from {{ ref('stg_new_smell__user_interaction_events') }} as events
    inner join touched_sessions on events.session_key = touched_sessions.session_key
    where
        events.event_type = 'PERFUME_VIEW'
        and events.perfume_id is not null
        and (
            not touched_sessions.is_ahead
            or events._load_id > (select marks.events_load_id from marks)
        )

),

final as (

    select
        perfume_id,
        cast(sum(views) as bigint) as views
    from views
    group by perfume_id
    having sum(views) > 0

)

select * from final
