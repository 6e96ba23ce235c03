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

-- of a session that several users share, each; of any other, the one it is of
visitors as (

    select
        session_key,
        visitor_key,
        user_key,
        _events_load_id,
        _session_rows_load_id
    from sessions
    union
    select
        sessions.session_key,
        hours.visitor_key,
        hours.user_key,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from sessions
    inner join {{ ref('int_session_hours') }} as hours
        on sessions.session_key = hours.session_key
    where sessions.users > 1
    {% if is_incremental() -%}
    union
    -- and whom it was of before
    select
        sessions.session_key,
        former.visitor_key,
        former.user_key,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from sessions
    {{ look_up(this, 'former', 'found.session_key = sessions.session_key') }}
    {%- endif %}

),

final as (

    select * from visitors

)

{{ final_rows('dirty_sessions', 'session_key') }}
