with

source as (

    select * from {{ source('masterx', 'emotional_analytics_strategy_emotions') }}

),

final as (

    select
        analysis_id,
        strategy_position,
        emotion_position,
        emotion,
        _load_id
    from source

)

select * from final
