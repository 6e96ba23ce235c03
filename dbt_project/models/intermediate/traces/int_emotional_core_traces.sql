{{ config(materialized='view') }}

{#- levels of 1 to 5 and a score of 0 to 1: how much of the emotion there is, on one scale -#}
{%- set felt = {
    'anxiety': '(anxiety_level - 1) / 4.0',
    'confidence': '(confidence_level - 1) / 4.0',
    'engagement': 'engagement_score',
} -%}

with

emotions as (

    select * from {{ ref('stg_emotional_core__user_emotions') }}

),

metrics as (

    select * from {{ ref('stg_emotional_core__engagement_metrics') }}

),

funnels as (

    select * from {{ ref('stg_emotional_core__conversion_funnels') }}

),

journeys as (

    select * from {{ ref('stg_emotional_core__user_journeys') }}

),

arc_points as (

    select
        points.*,
        journeys.session_key,
        journeys.user_key
    from {{ ref('stg_emotional_core__user_journey_arc_points') }} as points
    inner join journeys on points.journey_id = journeys.journey_id

),

final as (

    select
        'user_emotions' as entity,
        cast(emotion_id as text) as row_id,
        'event' as trace_kind,
        emotion_id as document_key,
        cast(emotion_id as text) as document_id,
        session_key,
        user_key,
        cast(null as text) as emotion,
        cast(null as double precision) as intensity,
        cast(null as double precision) as confidence,
        measured_at as occurred_at,
        _load_id
    from emotions
    union all
    select
        'engagement_metrics' as entity,
        cast(metric_id as text) as row_id,
        'event' as trace_kind,
        metric_id as document_key,
        cast(metric_id as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        occurred_at,
        _load_id
    from metrics
    union all
    select
        'conversion_funnels' as entity,
        cast(funnel_id as text) as row_id,
        'event' as trace_kind,
        funnel_id as document_key,
        cast(funnel_id as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        entered_at as occurred_at,
        _load_id
    from funnels
    union all
    select
        'user_journeys' as entity,
        cast(journey_id as text) as row_id,
        'session' as trace_kind,
        journey_id as document_key,
        cast(journey_id as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        started_at as occurred_at,
        _load_id
    from journeys
    union all
    -- also one without any level, so that the going of a level is seen
    select
        'user_journey_arc_points' as entity,
        journey_id || '/' || point_position as row_id,
        'document' as trace_kind,
        journey_id as document_key,
        cast(journey_id as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        measured_at as occurred_at,
        _load_id
    from arc_points
    {% for emotion, intensity in felt.items() -%}
    union all
    select
        'user_emotions' as entity,
        emotion_id || '/{{ emotion }}' as row_id,
        'observation' as trace_kind,
        emotion_id as document_key,
        cast(emotion_id as text) as document_id,
        session_key,
        user_key,
        '{{ emotion }}' as emotion,
        {{ double(intensity) }} as intensity,
        null as confidence,
        measured_at as occurred_at,
        _load_id
    from emotions
    where {{ intensity }} is not null
    union all
    select
        'user_journey_arc_points' as entity,
        journey_id || '/' || point_position || '/{{ emotion }}' as row_id,
        'observation' as trace_kind,
        journey_id as document_key,
        cast(journey_id as text) as document_id,
        session_key,
        user_key,
        '{{ emotion }}' as emotion,
        {{ double(intensity) }} as intensity,
        null as confidence,
        measured_at as occurred_at,
        _load_id
    from arc_points
    where {{ intensity }} is not null and measured_at is not null
    {% endfor -%}
    union all
    select
        'conversion_funnels' as entity,
        funnel_id || '/entry' as row_id,
        'observation' as trace_kind,
        funnel_id as document_key,
        cast(funnel_id as text) as document_id,
        session_key,
        user_key,
        'anxiety' as emotion,
        {{ double('(emotional_state_entry - 1) / 4.0') }} as intensity,
        null as confidence,
        entered_at as occurred_at,
        _load_id
    from funnels
    where emotional_state_entry is not null
    union all
    select
        'conversion_funnels' as entity,
        funnel_id || '/exit' as row_id,
        'observation' as trace_kind,
        funnel_id as document_key,
        cast(funnel_id as text) as document_id,
        session_key,
        user_key,
        'anxiety' as emotion,
        {{ double('(emotional_state_exit - 1) / 4.0') }} as intensity,
        null as confidence,
        {{ from_epoch(epoch_seconds('entered_at') ~ ' + coalesce(time_in_step_ms, 0) / 1000.0') }}
            as occurred_at,
        _load_id
    from funnels
    where emotional_state_exit is not null

)

select * from final
