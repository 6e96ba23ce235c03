with

source as (

    select * from {{ source('voice_patterns', 'risk_alert_factors') }}

),

final as (

    select
        alert_id,
        factor_position,
        risk_factor,
        _load_id
    from source

)

select * from final
