{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key', 'activity_date', 'visitor_key'], 'unique': true},
        {'columns': ['user_key', 'activity_date']},
        {'columns': ['activity_date']},
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_sessions', [dirty_sessions()]) }}

sessions as (

    select * from {{ ref('int_sessions_summarised') }}
    {{ where_dirty('session_key', 'dirty_sessions') }}

),

events as (

    select
        *,
        case
            when event_category = 'VIEW' then coalesce(view_duration_ms, duration_ms)
        end as shown_ms,
        case when event_category = 'VIEW' then scroll_depth end as scrolled,
        case when event_category = 'VIEW' then time_to_interaction_ms end as response_ms
    from {{ events_of_sessions() }}

),

days_counted as (

    select
        session_key,
        owner_key,
        visitor_key,
        {{ utc_date('occurred_at') }} as activity_date,
        count(*) filter (where event_type = 'SEARCH_PERFORMED') as searches_performed,
        count(*) filter (where event_type = 'SEARCH_REFINED') as searches_refined,
        count(*) filter (where event_type = 'SEARCH_NO_RESULTS') as searches_failed,
        count(*) filter (where event_type = 'SEARCH_RESULT_CLICKED') as search_clicks,
        count(*) filter (where event_type = 'SIMILAR_CLICKED') as similar_clicks,
        count(*) filter (where event_type = 'COLLECTION_UPDATE') as collection_updates,
        count(*) filter (where event_type = 'COLLECTION_ADD') as collection_adds,
        count(*) filter (where event_type = 'COLLECTION_VIEW') as collection_views,
        count(*) filter (where event_type = 'PROFILE_VIEWED') as profile_views,
        count(*) filter (where event_type = 'TRADE_ACCEPTED') as trades_accepted,
        count(*) filter (where event_type = 'TRADE_DECLINED') as trades_declined,
        count(*) filter (
            where event_type in ('REVIEW_SUBMITTED', 'REVIEW_UPDATED')
        ) as content_events,
        count(*) filter (where event_category = 'ENGAGEMENT') as detail_events,
        count(*) filter (where event_category = 'FILTER') as filter_events,
        count(*) filter (where event_category = 'SOCIAL') as social_events,
        count(*) filter (where event_category = 'NAVIGATION') as navigation_events,
        count(shown_ms) as timed_views,
        {{ exact_sum('shown_ms') }} as view_duration_ms,
        count(scrolled) as scrolled_views,
        {{ exact_sum('scrolled') }} as scroll_depth,
        count(response_ms) as answered_views,
        {{ exact_sum('response_ms') }} as response_time_ms
    from events
    group by session_key, owner_key, visitor_key, {{ utc_date('occurred_at') }}

),

final as (

    select
        days_counted.session_key,
        days_counted.owner_key as user_key,
        days_counted.visitor_key,
        days_counted.activity_date,
        days_counted.searches_performed,
        days_counted.searches_refined,
        days_counted.searches_failed,
        days_counted.search_clicks,
        days_counted.similar_clicks,
        days_counted.collection_updates,
        days_counted.collection_adds,
        days_counted.collection_views,
        days_counted.profile_views,
        days_counted.trades_accepted,
        days_counted.trades_declined,
        days_counted.content_events,
        days_counted.detail_events,
        days_counted.filter_events,
        days_counted.social_events,
        days_counted.navigation_events,
        days_counted.timed_views,
        days_counted.view_duration_ms,
        days_counted.scrolled_views,
        days_counted.scroll_depth,
        days_counted.answered_views,
        days_counted.response_time_ms,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from days_counted
    inner join sessions on days_counted.session_key = sessions.session_key

)

{{ final_rows('dirty_sessions', 'session_key', order_by='final.activity_date') }}
