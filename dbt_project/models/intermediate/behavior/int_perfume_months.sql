{{ config(
    unique_key=['perfume_id', 'activity_month'],
    indexes=[
        {'columns': ['perfume_id', 'activity_month'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_items_load_id']},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

{%- set marks = [
    '_events_load_id', '_session_rows_load_id', '_items_load_id', '_recommendations_load_id',
] -%}
{%- set changed = [] -%}
{%- for mark in marks -%}
{%- set months %}
    select perfume_id, {{ month_start('activity_date') }} as activity_month
    from {{ ref('int_perfume_days') }}
    where {{ not_folded(mark, mark) }}
{%- endset -%}
{%- do changed.append(months) -%}
{%- endfor %}

with

{{ dirty_keys('dirty_months', changed) }}

perfume_days as (

    select
        *,
        {{ month_start('activity_date') }} as activity_month
    from {{ ref('int_perfume_days') }}
    {% if is_incremental() -%}
    where
        activity_date >= (select min(dirty_months.activity_month) from dirty_months)
        {{ where_dirty(
            '(perfume_id, ' ~ month_start('activity_date') ~ ')', 'dirty_months', 'and'
        ) }}
    {%- endif %}

),

final as (

    select
        perfume_id,
        activity_month,
        {% for column in lifetime_counts() -%}
        cast(sum({{ column }}) as bigint) as {{ column }},
        {% endfor -%}
        {{ exact_sum('rating_stars') }} as rating_stars,
        {{ exact_sum('purchase_amount') }} as purchase_amount,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        max(last_viewed_at) as last_viewed_at
    from perfume_days
    group by perfume_id, activity_month

)

{{ final_rows('dirty_months', 'perfume_id, activity_month') }}
