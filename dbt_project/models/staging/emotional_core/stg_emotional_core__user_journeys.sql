with

source as (

    select * from {{ source('emotional_core', 'user_journeys') }}

),

final as (

    select
        journey_id,
        user_key,
        session_key,
        completion_status,
        engagement_pattern,
        average_engagement,
        preferred_theme,
        preferred_language,
        preferred_motion,
        total_duration_ms,
        feedback_rating,
        feedback_comments_length,
        feedback_comments_word_count,
        started_at,
        ended_at,
        _load_id
    from source

)

select * from final
