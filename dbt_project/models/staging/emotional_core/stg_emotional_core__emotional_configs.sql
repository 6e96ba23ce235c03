with

source as (

    select * from {{ source('emotional_core', 'emotional_configs') }}

),

final as (

    select
        config_id,
        user_key,
        language,
        privacy_level,
        theme_name,
        theme_mode,
        palette_primary,
        motion_sensitivity,
        notification_frequency,
        is_reduced_motion,
        is_high_contrast,
        is_screen_reader,
        has_animations,
        has_notifications,
        created_at,
        updated_at,
        _load_id
    from source

)

select * from final
