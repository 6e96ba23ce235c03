{{ config(materialized='view') }}

with

pairs as (

    select * from {{ ref('int_user_perfumes') }}

),

built as (

    select * from {{ ref('int_user_perfumes_dated') }}

),

{% set last_viewed_date = utc_date('pairs.last_viewed_at') -%}
{% set first_date = utc_date('pairs.first_interaction_at') -%}
{% set days_since_first = dbt.datediff(first_date, 'built.as_of_date', 'day') -%}
final as (

    select
        pairs.user_key,
        pairs.perfume_id,
        pairs.rating_value,
        -- the text of reviews is not kept, and nothing else tells
        cast(null as double precision) as review_sentiment,
        pairs.interactions,
        pairs.view_count,
        pairs.total_view_duration_ms,
        cast({{ dbt.datediff(last_viewed_date, 'built.as_of_date', 'day') }} as bigint)
            as view_recency_days,
        {{ share('pairs.interactions', days_since_first ~ ' + 1') }}
            as interaction_frequency,
        pairs.has_rated,
        pairs.has_reviewed,
        pairs.in_wishlist,
        pairs.in_collection,
        built.as_of_date,
        pairs.last_viewed_at,
        pairs.first_interaction_at,
        pairs.last_interaction_at,
        pairs._events_load_id,
        pairs._session_rows_load_id
    from pairs
    cross join built

)

select * from final
