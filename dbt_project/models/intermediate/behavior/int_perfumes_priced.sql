{{ config(materialized='ephemeral') }}

with

perfumes as (

    select * from {{ ref('stg_new_smell__perfumes') }}

),

final as (

    select
        perfume_id,
        house_id,
        perfume_type,
        case
            when price is null then null
            {% for band in var('price_bands') -%}
            {% if band.below is not none -%}
            when price < {{ band.below }} then '{{ band.name }}'
            {% else -%}
            else '{{ band.name }}'
            {% endif -%}
            {% endfor -%}
        end as price_band,
        price,
        _load_id
    from perfumes

)

select * from final
