with

source as (

    select * from {{ source('masterx', 'learning_session_interactions') }}

),

final as (

    select
        session_key,
        interaction_position,
        interaction_id,
        interaction_type,
        ai_provider,
        detected_emotion,
        explanation_style,
        user_input_length,
        user_input_words,
        ai_response_length,
        ai_response_words,
        response_time_ms,
        tokens_used,
        cost_usd,
        emotion_confidence,
        emotional_intensity,
        difficulty_adjustment,
        occurred_at,
        _load_id
    from source

)

select * from final
