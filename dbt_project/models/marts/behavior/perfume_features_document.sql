{{ config(materialized='view') }}

with

features as (

    select * from {{ ref('perfume_features') }}

),

final as (

    select
        features.perfume_id,
        jsonb_build_object(
            'perfumeId', features.perfume_id,
            'houseId', features.house_id,
            'notes', coalesce(
                (
                    select jsonb_agg(notes.note_id order by notes.note_id)
                    from {{ ref('perfume_feature_notes') }} as notes
                    where notes.perfume_id = features.perfume_id
                ),
                '[]'
            ),
            'noteCategories', coalesce(
                (
                    select jsonb_agg(categories.category order by categories.category)
                    from {{ ref('perfume_feature_note_categories') }} as categories
                    where categories.perfume_id = features.perfume_id
                ),
                '[]'
            ),
            'perfumeType', features.perfume_type,
            'concentration', features.concentration,
            'viewCount', features.view_count,
            'uniqueViewers', features.unique_viewers,
            'wishlistCount', features.wishlist_count,
            'collectionCount', features.collection_count,
            'avgRating', features.avg_rating,
            'ratingCount', features.rating_count,
            'reviewCount', features.review_count,
            'reviewSentiment', features.review_sentiment,
            'avgPrice', features.avg_price,
            'tradeVolume', features.trade_volume,
            'searchVolume', features.search_volume,
            'viewGrowth', features.view_growth,
            'wishlistGrowth', features.wishlist_growth,
            'trendingScore', features.trending_score
        ) as document
    from features

)

select * from final
