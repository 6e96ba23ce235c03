{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key']},
        {'columns': ['visitor_key', 'perfume_id']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_sessions', [dirty_sessions()]) }}

sessions as (

    select * from {{ ref('int_sessions_summarised') }}
    {{ where_dirty('session_key', 'dirty_sessions') }}

),

events as (

    select
        *,
        {{ utc_date('occurred_at') }} as activity_date
    from {{ events_of_sessions() }}
    where perfume_id is not null

),

contexts as (

    select
        session_key,
        owner_key,
        visitor_key,
        perfume_id,
        activity_date,
        'view_source' as kind,
        event_source as value
    from events
    where event_type = 'PERFUME_VIEW' and event_source is not null
    union all
    select
        session_key,
        owner_key,
        visitor_key,
        perfume_id,
        activity_date,
        'device_type' as kind,
        device_type as value
    from events
    where device_type is not null
    union all
    -- one without any is in a row too, so that the greatest load ids say what has been counted
    select
        session_key,
        owner_key,
        visitor_key,
        '(none)' as perfume_id,
        min(activity_date) as activity_date,
        '(none)' as kind,
        '(none)' as value
    from events
    group by session_key, owner_key, visitor_key
    having
        count(device_type) = 0
        and count(event_source) filter (where event_type = 'PERFUME_VIEW') = 0

),

contexts_counted as (

    select
        session_key,
        owner_key,
        visitor_key,
        perfume_id,
        activity_date,
        kind,
        value,
        count(*) as events
    from contexts
    group by session_key, owner_key, visitor_key, perfume_id, activity_date, kind, value

),

final as (

    select
        contexts_counted.session_key,
        contexts_counted.perfume_id,
        contexts_counted.kind,
        contexts_counted.value,
        contexts_counted.owner_key as user_key,
        contexts_counted.visitor_key,
        contexts_counted.activity_date,
        contexts_counted.events,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from contexts_counted
    inner join sessions on contexts_counted.session_key = sessions.session_key

)

{{ final_rows('dirty_sessions', 'session_key', order_by='final.visitor_key, final.perfume_id') }}
