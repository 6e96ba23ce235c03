with

source as (

    select * from {{ source('masterx', 'emotional_analytics_emotions') }}

),

final as (

    select
        analysis_id,
        emotion_position,
        emotion,
        percentage,
        total_time_minutes,
        session_count,
        _load_id
    from source

)

select * from final
