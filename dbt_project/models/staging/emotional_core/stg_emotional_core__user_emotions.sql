with

source as (

    select * from {{ source('emotional_core', 'user_emotions') }}

),

final as (

    select
        emotion_id,
        user_key,
        session_key,
        phase,
        anxiety_level,
        confidence_level,
        engagement_score,
        emotional_context_length,
        emotional_context_word_count,
        interaction_type,
        component_id,
        device_type,
        ab_test_variant,
        measured_at,
        _load_id
    from source

)

select * from final
