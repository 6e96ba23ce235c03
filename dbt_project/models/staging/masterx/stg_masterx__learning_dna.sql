with

source as (

    select * from {{ source('masterx', 'learning_dna') }}

),

final as (

    select
        document_id,
        user_key,
        primary_learning_style,
        secondary_learning_style,
        assessment_method,
        processing_speed,
        working_memory_capacity,
        information_processing_preference,
        multitasking_ability,
        challenge_tolerance,
        explanation_depth_preference,
        example_density_preference,
        goal_orientation,
        feedback_preference,
        autonomy_preference,
        version,
        style_confidence_score,
        attention_span_minutes,
        preferred_difficulty_level,
        abstract_vs_concrete,
        intrinsic_motivation_level,
        extrinsic_motivation_responsiveness,
        achievement_sensitivity,
        emotional_resilience_score,
        overall_learning_velocity,
        personalization_effectiveness,
        last_assessed_at,
        created_at,
        updated_at,
        _load_id
    from source

)

select * from final
