with

source as (

    select * from {{ source('new_smell', 'users') }}

),

final as (

    select
        user_key,
        signed_up_at,
        _load_id
    from source

)

select * from final
