{{ config(materialized='ephemeral') }}

with

whole_months as (

    select * from {{ ref('int_perfume_months') }}
    where activity_month < {{ month_start(as_of()) }}

),

days_of_month as (

    select * from {{ ref('int_perfume_days') }}
    where
        activity_date >= {{ month_start(as_of()) }}
        and activity_date <= {{ as_of() }}

),

parts as (

    {% for part in ['whole_months', 'days_of_month'] -%}
    select
        perfume_id,
        {% for column in lifetime_counts() -%}
        {{ column }},
        {% endfor -%}
        rating_stars,
        purchase_amount,
        last_viewed_at
    from {{ part }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

final as (

    select
        perfume_id,
        {% for column in lifetime_counts() -%}
        cast(sum({{ column }}) as bigint) as {{ column }},
        {% endfor -%}
        {{ exact_sum('rating_stars') }} as rating_stars,
        {{ exact_sum('purchase_amount') }} as purchase_amount,
        max(last_viewed_at) as last_viewed_at
    from parts
    group by perfume_id

)

select * from final
