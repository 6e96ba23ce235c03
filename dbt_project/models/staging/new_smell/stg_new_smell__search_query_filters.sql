with

source as (

    select * from {{ source('new_smell', 'search_query_filters') }}

),

final as (

    select
        search_id,
        filter_position,
        filter_kind,
        filter_value,
        _load_id
    from source

)

select * from final
