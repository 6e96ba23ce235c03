with

restated as (

    select * from {{ ref('int_users_restated') }}

),

totals as (

    select * from {{ ref('int_users_totalled') }}

),

-- every event of those few users up to each of the earlier dates
hours as (

    select
        restated.feature_date,
        hours.*
    from restated
    inner join {{ ref('int_session_hours') }} as hours
        on
            restated.user_key = hours.user_key
            and restated.feature_date >= hours.activity_date

),

final as (

    select
        user_key,
        {{ as_of() }} as feature_date,
        ratings,
        avg_rating_value,
        reviews,
        avg_review_length,
        collection_size,
        wishlist_size,
        {{ utc_date('last_active_at') }} as last_active_date
    from totals
    union all
    select
        user_key,
        feature_date,
        cast(sum(ratings) as bigint) as ratings,
        {{ exact_sum('rating_stars') }} / nullif(sum(starred_ratings), 0) as avg_rating_value,
        cast(sum(reviews) as bigint) as reviews,
        {{ share('sum(review_length)', 'sum(measured_reviews)') }} as avg_review_length,
        cast(greatest(sum(collection_adds - collection_removes), 0) as bigint) as collection_size,
        cast(greatest(sum(wishlist_adds - wishlist_removes), 0) as bigint) as wishlist_size,
        {{ utc_date('max(last_event_at)') }} as last_active_date
    from hours
    group by user_key, feature_date

)

select * from final
