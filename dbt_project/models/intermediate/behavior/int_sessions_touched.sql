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

{{ rows_of_touched_sessions(ref('int_sessions_summarised')) }},

{{ sessions_summarised() }}

select * from final
