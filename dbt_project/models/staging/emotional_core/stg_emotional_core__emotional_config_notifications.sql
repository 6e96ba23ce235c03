with

source as (

    select * from {{ source('emotional_core', 'emotional_config_notifications') }}

),

final as (

    select
        config_id,
        notification_position,
        notification_kind,
        notification_value,
        _load_id
    from source

)

select * from final
