{# PostgreSQL takes a window for few rows, and would look through every user for each user -#}
{{ config(pre_hook='set local enable_nestloop = off') }}

{%- set window = var('activity_window_days') %}
{%- set weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] %}
{%- set days_since_a_monday = dbt.datediff("cast('1900-01-01' as date)", 'activity_date', 'day') %}
{%- set day_of_week = 'mod(' ~ days_since_a_monday ~ ', 7)' %}
{%- set age = dbt.datediff('activity_date', 'feature_date', 'day') %}
{%- set angle = 'radians(' ~ double('15 * mod(active_hour, 24)') ~ ')' %}

with

hours as (

    {{ of_feature_dates('int_session_hours', window) }}

),

feature_days as (

    {{ of_feature_dates('int_session_feature_days', window) }}

),

subject_days as (

    {{ of_feature_dates('int_session_subject_days', window, 'visitor_key') }}

),

sessions_in_window as (

    select
        user_key,
        feature_date,
        session_key,
        sum(page_views) as page_views,
        {{ seconds_between('min(first_event_at)', 'max(last_event_at)') }} as duration_seconds
    from hours
    group by user_key, feature_date, session_key

),

sessions_counted as (

    select
        user_key,
        feature_date,
        count(*) as sessions,
        count(*) filter (where page_views <= 1) as bounced_sessions,
        {{ exact_sum('duration_seconds') }} / count(*) as avg_session_duration_seconds,
        max(duration_seconds) as longest_session_seconds
    from sessions_in_window
    group by user_key, feature_date

),

activity_counted as (

    select
        user_key,
        feature_date,
        count(distinct activity_date) as active_days,
        {{ dbt.datediff('min(activity_date)', 'max(activity_date)', 'day') }} as active_span_days,
        sum(events) as events,
        sum(events) filter (where {{ age }} < 7) as recent_events,
        {% for weekday in weekdays -%}
        sum(events) filter (where {{ day_of_week }} = {{ loop.index0 }}) as {{ weekday }}_events,
        {% endfor -%}
        {{ exact_sum('events * cos(' ~ angle ~ ')') }} as hour_cosines,
        {{ exact_sum('events * sin(' ~ angle ~ ')') }} as hour_sines,
        sum(page_views) as page_views,
        sum(perfume_views) as perfume_views,
        sum(searches) as searches,
        sum(interactions) as interactions,
        sum(ratings) as ratings,
        {{ exact_sum('rating_stars') }} / nullif(sum(starred_ratings), 0) as avg_rating_value,
        sum(reviews) as reviews,
        sum(collection_adds) as collection_adds,
        sum(collection_removes) as collection_removes,
        sum(wishlist_adds) as wishlist_adds,
        sum(wishlist_removes) as wishlist_removes,
        sum(trade_events) as trade_events,
        sum(purchase_events) as purchase_events
    from hours
    group by user_key, feature_date

),

details_counted as (

    select
        user_key,
        feature_date,
        sum(searches_performed) as searches_performed,
        sum(searches_refined) as searches_refined,
        sum(searches_failed) as searches_failed,
        sum(search_clicks) as search_clicks,
        sum(similar_clicks) as similar_clicks,
        sum(collection_updates) as collection_updates,
        sum(content_events) as content_events,
        sum(detail_events) as detail_events,
        sum(filter_events) as filter_events,
        sum(social_events) as social_events,
        sum(navigation_events) as navigation_events,
        {{ exact_sum('view_duration_ms') }} / nullif(sum(timed_views), 0) as avg_view_duration_ms,
        {{ exact_sum('scroll_depth') }} / nullif(sum(scrolled_views), 0) as avg_scroll_depth,
        {{ exact_sum('response_time_ms') }} / nullif(sum(answered_views), 0) as response_time_ms
    from feature_days
    group by user_key, feature_date

),

perfumes_viewed as (

    select
        user_key,
        feature_date,
        subject_id,
        {{ double('sum(views)') }} as views
    from subject_days
    where
        subject_kind = 'perfume'
        and views > 0
    group by user_key, feature_date, subject_id

),

exploration as (

    select
        user_key,
        feature_date,
        count(*) as perfumes_viewed,
        {{ exploration_score('views') }} as exploration_score
    from perfumes_viewed
    group by user_key, feature_date

),

final as (

    select
        activity_counted.user_key,
        activity_counted.feature_date,
        sessions_counted.sessions,
        sessions_counted.bounced_sessions,
        sessions_counted.avg_session_duration_seconds,
        sessions_counted.longest_session_seconds,
        activity_counted.active_days,
        activity_counted.active_span_days,
        activity_counted.events,
        coalesce(activity_counted.recent_events, 0) as recent_events,
        {% for weekday in weekdays -%}
        coalesce(activity_counted.{{ weekday }}_events, 0) as {{ weekday }}_events,
        {% endfor -%}
        activity_counted.hour_cosines / activity_counted.events as hour_cosine,
        activity_counted.hour_sines / activity_counted.events as hour_sine,
        {% for name in [
            'page_views', 'perfume_views', 'searches', 'interactions', 'ratings', 'avg_rating_value',
            'reviews', 'collection_adds', 'collection_removes', 'wishlist_adds',
            'wishlist_removes', 'trade_events', 'purchase_events',
        ] -%}
        activity_counted.{{ name }},
        {% endfor -%}
        {% for name in [
            'searches_performed', 'searches_refined', 'searches_failed', 'search_clicks',
            'similar_clicks', 'collection_updates', 'content_events', 'detail_events',
            'filter_events', 'social_events', 'navigation_events', 'avg_view_duration_ms',
            'avg_scroll_depth', 'response_time_ms',
        ] -%}
        details_counted.{{ name }},
        {% endfor -%}
        coalesce(exploration.perfumes_viewed, 0) as perfumes_viewed,
        exploration.exploration_score
    from activity_counted
    inner join sessions_counted
        on
            activity_counted.user_key = sessions_counted.user_key
            and activity_counted.feature_date = sessions_counted.feature_date
    inner join details_counted
        on
            activity_counted.user_key = details_counted.user_key
            and activity_counted.feature_date = details_counted.feature_date
    left join exploration
        on
            activity_counted.user_key = exploration.user_key
            and activity_counted.feature_date = exploration.feature_date

)

select * from final
