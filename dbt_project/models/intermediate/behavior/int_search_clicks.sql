{{ config(materialized='ephemeral') }}

with

clicks as (

    select * from {{ ref('stg_new_smell__search_query_clicks') }}

),

final as (

    select
        search_id,
        click_number,
        clicked_position,
        perfume_id,
        _load_id
    from clicks

)

select * from final
