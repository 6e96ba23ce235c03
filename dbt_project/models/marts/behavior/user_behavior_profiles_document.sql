{{ config(materialized='view') }}

{#- the one place with JSON: PostgreSQL only -#}
{%- set lists = {
    'preferredNotes': ('note', 'noteId'),
    'preferredHouses': ('house', 'houseId'),
} %}

with

profiles as (

    select * from {{ ref('user_behavior_profiles') }}

),

final as (

    select
        profiles.user_key,
        jsonb_build_object(
            'id', profiles.id,
            'userId', profiles.user_key,
            {% for field, (kind, id) in lists.items() -%}
            '{{ field }}', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                '{{ id }}', preferences.value,
                                'weight', preferences.weight
                            )
                            order by preferences.weight desc, preferences.value asc
                        )
                    from {{ ref('user_preferences') }} as preferences
                    where
                        preferences.user_key = profiles.user_key
                        and preferences.kind = '{{ kind }}'
                ),
                '[]'
            ),
            {% endfor -%}
            'preferredPerfumeTypes', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                'type', preferences.value,
                                'count', preferences.evidence_events,
                                'weight', preferences.weight
                            )
                            order by preferences.weight desc, preferences.value asc
                        )
                    from {{ ref('user_preferences') }} as preferences
                    where
                        preferences.user_key = profiles.user_key
                        and preferences.kind = 'perfume_type'
                ),
                '[]'
            ),
            'preferredPriceRange', (
                select
                    jsonb_build_object(
                        'min', ranges.min_price,
                        'max', ranges.max_price,
                        'average', ranges.average_price
                    )
                from {{ ref('user_price_ranges') }} as ranges
                where ranges.user_key = profiles.user_key
            ),
            'totalSessions', profiles.total_sessions,
            'totalPageViews', profiles.total_page_views,
            'totalPerfumesViewed', profiles.total_perfumes_viewed,
            'totalSearches', profiles.total_searches,
            'avgSessionDuration', profiles.avg_session_duration_seconds,
            'totalRatings', profiles.total_ratings,
            'avgRatingValue', profiles.avg_rating_value,
            'totalReviews', profiles.total_reviews,
            'avgReviewLength', profiles.avg_review_length,
            'collectionSize', profiles.collection_size,
            'wishlistSize', profiles.wishlist_size,
            'tradingActivity', profiles.trading_activity
        )
        || jsonb_build_object(
            'activeTimeOfDay', (
                select jsonb_agg(hours.share order by hours.hour_of_day)
                from {{ ref('user_active_hours') }} as hours
                where hours.user_key = profiles.user_key
            ),
            'activeDaysOfWeek', (
                select jsonb_agg(days.share order by days.day_of_week)
                from {{ ref('user_active_days') }} as days
                where days.user_key = profiles.user_key
            ),
            'searchPatterns', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object('term', terms.term, 'count', terms.searches)
                            order by terms.term_rank
                        )
                    from {{ ref('user_search_terms') }} as terms
                    where terms.user_key = profiles.user_key
                ),
                '[]'
            ),
            'browsingStyle', profiles.browsing_style,
            'engagementScore', profiles.engagement_score,
            'lastActiveDate', profiles.last_active_at,
            'featureVector', (
                select to_jsonb(vectors.features)
                from {{ ref('user_feature_vectors') }} as vectors
                where
                    vectors.user_key = profiles.user_key
                    and vectors.feature_date = profiles.as_of_date
            ),
            'createdAt', profiles.created_at,
            'updatedAt', profiles.updated_at
        ) as document
    from profiles

)

select * from final
