with

source as (

    select * from {{ source('masterx', 'emotional_analytics_trends') }}

),

final as (

    select
        analysis_id,
        trend_position,
        emotion,
        trend_direction,
        time_period,
        change_percentage,
        _load_id
    from source

)

select * from final
