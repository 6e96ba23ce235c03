with

source as (

    select * from {{ source('masterx', 'content_mastery') }}

),

final as (

    select
        mastery_id,
        user_key,
        subject,
        topic,
        concept,
        current_mastery_level,
        mastery_confidence,
        repetition_interval_days,
        initial_strength,
        decay_rate,
        stability,
        optimal_difficulty_level,
        first_exposure_at,
        last_practiced_at,
        mastery_achieved_at,
        next_review_at,
        _load_id
    from source

)

select * from final
