with

source as (

    select * from {{ source('emotional_core', 'emotional_config_colors') }}

),

final as (

    select
        config_id,
        color_position,
        color_role,
        color,
        _load_id
    from source

)

select * from final
