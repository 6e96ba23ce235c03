with

source as (

    select * from {{ source('masterx', 'emotional_analytics_recovery_times') }}

),

final as (

    select
        analysis_id,
        emotion_position,
        emotion,
        average_recovery_time_minutes,
        _load_id
    from source

)

select * from final
