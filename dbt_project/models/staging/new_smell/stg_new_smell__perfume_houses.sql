with

source as (

    select * from {{ source('new_smell', 'perfume_houses') }}

),

final as (

    select
        house_id,
        name,
        _load_id
    from source

)

select * from final
