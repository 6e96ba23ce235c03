{{ config(indexes=[{'columns': ['trending_score']}, {'columns': ['total_views']}]) }}

with

totals as (

    select * from {{ ref('int_perfumes_totalled') }}

),

recent_days as (

    select * from {{ ref('int_perfume_days') }}
    where {{ within_days(
        'activity_date', [var('activity_window_days'), var('trending_window_days'), 7] | max
    ) }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

recent as (

    select
        perfume_id,
        sum(views) filter (
            where {{ within_days('activity_date', 7) }}
        ) as views_last_7_days,
        sum(views) filter (
            where {{ within_days('activity_date', var('activity_window_days')) }}
        ) as views_last_30_days,
        {{ trending_score('day_end_evidence', 'activity_date', as_of()) }} as trending_score
    from recent_days
    group by perfume_id

),

population as (

    select perfume_id from perfumes
    union
    select perfume_id from totals

),

final as (

    select
        population.perfume_id,
        population.perfume_id as id,
        coalesce(totals.views, 0) as total_views,
        coalesce(totals.viewers_change, 0) as unique_viewers,
        {{ share('totals.view_duration_ms', 'totals.timed_views') }} as avg_view_duration_ms,
        coalesce(totals.ratings, 0) as total_ratings,
        totals.rating_stars / nullif(totals.starred_ratings, 0) as avg_rating,
        coalesce(totals.reviews, 0) as total_reviews,
        -- no event type of the document carries a comment
        cast(null as bigint) as total_comments,
        coalesce(totals.wishlist_change, 0) as in_wishlist_count,
        coalesce(totals.collection_change, 0) as in_collection_count,
        coalesce(totals.search_impressions, 0) as search_impressions,
        coalesce(totals.search_clicks, 0) as search_clicks,
        {{ share('totals.search_clicks', 'totals.search_impressions') }} as search_ctr,
        coalesce(totals.recommendation_impressions, 0) as recommendation_imprs,
        coalesce(totals.recommendation_clicks, 0) as recommendation_clicks,
        {{ share('totals.recommendation_clicks', 'totals.recommendation_impressions') }}
            as recommendation_ctr,
        coalesce(totals.trade_inquiries, 0) as trade_inquiries,
        coalesce(totals.trades_accepted, 0) as trade_completed,
        cast(coalesce(recent.views_last_7_days, 0) as bigint) as views_last_7_days,
        cast(coalesce(recent.views_last_30_days, 0) as bigint) as views_last_30_days,
        coalesce(recent.trending_score, 0) as trending_score,
        totals.last_viewed_at,
        {{ day_start(as_of(), 1) }} as updated_at,
        {{ as_of() }} as as_of_date
    from population
    left join totals on population.perfume_id = totals.perfume_id
    left join recent on population.perfume_id = recent.perfume_id

)

select * from final
