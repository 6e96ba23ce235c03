{{ config(
    unique_key=['visitor_key', 'session_number'],
    indexes=[
        {'columns': ['user_key', 'started_at']},
        {'columns': ['visitor_key', 'ended_at']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['system']},
    ],
    post_hook=[
        '{{ mark_as_of() }}',
        "{{ mark_loads('int_session_visitors', ['_events_load_id', '_session_rows_load_id']) }}",
    ],
) }}

{#- by load id of New Smell, whose visitors are no visitors of another application -#}
{%- set columns = [
    'visitor_key', 'session_number', 'system', 'user_key', 'events', 'sessions',
    'duration_seconds', 'started_at', 'ended_at',
] %}

-- depends_on: {{ ref('int_session_visitors') }}
-- depends_on: {{ ref('int_session_hours') }}
-- depends_on: {{ ref('int_session_bouts') }}
with

{% if is_incremental() -%}
changes as (

    {% for mark in ['_events_load_id', '_session_rows_load_id'] -%}
    select
        visitors.visitor_key,
        bouts.started_at as changed_at
    from {{ ref('int_session_visitors') }} as visitors
    {{ look_up(ref('int_session_bouts'), 'bouts', 'found.session_key = visitors.session_key') }}
    where {{ not_folded('visitors.' ~ mark, mark) }}
    union all
    {% endfor -%}
    select
        visitor_key,
        first_event_at as changed_at
    from {{ ref('int_session_hours') }}
    where {{ crossed_by_as_of('activity_date') }}

),

dirty_visitors as (

    select
        visitor_key,
        -- a minute to spare, for what rounding does to seconds
        {{ from_epoch(
            epoch_seconds('min(changed_at)') ~ ' - ' ~ 60 * (var('inactivity_minutes') + 1)
        ) }} as settled_at
    from changes
    group by visitor_key

),

-- numbers go on from the last session that nothing can have joined
last_sessions as (

    select held.*
    from dirty_visitors
    {{ look_up(
        this, 'held',
        'found.visitor_key = dirty_visitors.visitor_key and found.ended_at = (
            select max(earlier.ended_at) from ' ~ this ~ ' as earlier
            where
                earlier.visitor_key = dirty_visitors.visitor_key
                and earlier.ended_at < dirty_visitors.settled_at
        )'
    ) }}

),

starts as (

    select
        dirty_visitors.visitor_key,
        coalesce(last_sessions.session_number, 0) as sessions_before,
        coalesce(last_sessions.ended_at, '-infinity') as ended_before
    from dirty_visitors
    left join last_sessions on dirty_visitors.visitor_key = last_sessions.visitor_key

),

{% endif -%}
tracked_bouts as (

    {% if is_incremental() -%}
    select
        bouts.*,
        starts.sessions_before
    from starts
    {{ look_up(
        ref('int_session_bouts_dated'), 'bouts',
        'found.visitor_key = starts.visitor_key and found.started_at > starts.ended_before'
    ) }}
    {%- else -%}
    select
        *,
        0 as sessions_before
    from {{ ref('int_session_bouts_dated') }}
    {%- endif %}

),

traces as (

    select * from {{ ref('int_traces_attributed') }}
    where
        trace_kind = 'event'
        and visitor_key is not null
        and {{ utc_date('occurred_at') }} <= {{ as_of() }}

),

visitor_bouts as (

    select
        'new_smell' as system,
        bouts.session_key,
        bouts.session_key || '/' || bouts.bout_number as bout_id,
        bouts.user_key,
        bouts.visitor_key,
        bouts.events,
        bouts.started_at,
        bouts.ended_at,
        bouts.sessions_before,
        bouts._events_load_id,
        bouts._session_rows_load_id
    from tracked_bouts as bouts
    union all
    select
        system,
        session_key,
        entity || '/' || row_id as bout_id,
        user_key,
        visitor_key,
        1 as events,
        occurred_at as started_at,
        occurred_at as ended_at,
        0 as sessions_before,
        0 as _events_load_id,
        0 as _session_rows_load_id
    from traces

),

bouts_in_order as (

    select
        *,
        max(ended_at) over (
            partition by visitor_key
            order by started_at, session_key, bout_id
            rows between unbounded preceding and 1 preceding
        ) as active_until
    from visitor_bouts

),

{% set silence = seconds_between('active_until', 'started_at') -%}
bouts_numbered as (

    select
        *,
        sessions_before + count(*) filter (
            where active_until is null or {{ silence }} > {{ 60 * var('inactivity_minutes') }}
        ) over (
            partition by visitor_key
            order by started_at, session_key, bout_id
        ) as session_number
    from bouts_in_order

),

{% set duration = seconds_between('min(started_at)', 'max(ended_at)') -%}
final as (

    select
        visitor_key,
        session_number,
        system,
        user_key,
        cast(sum(events) as bigint) as events,
        count(distinct session_key) as sessions,
        cast(floor({{ duration }}) as bigint) as duration_seconds,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from bouts_numbered
    group by visitor_key, session_number, system, user_key

)

{%- if is_incremental() -%}
,

trace_sessions as (

    select * from final
    where system <> 'new_smell'

),

dirty_sessions as (

    select
        visitor_key,
        session_number
    from final
    where system = 'new_smell'
    union
    select
        former.visitor_key,
        former.session_number
    from starts
    {{ look_up(
        this, 'former',
        'found.visitor_key = starts.visitor_key and found.ended_at > starts.ended_before'
    ) }}
    union
    {{ keys_that_differ('trace_sessions', ['visitor_key', 'session_number'], columns) }}

)
{%- endif %}

{{ final_rows('dirty_sessions', 'visitor_key, session_number') }}
