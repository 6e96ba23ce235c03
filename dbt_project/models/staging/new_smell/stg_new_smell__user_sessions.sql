with

source as (

    select * from {{ source('new_smell', 'user_sessions') }}

),

final as (

    select
        session_row_id,
        session_key,
        user_key,
        device_type,
        browser,
        os,
        location,
        referrer,
        exit_page,
        duration_seconds,
        page_views,
        perfumes_viewed,
        interactions,
        has_added_to_wishlist,
        has_added_to_collection,
        has_completed_rating,
        has_completed_review,
        is_bounced,
        started_at,
        ended_at,
        _load_id
    from source

)

select * from final
