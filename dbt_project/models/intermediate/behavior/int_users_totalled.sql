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

{{ dirty_keys('dirty_users', [dirty_users()]) }}

users as (

    {% if is_incremental() -%}
    select user_key from dirty_users
    {%- else -%}
    select distinct user_key from {{ ref('int_user_days') }}
    {%- endif %}

),

last_days as (

    select days.*
    from users
    {{ last_day_of('users', as_of()) }}

),

final as (

    select
        user_key,
        lifetime_sessions as sessions,
        lifetime_active_days as active_days,
        lifetime_events as events,
        lifetime_page_views as page_views,
        lifetime_perfume_views as perfume_views,
        lifetime_perfumes_viewed as perfumes_viewed,
        lifetime_searches as searches,
        lifetime_interactions as interactions,
        lifetime_ratings as ratings,
        lifetime_avg_rating_value as avg_rating_value,
        lifetime_reviews as reviews,
        lifetime_avg_review_length as avg_review_length,
        lifetime_trade_events as trading_activity,
        collection_size,
        wishlist_size,
        first_active_at,
        last_active_at,
        _events_load_id,
        _session_rows_load_id
    from last_days

)

{{ final_rows('dirty_users', 'user_key') }}
