with

source as (

    select * from {{ source('masterx', 'emotional_analytics_periods') }}

),

final as (

    select
        analysis_id,
        period_position,
        period_kind,
        period,
        _load_id
    from source

)

select * from final
