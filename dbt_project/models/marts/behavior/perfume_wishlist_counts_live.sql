{{ config(materialized='view') }}

with

counted as (

    select * from {{ ref('int_perfume_wishlists_counted') }}

),

final as (

    select
        perfume_id,
        wishlists as in_wishlist_count
    from counted

)

select * from final
