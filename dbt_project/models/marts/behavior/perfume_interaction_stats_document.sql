{{ config(materialized='view') }}

with

stats as (

    select * from {{ ref('perfume_interaction_stats') }}

),

final as (

    select
        perfume_id,
        jsonb_build_object(
            'id', id,
            'perfumeId', perfume_id,
            'totalViews', total_views,
            'uniqueViewers', unique_viewers,
            'avgViewDuration', avg_view_duration_ms,
            'totalRatings', total_ratings,
            'avgRating', avg_rating,
            'totalReviews', total_reviews,
            'totalComments', total_comments,
            'inWishlistCount', in_wishlist_count,
            'inCollectionCount', in_collection_count,
            'searchImpressions', search_impressions,
            'searchClicks', search_clicks,
            'searchCTR', search_ctr,
            'recommendationImprs', recommendation_imprs,
            'recommendationClicks', recommendation_clicks,
            'recommendationCTR', recommendation_ctr,
            'tradeInquiries', trade_inquiries,
            'tradeCompleted', trade_completed,
            'viewsLast7Days', views_last_7_days,
            'viewsLast30Days', views_last_30_days,
            'trendingScore', trending_score,
            'lastViewedAt', last_viewed_at,
            'updatedAt', updated_at
        ) as document
    from stats

)

select * from final
