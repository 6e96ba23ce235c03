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

    select session_key from {{ ref('stg_new_smell__user_interaction_events') }}
    where _load_id > (select marks.events_load_id from marks)
    union
    select session_key from {{ ref('stg_new_smell__user_sessions') }}
    where _load_id > (select marks.session_rows_load_id from marks)

),

-- session by session through the index, whatever the planner thinks how many there are
events as (

    select events.*
    from touched_sessions
    {{ look_up(
        ref('stg_new_smell__user_interaction_events'), 'events',
        'found.session_key = touched_sessions.session_key'
    ) }}

),

session_rows as (

    select session_rows.*
    from touched_sessions
    {{ look_up(
        ref('stg_new_smell__user_sessions'), 'session_rows',
        'found.session_key = touched_sessions.session_key'
    ) }}

),

{{ sessions_summarised() }}

select * from final
