{{ config(materialized='view') }}

{#- how much of the emotion there is, each on a scale of 0 to 1 -#}
{%- set felt = {
    'anxiety': place_of_level('anxiety_level'),
    'confidence': place_of_level('confidence_level'),
    'engagement': 'engagement_score',
} -%}
{%- set left_at = from_epoch(
    epoch_seconds('entered_at') ~ ' + coalesce(time_in_step_ms, 0) / 1000.0'
) -%}
{%- set states_of_a_step = {
    'entry': ('emotional_state_entry', 'entered_at'),
    'exit': ('emotional_state_exit', left_at),
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

    {{ trace('event', 'user_emotions', 'emotions', 'emotion_id', 'measured_at') }}
    union all
    {{ trace('event', 'engagement_metrics', 'metrics', 'metric_id', 'occurred_at') }}
    union all
    {{ trace('event', 'conversion_funnels', 'funnels', 'funnel_id', 'entered_at') }}
    union all
    {{ trace('session', 'user_journeys', 'journeys', 'journey_id', 'started_at') }}
    {% for emotion, intensity in felt.items() -%}
    union all
    {{ trace(
        'observation', 'user_emotions', 'emotions', "emotion_id || '/" ~ emotion ~ "'",
        'measured_at',
        emotion="'" ~ emotion ~ "'", intensity=intensity, condition=intensity ~ ' is not null'
    ) }}
    union all
    {{ trace(
        'observation', 'user_journey_arc_points', 'arc_points',
        "journey_id || '/' || point_position || '/" ~ emotion ~ "'", 'measured_at',
        emotion="'" ~ emotion ~ "'", intensity=intensity,
        condition=intensity ~ ' is not null and measured_at is not null'
    ) }}
    {% endfor -%}
    {% for state, (level, moment) in states_of_a_step.items() -%}
    union all
    {{ trace(
        'observation', 'conversion_funnels', 'funnels', "funnel_id || '/" ~ state ~ "'", moment,
        emotion="'anxiety'", intensity=place_of_level(level), condition=level ~ ' is not null'
    ) }}
    {% endfor %}

)

select * from final
