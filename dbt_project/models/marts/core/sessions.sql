{{ config(
    unique_key='session_key',
    indexes=[
        {'columns': ['session_key']},
        {'columns': ['user_key', 'started_at']},
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

reported as (

    select * from {{ rows_of('int_sessions_reported', 'session_key', 'dirty_sessions') }}

),

{% set seconds = seconds_between('sessions.started_at', 'sessions.ended_at') -%}
reconciled as (

    select
        'new_smell' as system,
        sessions.session_key,
        sessions.user_key,
        reported.reported_user_key,
        sessions.visitor_key,
        reported.session_row_id,
        coalesce(sessions.device_type, reported.reported_device_type) as device_type,
        reported.reported_device_type,
        reported.browser,
        reported.os,
        reported.location,
        -- events without a referrer say that nobody referred
        case
            when sessions.events is null then reported.reported_referrer
            else sessions.referrer
        end as referrer,
        reported.reported_referrer,
        sessions.entry_page,
        coalesce(sessions.exit_page, reported.reported_exit_page) as exit_page,
        reported.reported_exit_page,
        coalesce(sessions.events, 0) as events,
        coalesce(sessions.page_views, reported.reported_page_views) as page_views,
        reported.reported_page_views,
        coalesce(sessions.perfumes_viewed, reported.reported_perfumes_viewed) as perfumes_viewed,
        reported.reported_perfumes_viewed,
        coalesce(sessions.interactions, reported.reported_interactions) as interactions,
        reported.reported_interactions,
        coalesce(cast(floor({{ seconds }}) as bigint), reported.reported_duration_seconds)
            as duration_seconds,
        reported.reported_duration_seconds,
        coalesce(sessions.has_added_to_wishlist, reported.reported_has_added_to_wishlist)
            as has_added_to_wishlist,
        reported.reported_has_added_to_wishlist,
        coalesce(sessions.has_added_to_collection, reported.reported_has_added_to_collection)
            as has_added_to_collection,
        reported.reported_has_added_to_collection,
        coalesce(sessions.has_completed_rating, reported.reported_has_completed_rating)
            as has_completed_rating,
        reported.reported_has_completed_rating,
        coalesce(sessions.has_completed_review, reported.reported_has_completed_review)
            as has_completed_review,
        reported.reported_has_completed_review,
        coalesce(sessions.page_views <= 1, reported.reported_is_bounced) as is_bounced,
        reported.reported_is_bounced,
        sessions.events is not null as has_events,
        reported.session_key is not null as has_session_row,
        coalesce(sessions.started_at, reported.reported_started_at) as started_at,
        reported.reported_started_at,
        coalesce(sessions.ended_at, reported.reported_ended_at) as ended_at,
        reported.reported_ended_at,
        sessions._events_load_id,
        sessions._session_rows_load_id
    from sessions
    left join reported on sessions.session_key = reported.session_key

),

final as (

    select
        *,
        -- clocks and pages of tracker and application differ by nature, counts and flags must not
        case
            when has_events and has_session_row then
                page_views = reported_page_views
                and perfumes_viewed = reported_perfumes_viewed
                and interactions = reported_interactions
                and has_added_to_wishlist = reported_has_added_to_wishlist
                and has_added_to_collection = reported_has_added_to_collection
                and has_completed_rating = reported_has_completed_rating
                and has_completed_review = reported_has_completed_review
                and is_bounced = reported_is_bounced
                and coalesce(
                    user_key = reported_user_key,
                    user_key is null and reported_user_key is null
                )
        end as is_consistent
    from reconciled

)

{{ final_rows('dirty_sessions', 'session_key') }}
