{{ config(materialized='view') }}

with

profiles as (

    select * from {{ ref('user_behavior_profiles') }}

),

engagement as (

    select * from {{ ref('user_engagement_features') }}

),

{% set pairs = ref('user_perfume_interactions') -%}
final as (

    select
        profiles.user_key,
        jsonb_build_object(
            'userId', profiles.user_key,
            'accountAge', {{ dbt.datediff(
                utc_date('profiles.created_at'), 'profiles.as_of_date', 'day'
            ) }},
            'ratingHistory', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                'perfumeId', pairs.perfume_id,
                                'ratingValue', pairs.rating_value
                            )
                            order by pairs.perfume_id
                        )
                    from {{ pairs }} as pairs
                    where pairs.user_key = profiles.user_key and pairs.has_rated
                ),
                '[]'
            ),
            -- the text of reviews is not kept, and nothing else tells
            'reviewSentiment', cast('[]' as jsonb),
            {% for field, flag in {
                'wishlistComposition': 'in_wishlist',
                'collectionComposition': 'in_collection',
            }.items() -%}
            '{{ field }}', coalesce(
                (
                    select jsonb_agg(pairs.perfume_id order by pairs.perfume_id)
                    from {{ pairs }} as pairs
                    where pairs.user_key = profiles.user_key and pairs.{{ flag }}
                ),
                '[]'
            ),
            {% endfor -%}
            'viewHistory', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                'perfumeId', pairs.perfume_id,
                                'viewCount', pairs.view_count,
                                'totalViewDuration', pairs.total_view_duration_ms,
                                'lastViewedAt', pairs.last_viewed_at
                            )
                            order by pairs.last_viewed_at desc, pairs.perfume_id asc
                        )
                    from {{ pairs }} as pairs
                    where pairs.user_key = profiles.user_key and pairs.view_count > 0
                ),
                '[]'
            ),
            'searchHistory', coalesce(
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
            'browsingPatterns', coalesce(
                (
                    select
                        jsonb_agg(
                            jsonb_build_object(
                                'dayPart', patterns.day_part,
                                'sessions', patterns.sessions,
                                'share', patterns.share,
                                'avgDuration', patterns.avg_duration_seconds,
                                'avgEvents', patterns.avg_events
                            )
                            order by patterns.share desc, patterns.day_part asc
                        )
                    from {{ ref('user_session_patterns') }} as patterns
                    where patterns.user_key = profiles.user_key
                ),
                '[]'
            ),
            'sessionMetrics', jsonb_build_object(
                'totalSessions', profiles.total_sessions,
                'avgSessionDuration', profiles.avg_session_duration_seconds,
                'totalPageViews', profiles.total_page_views
            ),
            'interactionDepth', engagement.interaction_depth,
            'contentContribution', engagement.content_contribution,
            'profileViews', engagement.profile_views,
            'collectionViews', engagement.collection_views,
            'tradingReputation', engagement.trading_reputation
        ) as document
    from profiles
    left join engagement on profiles.user_key = engagement.user_key

)

select * from final
