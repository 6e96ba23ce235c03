{% macro events_summarised() -%}
{% set in_order = 'occurred_at, event_id' -%}
{% set in_reverse = 'occurred_at desc, event_id desc' -%}
events_summarised as (

    select
        session_key,
        {{ first_by('user_key', in_order, 'user_key is not null') }} as user_key,
        {{ first_by('device_type', in_order, 'device_type is not null') }} as device_type,
        {{ first_by('referrer', in_order, 'referrer is not null') }} as referrer,
        {{ first_by('path', in_order, 'true') }} as entry_page,
        {{ first_by('path', in_reverse, 'true') }} as exit_page,
        count(distinct user_key) as users,
        count(*) as events,
        count(*) filter (where event_category = 'VIEW') as page_views,
        count(distinct perfume_id) filter (where event_type = 'PERFUME_VIEW') as perfumes_viewed,
        count(*) filter (
            where event_category in ('RATING', 'REVIEW', 'COLLECTION')
        ) as interactions,
        bool_or(event_type = 'WISHLIST_ADD') as has_added_to_wishlist,
        bool_or(event_type = 'COLLECTION_ADD') as has_added_to_collection,
        bool_or(event_type = 'RATING_COMPLETED') as has_completed_rating,
        bool_or(event_type = 'REVIEW_SUBMITTED') as has_completed_review,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        max(_load_id) as _events_load_id
    from events
    group by session_key

)
{%- endmacro %}


{% macro sessions_summarised() -%}
{{ events_summarised() }},

final as (

    select
        coalesce(events_summarised.session_key, session_rows.session_key) as session_key,
        -- the earliest event with a user decides; where none has one, the application does
        coalesce(events_summarised.user_key, session_rows.user_key) as user_key,
        coalesce(
            events_summarised.user_key,
            session_rows.user_key,
            events_summarised.session_key,
            session_rows.session_key
        ) as visitor_key,
        events_summarised.users,
        events_summarised.device_type,
        events_summarised.referrer,
        events_summarised.entry_page,
        events_summarised.exit_page,
        events_summarised.events,
        events_summarised.page_views,
        events_summarised.perfumes_viewed,
        events_summarised.interactions,
        events_summarised.has_added_to_wishlist,
        events_summarised.has_added_to_collection,
        events_summarised.has_completed_rating,
        events_summarised.has_completed_review,
        events_summarised.started_at,
        events_summarised.ended_at,
        session_rows.started_at as reported_started_at,
        coalesce(events_summarised._events_load_id, 0) as _events_load_id,
        coalesce(session_rows._load_id, 0) as _session_rows_load_id
    from events_summarised
    full join session_rows
        on events_summarised.session_key = session_rows.session_key

)
{%- endmacro %}


{% macro events_of_sessions() -%}
    {%- set events = ref('stg_new_smell__user_interaction_events') -%}
    (
        select
            rows_held.*,
            coalesce(rows_held.user_key, sessions.user_key) as owner_key,
            coalesce(rows_held.user_key, sessions.visitor_key) as visitor_key
        from sessions
        {% if is_incremental() -%}
        {{ look_up(
            events, 'rows_held',
            'found.session_key = sessions.session_key'
            ~ ' and found.occurred_at >= sessions.started_at'
            ~ ' and found.occurred_at <= sessions.ended_at'
        ) }}
        {%- else -%}
        inner join {{ events }} as rows_held on sessions.session_key = rows_held.session_key
        {%- endif %}
    ) as rows_found
{%- endmacro %}


{% macro rows_of_touched_sessions(former) -%}
rolled_up as (

    select sessions.*
    from (select distinct session_key from touched_sessions) as touched
    {{ look_up(former, 'sessions', 'found.session_key = touched.session_key') }}

),

-- between these times are all of a session's events; the range lets PostgreSQL skip partitions
sessions_spanned as (

    select
        touched_sessions.session_key,
        least(min(touched_sessions.occurred_at), min(rolled_up.started_at)) as first_event_at,
        greatest(max(touched_sessions.occurred_at), max(rolled_up.ended_at)) as last_event_at
    from touched_sessions
    left join rolled_up on touched_sessions.session_key = rolled_up.session_key
    group by touched_sessions.session_key

),

events as (

    select events.*
    from sessions_spanned
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = sessions_spanned.session_key'
        ~ ' and found.occurred_at >= sessions_spanned.first_event_at'
        ~ ' and found.occurred_at <= sessions_spanned.last_event_at'
    ) }}

),

session_rows as (

    select session_rows.*
    from sessions_spanned
    {{ look_up(
        ref('stg_new_smell__user_sessions'), 'session_rows',
        'found.session_key = sessions_spanned.session_key'
    ) }}

)
{%- endmacro %}
