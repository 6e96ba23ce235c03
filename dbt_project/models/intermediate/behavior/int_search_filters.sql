{{ config(materialized='ephemeral') }}

with

filters as (

    select * from {{ ref('stg_new_smell__search_query_filters') }}

),

final as (

    select
        search_id,
        filter_position,
        filter_kind,
        filter_value,
        _load_id
    from filters

)

select * from final
