{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key', 'visitor_key'], 'unique': true},
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

{% if is_incremental() -%}
former_visitors as (

    select
        sessions.session_key,
        former.visitor_key,
        former.user_key,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from {{ this }} as former
    inner join sessions on former.session_key = sessions.session_key
    where former.visitor_key <> sessions.visitor_key

),

{% endif -%}
final as (

    select
        session_key,
        visitor_key,
        user_key,
        _events_load_id,
        _session_rows_load_id
    from sessions
    {% if is_incremental() -%}
    union all
    select * from former_visitors
    {%- endif %}

)

{{ final_rows('dirty_sessions', 'session_key') }}
