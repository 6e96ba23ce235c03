{{ config(indexes=[{'columns': ['trending_score']}, {'columns': ['total_views']}]) }}

with

subjects as (

    select * from {{ ref('int_visitor_subjects') }}
    where subject_kind = 'perfume'

),

recent_days as (

    select * from {{ ref('int_session_subject_days') }}
    where
        subject_kind = 'perfume'
        and {{ within_days(
            'activity_date', [var('activity_window_days'), var('trending_window_days'), 7] | max
        ) }}

),

impression_days as (

    select * from {{ ref('int_search_impression_days') }}
    where
        perfume_id <> '(none)'
        and activity_date <= {{ as_of() }}

),

recommendations as (

    select * from {{ ref('int_recommendations_shown') }}
    where shown_date <= {{ as_of() }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

lifetimes as (

    select
        subject_id as perfume_id,
        sum(views) as total_views,
        count(*) filter (where views > 0) as unique_viewers,
        {{ share('sum(view_duration_ms)', 'sum(timed_views)') }} as avg_view_duration_ms,
        sum(ratings) as total_ratings,
        {{ exact_sum('rating_stars') }} / nullif(sum(starred_ratings), 0) as avg_rating,
        sum(reviews) as total_reviews,
        count(*) filter (where wishlist_balance > 0) as in_wishlist_count,
        count(*) filter (where collection_balance > 0) as in_collection_count,
        sum(search_clicks) as search_clicks,
        sum(trade_inquiries) as trade_inquiries,
        sum(trades_accepted) as trade_completed,
        max(last_viewed_at) as last_viewed_at
    from subjects
    group by subject_id

),

recent as (

    select
        subject_id as perfume_id,
        sum(views) filter (
            where {{ within_days('activity_date', 7) }}
        ) as views_last_7_days,
        sum(views) filter (
            where {{ within_days('activity_date', var('activity_window_days')) }}
        ) as views_last_30_days,
        {{ trending_score('day_end_evidence', 'activity_date', as_of()) }} as trending_score
    from recent_days
    group by subject_id

),

impressions as (

    select
        perfume_id,
        sum(impressions) as search_impressions
    from impression_days
    group by perfume_id

),

recommended as (

    select
        perfume_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks
    from recommendations
    group by perfume_id

),

population as (

    select perfume_id from perfumes
    union
    select perfume_id from lifetimes
    union
    select perfume_id from impressions
    union
    select perfume_id from recommended

),

final as (

    select
        population.perfume_id,
        population.perfume_id as id,
        cast(coalesce(lifetimes.total_views, 0) as bigint) as total_views,
        coalesce(lifetimes.unique_viewers, 0) as unique_viewers,
        lifetimes.avg_view_duration_ms,
        cast(coalesce(lifetimes.total_ratings, 0) as bigint) as total_ratings,
        lifetimes.avg_rating,
        cast(coalesce(lifetimes.total_reviews, 0) as bigint) as total_reviews,
        -- no event type of the document carries a comment
        cast(null as bigint) as total_comments,
        coalesce(lifetimes.in_wishlist_count, 0) as in_wishlist_count,
        coalesce(lifetimes.in_collection_count, 0) as in_collection_count,
        cast(coalesce(impressions.search_impressions, 0) as bigint) as search_impressions,
        cast(coalesce(lifetimes.search_clicks, 0) as bigint) as search_clicks,
        {{ share('coalesce(lifetimes.search_clicks, 0)', 'impressions.search_impressions') }}
            as search_ctr,
        coalesce(recommended.impressions, 0) as recommendation_imprs,
        coalesce(recommended.clicks, 0) as recommendation_clicks,
        {{ share('recommended.clicks', 'recommended.impressions') }} as recommendation_ctr,
        cast(coalesce(lifetimes.trade_inquiries, 0) as bigint) as trade_inquiries,
        cast(coalesce(lifetimes.trade_completed, 0) as bigint) as trade_completed,
        cast(coalesce(recent.views_last_7_days, 0) as bigint) as views_last_7_days,
        cast(coalesce(recent.views_last_30_days, 0) as bigint) as views_last_30_days,
        coalesce(recent.trending_score, 0) as trending_score,
        lifetimes.last_viewed_at,
        {{ day_start(as_of(), 1) }} as updated_at,
        {{ as_of() }} as as_of_date
    from population
    left join lifetimes on population.perfume_id = lifetimes.perfume_id
    left join recent on population.perfume_id = recent.perfume_id
    left join impressions on population.perfume_id = impressions.perfume_id
    left join recommended on population.perfume_id = recommended.perfume_id

)

select * from final
