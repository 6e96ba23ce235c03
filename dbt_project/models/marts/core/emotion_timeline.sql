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

{{ dirty_keys('dirty_units', [units_traced_anew('_unit_key')]) }}

final as (

    select
        _unit_key,
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
        _build_id
    from {{ rows_of('int_emotions_classified', '_unit_key', 'dirty_units') }}

)

{{ final_rows('dirty_units', '_unit_key') }}
