{{ config(materialized='view') }}

with

pairs as (

    select * from {{ ref('user_perfume_interactions') }}

),

final as (

    select
        pairs.user_key,
        pairs.perfume_id,
        jsonb_build_object(
            'userId', pairs.user_key,
            'perfumeId', pairs.perfume_id,
            'hasRated', pairs.has_rated,
            'ratingValue', pairs.rating_value,
            'hasReviewed', pairs.has_reviewed,
            'reviewSentiment', pairs.review_sentiment,
            'inWishlist', pairs.in_wishlist,
            'inCollection', pairs.in_collection,
            'viewCount', pairs.view_count,
            'totalViewDuration', pairs.total_view_duration_ms,
            'lastViewedAt', pairs.last_viewed_at,
            'viewRecency', pairs.view_recency_days,
            {% for field, kind in {
                'viewSources': 'view_source',
                'deviceTypes': 'device_type',
            }.items() -%}
            '{{ field }}', coalesce(
                (
                    select jsonb_agg(contexts.value order by contexts.value)
                    from {{ ref('user_perfume_contexts') }} as contexts
                    where
                        contexts.user_key = pairs.user_key
                        and contexts.perfume_id = pairs.perfume_id
                        and contexts.kind = '{{ kind }}'
                ),
                '[]'
            ),
            {% endfor -%}
            'firstInteraction', pairs.first_interaction_at,
            'lastInteraction', pairs.last_interaction_at,
            'interactionFrequency', pairs.interaction_frequency
        ) as document
    from pairs

)

select * from final
