with

source as (

    select * from {{ source('new_smell', 'user_interaction_event_items') }}

),

final as (

    select
        event_id,
        item_position,
        item_kind,
        item_value,
        _load_id
    from source

)

select * from final
