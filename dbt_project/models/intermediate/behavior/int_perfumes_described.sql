{{ config(materialized='ephemeral') }}

with

perfumes as (

    select * from {{ ref('stg_new_smell__perfumes') }}

),

final as (

    select
        perfume_id,
        house_id,
        perfume_type,
        concentration,
        price as list_price
    from perfumes

)

select * from final
