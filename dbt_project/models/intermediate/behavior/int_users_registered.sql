{{ config(materialized='ephemeral') }}

with

users as (

    select * from {{ ref('stg_new_smell__users') }}

),

final as (

    select
        user_key,
        signed_up_at,
        {{ utc_date('signed_up_at') }} as signed_up_date,
        _load_id
    from users

)

select * from final
