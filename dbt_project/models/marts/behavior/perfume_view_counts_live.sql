{{ config(materialized='view') }}

with

counted as (

    select * from {{ ref('int_perfume_views_counted') }}

),

final as (

    select
        perfume_id,
        views as view_count
    from counted

)

select * from final
