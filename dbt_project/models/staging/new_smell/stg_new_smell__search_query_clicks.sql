with

source as (

    select * from {{ source('new_smell', 'search_query_clicks') }}

),

final as (

    select
        search_id,
        click_number,
        clicked_position,
        perfume_id,
        _load_id
    from source

)

select * from final
