{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key'], 'unique': true},
        {'columns': ['reported_started_at']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

{%- set new_events -%}
    select
        session_key,
        occurred_at
    from {{ ref('stg_new_smell__user_interaction_events') }}
    where {{ not_folded('_load_id', '_events_load_id') }}
{%- endset %}
{%- set new_rows -%}
    select
        session_key,
        null as occurred_at
    from {{ ref('stg_new_smell__user_sessions') }}
    where {{ not_folded('_load_id', '_session_rows_load_id') }}
{%- endset %}

with

{{ dirty_keys('touched_sessions', [new_events, new_rows]) }}

{% if is_incremental() -%}
{{ rows_of_touched_sessions(this) }},

dirty_sessions as (

    select session_key from sessions_spanned

),

{% else -%}
events as (

    select * from {{ ref('stg_new_smell__user_interaction_events') }}

),

session_rows as (

    select * from {{ ref('stg_new_smell__user_sessions') }}

),

{% endif -%}
{{ sessions_summarised() }}

{{ final_rows('dirty_sessions', 'session_key') }}
