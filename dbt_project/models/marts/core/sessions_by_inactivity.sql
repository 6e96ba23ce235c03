{{ config(
    unique_key='visitor_key',
    indexes=[
        {'columns': ['user_key', 'started_at']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

with

{% set held = 'select visitor_key from ' ~ ref('int_session_visitors') ~ ' where ' -%}
{{ dirty_keys('dirty_visitors', [
    held ~ not_folded('_events_load_id', '_events_load_id'),
    held ~ not_folded('_session_rows_load_id', '_session_rows_load_id'),
]) }}

bouts as (

    select
        *,
        max(ended_at) over (
            partition by visitor_key
            order by started_at, session_key, bout_number
            rows between unbounded preceding and 1 preceding
        ) as active_until
    from {{ ref('int_session_bouts') }}
    {{ where_dirty('visitor_key', 'dirty_visitors') }}

),

{% set silence = seconds_between('active_until', 'started_at') -%}
bouts_numbered as (

    select
        *,
        count(*) filter (
            where active_until is null or {{ silence }} > {{ 60 * var('inactivity_minutes') }}
        ) over (
            partition by visitor_key
            order by started_at, session_key, bout_number
        ) as session_number
    from bouts

),

{% set duration = seconds_between('min(started_at)', 'max(ended_at)') -%}
final as (

    select
        visitor_key,
        session_number,
        'new_smell' as system,
        user_key,
        cast(sum(events) as bigint) as events,
        count(distinct session_key) as sessions,
        cast(floor({{ duration }}) as bigint) as duration_seconds,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from bouts_numbered
    group by visitor_key, session_number, user_key

)

{{ final_rows('dirty_visitors', 'visitor_key') }}
