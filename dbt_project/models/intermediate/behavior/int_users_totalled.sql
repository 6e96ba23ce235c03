{{ config(
    unique_key='user_key',
    indexes=[
        {'columns': ['user_key'], 'unique': true},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_users', [dirty_visitors('user_key')]) }}

hours as (

    select * from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and activity_date <= {{ as_of() }}
        {{ where_dirty('user_key', 'dirty_users', 'and') }}

),

perfumes_counted as (

    select
        visitor_key as user_key,
        count(*) as perfumes_viewed
    from {{ ref('int_visitor_subjects') }}
    where
        subject_kind = 'perfume'
        and views > 0
        and user_key is not null
        {{ where_dirty('visitor_key', 'dirty_users', 'and') }}
    group by visitor_key

),

hours_summed as (

    select
        user_key,
        count(distinct session_key) as sessions,
        count(distinct activity_date) as active_days,
        cast(sum(events) as bigint) as events,
        cast(sum(page_views) as bigint) as page_views,
        cast(sum(perfume_views) as bigint) as perfume_views,
        cast(sum(searches) as bigint) as searches,
        cast(sum(interactions) as bigint) as interactions,
        cast(sum(ratings) as bigint) as ratings,
        {{ exact_sum('rating_stars') }} / nullif(sum(starred_ratings), 0) as avg_rating_value,
        cast(sum(reviews) as bigint) as reviews,
        {{ share('sum(review_length)', 'sum(measured_reviews)') }} as avg_review_length,
        cast(sum(trade_events) as bigint) as trading_activity,
        cast(greatest(sum(collection_adds - collection_removes), 0) as bigint) as collection_size,
        cast(greatest(sum(wishlist_adds - wishlist_removes), 0) as bigint) as wishlist_size,
        min(first_event_at) as first_active_at,
        max(last_event_at) as last_active_at,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from hours
    group by user_key

),

final as (

    select
        hours_summed.user_key,
        hours_summed.sessions,
        hours_summed.active_days,
        hours_summed.events,
        hours_summed.page_views,
        hours_summed.perfume_views,
        coalesce(perfumes_counted.perfumes_viewed, 0) as perfumes_viewed,
        hours_summed.searches,
        hours_summed.interactions,
        hours_summed.ratings,
        hours_summed.avg_rating_value,
        hours_summed.reviews,
        hours_summed.avg_review_length,
        hours_summed.trading_activity,
        hours_summed.collection_size,
        hours_summed.wishlist_size,
        hours_summed.first_active_at,
        hours_summed.last_active_at,
        hours_summed._events_load_id,
        hours_summed._session_rows_load_id
    from hours_summed
    left join perfumes_counted on hours_summed.user_key = perfumes_counted.user_key

)

{{ final_rows('dirty_users', 'user_key') }}
