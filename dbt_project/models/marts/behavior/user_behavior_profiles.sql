{{ config(indexes=[{'columns': ['engagement_score']}, {'columns': ['last_active_at']}]) }}

{%- set window = var('activity_window_days') %}

with

totals as (

    select * from {{ ref('int_users_totalled') }}

),

users_signed_up as (

    select * from {{ ref('int_users_signed_up') }}

),

hours as (

    select * from {{ ref('int_session_hours') }}
    where
        user_key is not null
        and {{ within_days('activity_date', window) }}

),

perfume_days as (

    select * from {{ ref('int_session_subject_days') }}
    where
        user_key is not null
        and subject_kind = 'perfume'
        and views > 0
        and {{ within_days('activity_date', window) }}

),

sessions_in_window as (

    select
        user_key,
        session_key,
        {{ seconds_between('min(first_event_at)', 'max(last_event_at)') }} as duration_seconds
    from hours
    group by user_key, session_key

),

sessions_counted as (

    select
        user_key,
        count(*) as sessions,
        {{ exact_sum('duration_seconds') }} / count(*) as avg_session_duration_seconds
    from sessions_in_window
    group by user_key

),

activity_counted as (

    select
        user_key,
        count(distinct activity_date) as active_days,
        sum(events) as events,
        sum(page_views) as page_views,
        sum(perfume_views) as perfume_views,
        sum(searches) as searches,
        sum(interactions) as interactions,
        sum(ratings) as ratings,
        {{ exact_sum('rating_stars') }} / nullif(sum(starred_ratings), 0) as avg_rating_value,
        sum(reviews) as reviews,
        {{ share('sum(review_length)', 'sum(measured_reviews)') }} as avg_review_length,
        sum(collection_adds) as collection_adds,
        sum(trade_events) as trade_events,
        sum(trade_events + purchase_events) as conversion_events
    from hours
    group by user_key

),

perfumes_viewed as (

    select
        user_key,
        subject_id,
        {{ double('sum(views)') }} as views
    from perfume_days
    group by user_key, subject_id

),

-- entropy of n views, c of each perfume: ln(n) - sum(c ln c) / n; over ln(n)
exploration as (

    select
        user_key,
        count(*) as perfumes_viewed,
        {{ exploration_score('views') }} as exploration_score
    from perfumes_viewed
    group by user_key

),

parameters as (

    select * from {{ ref('model_parameters') }}
    where model = 'bg_nbd'

),

-- one row, of nulls where nothing was fitted
churn_parameters as (

    select
        max(value) filter (where parameter = 'r') as r,
        max(value) filter (where parameter = 'alpha') as alpha,
        max(value) filter (where parameter = 'a') as a,
        max(value) filter (where parameter = 'b') as b
    from parameters

),

population as (

    select user_key from totals
    union
    select user_key from users_signed_up

),

profiles as (

    select
        population.user_key,
        coalesce(sessions_counted.sessions, 0) as total_sessions,
        coalesce(activity_counted.active_days, 0) as total_active_days,
        coalesce(activity_counted.events, 0) as total_events,
        coalesce(activity_counted.page_views, 0) as total_page_views,
        coalesce(activity_counted.perfume_views, 0) as total_perfume_views,
        coalesce(exploration.perfumes_viewed, 0) as total_perfumes_viewed,
        coalesce(activity_counted.searches, 0) as total_searches,
        coalesce(activity_counted.interactions, 0) as total_interactions,
        coalesce(activity_counted.ratings, 0) as total_ratings,
        coalesce(activity_counted.reviews, 0) as total_reviews,
        coalesce(activity_counted.trade_events, 0) as trading_activity,
        coalesce(activity_counted.collection_adds, 0) as collection_adds,
        coalesce(activity_counted.conversion_events, 0) as conversion_events,
        sessions_counted.avg_session_duration_seconds,
        activity_counted.avg_rating_value,
        activity_counted.avg_review_length,
        exploration.exploration_score,
        coalesce(totals.collection_size, 0) as collection_size,
        coalesce(totals.wishlist_size, 0) as wishlist_size,
        coalesce(totals.sessions, 0) as lifetime_sessions,
        coalesce(totals.active_days, 0) as lifetime_active_days,
        coalesce(totals.events, 0) as lifetime_events,
        coalesce(totals.page_views, 0) as lifetime_page_views,
        coalesce(totals.perfume_views, 0) as lifetime_perfume_views,
        coalesce(totals.perfumes_viewed, 0) as lifetime_perfumes_viewed,
        coalesce(totals.searches, 0) as lifetime_searches,
        coalesce(totals.interactions, 0) as lifetime_interactions,
        coalesce(totals.ratings, 0) as lifetime_ratings,
        coalesce(totals.reviews, 0) as lifetime_reviews,
        coalesce(totals.trading_activity, 0) as lifetime_trading_activity,
        totals.avg_rating_value as lifetime_avg_rating_value,
        totals.avg_review_length as lifetime_avg_review_length,
        totals.first_active_at,
        totals.last_active_at,
        {{ utc_date('totals.first_active_at') }} as first_active_date,
        {{ utc_date('totals.last_active_at') }} as last_active_date,
        users_signed_up.signed_up_at as created_at,
        {{ as_of() }} as as_of_date
    from population
    left join totals on population.user_key = totals.user_key
    left join users_signed_up on population.user_key = users_signed_up.user_key
    left join sessions_counted on population.user_key = sessions_counted.user_key
    left join activity_counted on population.user_key = activity_counted.user_key
    left join exploration on population.user_key = exploration.user_key

),

{% set idle_days = dbt.datediff('last_active_date', 'as_of_date', 'day') -%}
{% set recency_days = dbt.datediff('first_active_date', 'last_active_date', 'day') -%}
{% set age_days = dbt.datediff('first_active_date', 'as_of_date', 'day') -%}
-- log odds of having left, Fader, Hardie & Lee: P(alive) = 1 / (1 + odds). A user who never came
-- back cannot have left after coming back; the greatest keeps b + x - 1 above 0 for those
churn as (

    select
        profiles.*,
        churn_parameters.r is not null as is_fitted,
        ln(churn_parameters.a)
        - ln(churn_parameters.b + greatest(profiles.lifetime_active_days - 2, 0))
        + (churn_parameters.r + profiles.lifetime_active_days - 1) * (
            ln(churn_parameters.alpha + {{ age_days }})
            - ln(churn_parameters.alpha + {{ recency_days }})
        ) as log_odds_left
    from profiles
    cross join churn_parameters

),

final as (

    select
        user_key,
        cast(user_key as text) as id,
        {{ browsing_style() }} as browsing_style,
        total_sessions,
        total_active_days,
        cast(total_events as bigint) as total_events,
        cast(total_page_views as bigint) as total_page_views,
        cast(total_perfume_views as bigint) as total_perfume_views,
        total_perfumes_viewed,
        cast(total_searches as bigint) as total_searches,
        cast(total_interactions as bigint) as total_interactions,
        cast(total_ratings as bigint) as total_ratings,
        cast(total_reviews as bigint) as total_reviews,
        cast(trading_activity as bigint) as trading_activity,
        avg_session_duration_seconds,
        avg_rating_value,
        avg_review_length,
        collection_size,
        wishlist_size,
        exploration_score,
        {{ engagement_score(idle_days) }} as engagement_score,
        case
            when not is_fitted or lifetime_active_days = 0 then null
            when lifetime_active_days = 1 or log_odds_left < -700 then 0
            when log_odds_left > 700 then 1
            else 1 - 1 / (1 + exp(log_odds_left))
        end as churn_risk,
        lifetime_sessions,
        lifetime_active_days,
        lifetime_events,
        lifetime_page_views,
        lifetime_perfume_views,
        lifetime_perfumes_viewed,
        lifetime_searches,
        lifetime_interactions,
        lifetime_ratings,
        lifetime_reviews,
        lifetime_trading_activity,
        lifetime_avg_rating_value,
        lifetime_avg_review_length,
        first_active_at,
        last_active_at,
        created_at,
        {{ day_start('as_of_date', 1) }} as updated_at,
        last_active_date,
        as_of_date
    from churn

)

select * from final
