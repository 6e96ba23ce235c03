{{ config(materialized='view') }}

with

counted as (

    select * from {{ ref('int_user_wishlists_counted') }}

),

final as (

    select
        user_key,
        wishlist_size
    from counted

)

select * from final
