with

source as (

    select * from {{ source('masterx', 'emotional_analytics_recovery_strategies') }}

),

final as (

    select
        analysis_id,
        strategy_position,
        strategy,
        success_rate,
        _load_id
    from source

)

select * from final
