with

source as (

    select * from {{ source('emotion_visualizer', 'visualization_elements') }}

),

final as (

    select
        visualization_id,
        element_position,
        element_kind,
        element_value,
        _load_id
    from source

)

select * from final
