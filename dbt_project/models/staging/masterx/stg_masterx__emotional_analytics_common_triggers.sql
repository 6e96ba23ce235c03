with

source as (

    select * from {{ source('masterx', 'emotional_analytics_common_triggers') }}

),

final as (

    select
        analysis_id,
        emotion_position,
        trigger_position,
        trigger,
        _load_id
    from source

)

select * from final
