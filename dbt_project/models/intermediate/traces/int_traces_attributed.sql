{%- set folded_by_readers = [
    marked('_build_id', 'sessions'),
    marked('_build_id', 'sessions_by_inactivity'),
    marked('_build_id', 'emotion_timeline'),
] -%}
{#- the hook: whom a unit was once of is kept only until all who read this have folded it in; it may
be somebody who has withdrawn their consent -#}
{{ config(
    unique_key='unit_key',
    indexes=[
        {'columns': ['unit_key']},
        {'columns': ['session_key']},
        {'columns': ['document_id']},
        {'columns': ['visitor_key', 'occurred_at']},
        {'columns': ['entity', '_load_id']},
        {'columns': ['_build_id']},
    ],
    pre_hook="{% if is_incremental() %}delete from {{ this }} where entity = '(former)'"
    ~ ' and _build_id <= least(' ~ folded_by_readers | join(', ') ~ '){% endif %}',
) }}

{#- loads of one entity commit in the order of their ids, of two they may not: a mark for each -#}
{%- set entities = [
    'user_emotions', 'engagement_metrics', 'conversion_funnels', 'user_journeys',
    'user_journey_arc_points', 'emotion_entries', 'emotion_entry_emotions', 'intake_sessions',
    'intake_session_exchanges', 'intake_session_emotions', 'learning_sessions',
    'learning_session_emotions', 'learning_session_interactions', 'content_mastery',
    'content_mastery_history', 'voice_sessions',
] -%}
{%- set columns = [
    'unit_key', 'entity', 'row_id', 'trace_kind', 'system', 'document_id', 'session_key',
    'user_key', 'visitor_key', 'emotion', 'intensity', 'confidence', 'occurred_at', '_load_id',
] -%}

with

{% if is_incremental() -%}
newer as (

    {% for entity in entities -%}
    select
        unit_key,
        system,
        session_key is not null as is_session,
        document_id
    from {{ ref('int_traces') }}
    where
        entity = '{{ entity }}'
        and _load_id > (
            select coalesce(max(held._load_id), 0)
            from {{ this }} as held
            where held.entity = '{{ entity }}'
        )
        and _load_id <= 9223372036854775807
    {% if not loop.last -%}
    union
    {% endif -%}
    {%- endfor %}

),

documents as (

    select distinct document_id from newer

),

-- also what a document has left: rows that its new version no longer has
touched as (

    select
        unit_key,
        system,
        is_session
    from newer
    union
    select
        former.unit_key,
        former.system,
        former.session_key is not null as is_session
    from documents
    {{ look_up(this, 'former', 'found.document_id = documents.document_id') }}

),

dirty_units as (

    select distinct unit_key from touched

),

former as (

    select former.*
    from dirty_units
    {{ look_up(this, 'former', 'found.unit_key = dirty_units.unit_key') }}

),

{% endif -%}
traces as (

    {% if is_incremental() -%}
    select traces.*
    from touched
    {{ look_up(
        ref('int_traces'), 'traces',
        'touched.is_session and found.system = touched.system'
        ~ ' and found.session_key = touched.unit_key'
    ) }}
    union all
    select traces.*
    from touched
    {{ look_up(
        ref('int_traces'), 'traces',
        'not touched.is_session and found.system = touched.system'
        ~ ' and found.session_key is null and found.document_key = touched.unit_key'
    ) }}
    {%- else -%}
    select * from {{ ref('int_traces') }}
    {%- endif %}

),

{% set who_did_first = "case when trace_kind = 'event' then 0 else 1 end" -%}
{% set in_order = who_did_first ~ ', occurred_at, entity, row_id' -%}
units as (

    select
        unit_key,
        {{ first_by('user_key', in_order, 'user_key is not null') }} as user_key
    from traces
    group by unit_key

),

current_traces as (

    select
        traces.unit_key,
        traces.entity,
        traces.row_id,
        traces.trace_kind,
        traces.system,
        traces.document_id,
        traces.session_key,
        units.user_key,
        coalesce(units.user_key, traces.session_key) as visitor_key,
        traces.emotion,
        traces.intensity,
        traces.confidence,
        traces.occurred_at,
        traces._load_id
    from traces
    inner join units on traces.unit_key = units.unit_key

),

{% if is_incremental() -%}
first_traces as (

    select
        unit_key,
        visitor_key,
        min(occurred_at) as first_at
    from current_traces
    group by unit_key, visitor_key

),

former_visitors as (

    select
        unit_key,
        visitor_key,
        user_key,
        system,
        min(occurred_at) as first_at
    from former
    group by unit_key, visitor_key, user_key, system

),

-- whom a unit was once of, and since when: what counted it then has to look again
traces_left as (

    select
        former_visitors.unit_key,
        '(former)' as entity,
        coalesce(cast(former_visitors.visitor_key as text), 'nobody') as row_id,
        'former' as trace_kind,
        former_visitors.system,
        cast(null as text) as document_id,
        cast(null as uuid) as session_key,
        former_visitors.user_key,
        former_visitors.visitor_key,
        cast(null as text) as emotion,
        cast(null as double precision) as intensity,
        cast(null as double precision) as confidence,
        former_visitors.first_at as occurred_at,
        cast(0 as bigint) as _load_id
    from former_visitors
    left join first_traces
        on
            former_visitors.unit_key = first_traces.unit_key
            and former_visitors.visitor_key is not distinct from first_traces.visitor_key
    where first_traces.first_at is null or first_traces.first_at > former_visitors.first_at

),

{% endif -%}
traces_now as (

    select {{ columns | join(', ') }} from current_traces
    {% if is_incremental() -%}
    union all
    select {{ columns | join(', ') }} from traces_left
    {%- endif %}

),

final as (

    select
        *,
        -- goes on where those who read this have got to
        greatest(
            {{ folded_by_readers | join(',\n            ') }},
            {{ folded('_build_id') if is_incremental() else 0 }}
        ) + 1 as _build_id
    from traces_now

)

{{ final_rows('dirty_units', 'unit_key') }}
