with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_risk_factors') }}

),

final as (

    select
        pattern_id,
        factor_position,
        risk_factor,
        _load_id
    from source

)

select * from final
