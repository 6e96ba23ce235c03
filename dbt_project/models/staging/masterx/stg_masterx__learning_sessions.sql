with

source as (

    select * from {{ source('masterx', 'learning_sessions') }}

),

final as (

    select
        document_id,
        session_key,
        user_key,
        session_type,
        subject,
        device_type,
        platform,
        initial_emotional_state,
        final_emotional_state,
        initial_difficulty_level,
        duration_minutes,
        overall_emotional_health_score,
        questions_attempted,
        questions_correct,
        accuracy_percentage,
        average_response_time_seconds,
        follow_up_questions,
        session_completion_rate,
        total_ai_queries,
        total_tokens_consumed,
        total_cost_usd,
        average_response_time_ms,
        cache_hit_rate,
        user_satisfaction_rating,
        perceived_difficulty_rating,
        emotional_satisfaction_rating,
        has_self_directed_exploration,
        started_at,
        ended_at,
        _load_id
    from source

)

select * from final
