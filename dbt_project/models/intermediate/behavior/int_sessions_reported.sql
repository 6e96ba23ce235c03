{{ config(materialized='view') }}

with

session_rows as (

    select * from {{ ref('stg_new_smell__user_sessions') }}

),

final as (

    select
        session_key,
        user_key as reported_user_key,
        session_row_id,
        device_type as reported_device_type,
        browser,
        os,
        location,
        referrer as reported_referrer,
        exit_page as reported_exit_page,
        duration_seconds as reported_duration_seconds,
        page_views as reported_page_views,
        perfumes_viewed as reported_perfumes_viewed,
        interactions as reported_interactions,
        has_added_to_wishlist as reported_has_added_to_wishlist,
        has_added_to_collection as reported_has_added_to_collection,
        has_completed_rating as reported_has_completed_rating,
        has_completed_review as reported_has_completed_review,
        is_bounced as reported_is_bounced,
        started_at as reported_started_at,
        ended_at as reported_ended_at,
        _load_id
    from session_rows

)

select * from final
