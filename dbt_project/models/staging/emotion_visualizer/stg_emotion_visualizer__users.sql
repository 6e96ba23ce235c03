with

source as (

    select * from {{ source('emotion_visualizer', 'users') }}

),

final as (

    select
        user_key,
        email_key,
        name_length,
        is_active,
        is_verified,
        created_at,
        updated_at,
        last_login_at,
        _load_id
    from source

)

select * from final
