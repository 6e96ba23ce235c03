{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key', 'visitor_key', 'bout_number'], 'unique': true},
        {'columns': ['visitor_key', 'started_at']},
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
        session_key,
        owner_key,
        visitor_key,
        event_id,
        occurred_at,
        lag(occurred_at) over (
            partition by session_key, visitor_key
            order by occurred_at, event_id
        ) as previous_at
    from {{ events_of_sessions() }}

),

{% set silence = seconds_between('previous_at', 'occurred_at') -%}
events_numbered as (

    select
        *,
        count(*) filter (
            where previous_at is null or {{ silence }} > {{ 60 * var('inactivity_minutes') }}
        ) over (
            partition by session_key, visitor_key
            order by occurred_at, event_id
        ) as bout_number
    from events

),

bouts as (

    select
        session_key,
        owner_key,
        visitor_key,
        bout_number,
        count(*) as events,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events_numbered
    group by session_key, owner_key, visitor_key, bout_number

),

final as (

    select
        bouts.session_key,
        bouts.bout_number,
        bouts.owner_key as user_key,
        bouts.visitor_key,
        bouts.events,
        bouts.started_at,
        bouts.ended_at,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from bouts
    inner join sessions on bouts.session_key = sessions.session_key

)

{{ final_rows('dirty_sessions', 'session_key') }}
