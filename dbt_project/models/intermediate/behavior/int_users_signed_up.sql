{{ config(materialized='ephemeral') }}

with

users as (

    select * from {{ ref('stg_new_smell__users') }}

),

final as (

    select
        user_key,
        signed_up_at
    from users
    where {{ utc_date('signed_up_at') }} <= {{ as_of() }}

)

select * from final
