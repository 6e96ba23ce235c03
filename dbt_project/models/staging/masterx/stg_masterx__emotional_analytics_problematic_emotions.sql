with

source as (

    select * from {{ source('masterx', 'emotional_analytics_problematic_emotions') }}

),

final as (

    select
        analysis_id,
        emotion_position,
        emotion,
        learning_hindrance_score,
        recovery_time_minutes,
        _load_id
    from source

)

select * from final
