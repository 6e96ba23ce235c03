with

source as (

    select * from {{ source('emotional_core', 'emotional_impacts') }}

),

final as (

    select
        impact_id,
        user_key,
        session_key,
        measurement_type,
        intervention_type,
        context_phase,
        context_component_id,
        baseline_value,
        post_value,
        impact_score,
        confidence_level,
        sample_size,
        measurement_date,
        measured_at,
        _load_id
    from source

)

select * from final
