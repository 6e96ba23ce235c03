with

source as (

    select * from {{ source('emotion_visualizer', 'api_keys') }}

),

final as (

    select
        api_key_id,
        user_key,
        name_length,
        is_active,
        last_used_at,
        expires_at,
        created_at,
        _load_id
    from source

)

select * from final
