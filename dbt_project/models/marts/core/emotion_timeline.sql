{{ config(
    unique_key='_unit_key',
    indexes=[
        {'columns': ['_unit_key']},
        {'columns': ['user_key', 'observed_at']},
        {'columns': ['observed_at']},
        {'columns': ['canonical_label']},
        {'columns': ['_build_id']},
    ],
    post_hook="{{ mark_loads('int_traces_attributed', ['_build_id']) }}",
) }}

-- depends_on: {{ ref('int_traces_attributed') }}
with

{{ dirty_keys('dirty_units', [units_traced_anew('unit_key')]) }}

observations as (

    select * from {{ rows_of('int_emotions_classified', 'unit_key', 'dirty_units') }}

),

final as (

    select
        unit_key,
        observation_id,
        system,
        entity as source_entity,
        session_key,
        user_key,
        visitor_key,
        emotion as label,
        canonical_label,
        valence,
        arousal,
        intensity,
        confidence,
        observed_at,
        _build_id
    from observations

),

keyed as (

    {{ final_rows('dirty_units', 'unit_key') }}

)

select
    observation_id,
    system,
    source_entity,
    session_key,
    user_key,
    visitor_key,
    label,
    canonical_label,
    valence,
    arousal,
    intensity,
    confidence,
    observed_at,
    unit_key as _unit_key,
    _build_id
from keyed
