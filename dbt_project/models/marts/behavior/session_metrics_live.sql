{{ config(materialized='view') }}

with

rolled_up as (

    select * from {{ ref('int_sessions_summarised') }}

),

touched as (

    select * from {{ ref('int_sessions_touched') }}

),

sessions as (

    select rolled_up.*
    from rolled_up
    where
        not exists (
            select 1 from touched
            where touched.session_key = rolled_up.session_key
        )
    union all
    select * from touched

),

final as (

    select
        session_key,
        user_key,
        visitor_key,
        greatest(users, case when user_key is null then 0 else 1 end) as users,
        device_type,
        exit_page,
        events,
        page_views,
        perfumes_viewed,
        interactions,
        cast(floor({{ seconds_between('started_at', 'ended_at') }}) as bigint) as duration_seconds,
        has_added_to_wishlist,
        has_added_to_collection,
        has_completed_rating,
        has_completed_review,
        page_views <= 1 as is_bounced,
        started_at,
        ended_at
    from sessions
    where events is not null

)

select * from final
