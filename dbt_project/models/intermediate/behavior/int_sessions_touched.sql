{{ config(materialized='view') }}

{%- set rollups = [
    'int_sessions_summarised', 'int_session_hours', 'int_session_subject_days',
    'int_perfume_audience_changes',
] -%}

with

-- what all of the rollups have folded in; a rollup that lags behind makes more sessions count anew
marks as (

    select
        least(
            {%- for rollup in rollups %}
            (select coalesce(max(_events_load_id), 0) from {{ ref(rollup) }})
            {{- ',' if not loop.last }}
            {%- endfor %}
        ) as events_load_id,
        least(
            {%- for rollup in rollups %}
            (select coalesce(max(_session_rows_load_id), 0) from {{ ref(rollup) }})
            {{- ',' if not loop.last }}
            {%- endfor %}
        ) as session_rows_load_id

),

touched_sessions as (

    select
        session_key,
        occurred_at
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where _load_id > (select marks.events_load_id from marks)
    union all
    select
        session_key,
        null as occurred_at
    from {{ ref('stg_new_smell__user_sessions') }}
    where _load_id > (select marks.session_rows_load_id from marks)

),

rolled_up as (

    select sessions.*
    from (select distinct session_key from touched_sessions) as touched
    {{ look_up(
        ref('int_sessions_summarised'), 'sessions', 'found.session_key = touched.session_key'
    ) }}

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

),

{{ sessions_summarised() }}

select * from final
