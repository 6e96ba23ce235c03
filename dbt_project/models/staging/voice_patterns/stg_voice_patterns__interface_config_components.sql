with

source as (

    select * from {{ source('voice_patterns', 'interface_config_components') }}

),

final as (

    select
        config_id,
        component_position,
        component_kind,
        component,
        _load_id
    from source

)

select * from final
