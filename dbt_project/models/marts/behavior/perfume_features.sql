with

stats as (

    select * from {{ ref('perfume_interaction_stats') }}

),

totals as (

    select * from {{ ref('int_perfumes_totalled') }}

),

perfumes as (

    select * from {{ ref('int_perfumes_described') }}

),

{% set days = var('activity_window_days') -%}
recent_days as (

    select
        *,
        {{ within_days('activity_date', days) }} as is_recent
    from {{ ref('int_perfume_days') }}
    where {{ within_days('activity_date', 2 * days) }}

),

recent as (

    select
        {% for column in ['views', 'wishlist_adds'] -%}
        {% set now = 'sum(' ~ column ~ ') filter (where is_recent)' -%}
        {% set before = 'sum(' ~ column ~ ') filter (where not is_recent)' -%}
        {{ share('coalesce(' ~ now ~ ', 0)', before) }} - 1 as {{ column }}_growth,
        {% endfor -%}
        perfume_id
    from recent_days
    group by perfume_id

),

final as (

    select
        stats.perfume_id,
        perfumes.house_id,
        perfumes.perfume_type,
        perfumes.concentration,
        stats.total_views as view_count,
        stats.unique_viewers,
        stats.in_wishlist_count as wishlist_count,
        stats.in_collection_count as collection_count,
        stats.avg_rating,
        stats.total_ratings as rating_count,
        stats.total_reviews as review_count,
        -- the text of reviews is not kept, and nothing else tells
        cast(null as double precision) as review_sentiment,
        coalesce(totals.purchase_amount / nullif(totals.priced_purchases, 0), perfumes.list_price)
            as avg_price,
        stats.trade_completed as trade_volume,
        stats.search_impressions as search_volume,
        recent.views_growth as view_growth,
        recent.wishlist_adds_growth as wishlist_growth,
        stats.trending_score,
        stats.as_of_date
    from stats
    left join totals on stats.perfume_id = totals.perfume_id
    left join perfumes on stats.perfume_id = perfumes.perfume_id
    left join recent on stats.perfume_id = recent.perfume_id

)

select * from final
