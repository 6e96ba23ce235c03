with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_analytics_common_emotions') }}

),

final as (

    select
        analytics_id,
        emotion_position,
        emotion,
        _load_id
    from source

)

select * from final
