{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_sessions', [
    newer_than('session_key', 'stg_new_smell__user_interaction_events', '_events_load_id'),
    newer_than('session_key', 'stg_new_smell__user_sessions', '_session_rows_load_id'),
]) }}

events as (

    select * from {{ rows_of(
        'stg_new_smell__user_interaction_events', 'session_key', 'dirty_sessions'
    ) }}

),

session_rows as (

    select * from {{ rows_of('stg_new_smell__user_sessions', 'session_key', 'dirty_sessions') }}

),

{{ sessions_summarised() }}

{{ final_rows('dirty_sessions', 'session_key') }}
