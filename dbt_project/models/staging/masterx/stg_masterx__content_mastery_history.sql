with

source as (

    select * from {{ source('masterx', 'content_mastery_history') }}

),

final as (

    select
        mastery_id,
        activity_position,
        session_key,
        activity_type,
        emotional_state,
        performance_score,
        difficulty_level,
        time_spent_minutes,
        practiced_at,
        _load_id
    from source

)

select * from final
