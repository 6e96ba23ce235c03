{%- set window = var('activity_window_days') %}

with

hours as (

    select * from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and {{ within_days('activity_date', window) }}

),

sessions as (

    select
        user_key,
        session_key,
        mod(min(active_hour), 24) as hour_of_day,
        sum(events) as events,
        min(first_event_at) as started_at,
        {{ seconds_between('min(first_event_at)', 'max(last_event_at)') }} as duration_seconds
    from hours
    group by user_key, session_key

),

sessions_placed as (

    select
        *,
        case
            {% for part in var('day_parts') -%}
            when hour_of_day < {{ part.until }} then '{{ part.name }}'
            {% endfor -%}
        end as day_part
    from sessions

),

patterns as (

    select
        user_key,
        day_part,
        count(*) as sessions,
        {{ exact_sum('duration_seconds') }} / count(*) as avg_duration_seconds,
        {{ share('sum(events)', 'count(*)') }} as avg_events,
        max(started_at) as last_started_at
    from sessions_placed
    group by user_key, day_part

),

final as (

    select
        user_key,
        day_part,
        sessions,
        {{ share('sessions', 'sum(sessions) over (partition by user_key)') }} as share,
        avg_duration_seconds,
        avg_events,
        last_started_at,
        {{ as_of() }} as as_of_date
    from patterns

)

select * from final
