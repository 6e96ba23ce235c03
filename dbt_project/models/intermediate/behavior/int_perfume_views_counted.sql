{{ config(materialized='view') }}

with

marks as (

    select
        -- whatever the last build has got to: the part of a new event's session is taken from here
        (
            select coalesce(max(_events_load_id), 0)
            from {{ ref('int_session_subject_days') }}
        ) as events_load_id,
        (
            select coalesce(max(_events_load_id), 0)
            from {{ ref('int_session_subject_days') }}
            where subject_kind = 'perfume'
        ) <= (
            select coalesce(max(_events_load_id), 0)
            from {{ ref('int_perfume_months') }}
        ) as has_complete_months

),

new_events as (

    select
        session_key,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where _load_id > (select marks.events_load_id from marks)
    group by session_key

),

rolled_up as (

    select
        new_events.session_key,
        days.subject_id as perfume_id,
        days.views,
        days.first_event_at,
        days.last_event_at
    from new_events
    {{ look_up(
        ref('int_session_subject_days'), 'days', 'found.session_key = new_events.session_key'
    ) }}
    where days.subject_kind = 'perfume'

),

-- the range lets PostgreSQL skip partitions
sessions_spanned as (

    select
        new_events.session_key,
        least(min(rolled_up.first_event_at), min(new_events.first_event_at)) as first_event_at,
        greatest(max(rolled_up.last_event_at), max(new_events.last_event_at)) as last_event_at
    from new_events
    left join rolled_up on new_events.session_key = rolled_up.session_key
    group by new_events.session_key

),

changes as (

    select
        perfume_id,
        views
    from {{ ref('int_perfume_months') }}
    where (select marks.has_complete_months from marks)
    union all
    -- the same from the days, while a build that stopped halfway has not got to the months
    select
        subject_id as perfume_id,
        views
    from {{ ref('int_session_subject_days') }}
    where
        subject_kind = 'perfume'
        and not (select marks.has_complete_months from marks)
    union all
    select
        perfume_id,
        -views as views
    from rolled_up
    union all
    select
        events.perfume_id,
        1 as views
    from sessions_spanned
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = sessions_spanned.session_key'
        ~ ' and found.occurred_at >= sessions_spanned.first_event_at'
        ~ ' and found.occurred_at <= sessions_spanned.last_event_at'
    ) }}
    where
        events.event_type = 'PERFUME_VIEW'
        and events.perfume_id is not null

),

final as (

    select
        perfume_id,
        cast(sum(views) as bigint) as views
    from changes
    group by perfume_id
    having sum(views) > 0

)

select * from final
