{{ config(materialized='view') }}

{%- set tomorrow = day_start(as_of(), 1) %}
{%- set of_events = [
    'users', 'device_type', 'referrer', 'entry_page', 'exit_page', 'events', 'page_views',
    'perfumes_viewed', 'interactions', 'has_added_to_wishlist', 'has_added_to_collection',
    'has_completed_rating', 'has_completed_review', 'started_at', 'ended_at',
] %}

with

sessions as (

    select * from {{ ref('int_sessions_summarised') }}

),

sessions_cut as (

    select * from sessions
    where
        started_at < {{ tomorrow }}
        and ended_at >= {{ tomorrow }}

),

events as (

    select
        -- of the session, by which the view is looked up
        sessions_cut.session_key,
        events.event_id,
        events.user_key,
        events.event_type,
        events.event_category,
        events.perfume_id,
        events.device_type,
        events.referrer,
        events.path,
        events.occurred_at,
        events._load_id
    from sessions_cut
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = sessions_cut.session_key'
        ~ ' and found.occurred_at >= sessions_cut.started_at'
        ~ ' and found.occurred_at < ' ~ tomorrow
    ) }}

),

{{ events_summarised() }},

final as (

    select
        session_key,
        user_key,
        visitor_key,
        {{ of_events | join(',\n        ') }},
        _events_load_id,
        _session_rows_load_id
    from sessions
    where ended_at < {{ tomorrow }} or ended_at is null
    union all
    select
        sessions_cut.session_key,
        sessions_cut.user_key,
        sessions_cut.visitor_key,
        {% for name in of_events -%}
        events_summarised.{{ name }},
        {% endfor -%}
        sessions_cut._events_load_id,
        sessions_cut._session_rows_load_id
    from sessions_cut
    inner join events_summarised on sessions_cut.session_key = events_summarised.session_key
    union all
    -- all of its events are later; its row may not be
    select
        session_key,
        user_key,
        visitor_key,
        {% for name in of_events -%}
        null as {{ name }},
        {% endfor -%}
        _events_load_id,
        _session_rows_load_id
    from sessions
    where started_at >= {{ tomorrow }}

)

select * from final
