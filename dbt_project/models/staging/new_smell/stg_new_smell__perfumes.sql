with

source as (

    select * from {{ source('new_smell', 'perfumes') }}

),

final as (

    select
        perfume_id,
        name,
        house_id,
        perfume_type,
        concentration,
        price,
        _load_id
    from source

)

select * from final
