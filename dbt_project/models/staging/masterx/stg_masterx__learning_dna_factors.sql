with

source as (

    select * from {{ source('masterx', 'learning_dna_factors') }}

),

final as (

    select
        user_key,
        factor_position,
        factor_kind,
        factor,
        _load_id
    from source

)

select * from final
