{{ config(materialized='view') }}

with

marks as (

    select coalesce(max(_events_load_id), 0) as events_load_id
    from {{ ref('int_perfume_months') }}

),

new_events as (

    select distinct session_key
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where _load_id > (select marks.events_load_id from marks)

),

touched_sessions as (

    select
        session_key,
        -- its rollup by day has folded in what the months have not, when a build did not get to them
        exists (
            select 1 from {{ ref('int_session_subject_days') }} as days
            where
                days.session_key = new_events.session_key
                and days._events_load_id > (select marks.events_load_id from marks)
            offset 0
        ) as is_ahead
    from new_events

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
    from touched_sessions
    cross join lateral (
        select * from {{ ref('int_session_subject_days') }} as found
        where found.session_key = touched_sessions.session_key
        offset 0
    ) as days
    where days.subject_kind = 'perfume' and not touched_sessions.is_ahead
    union all
    select
        events.perfume_id,
        1 as views
    from touched_sessions
    -- session by session through the index, whatever the planner thinks how many there are
    cross join lateral (
        select * from {{ ref('stg_new_smell__user_interaction_events') }} as found
        where found.session_key = touched_sessions.session_key
        offset 0
    ) as events
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
