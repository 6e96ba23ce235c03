with

source as (

    select * from {{ source('masterx', 'content_mastery_strategies') }}

),

final as (

    select
        mastery_id,
        strategy_position,
        strategy,
        _load_id
    from source

)

select * from final
