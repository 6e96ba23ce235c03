with

restated as (

    select * from {{ ref('int_users_restated') }}

),

totals as (

    select * from {{ ref('int_users_totalled') }}

),

last_days as (

    select
        restated.feature_date,
        days.*
    from restated
    {{ last_day_of('restated', 'restated.feature_date') }}

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
        lifetime_ratings as ratings,
        lifetime_avg_rating_value as avg_rating_value,
        lifetime_reviews as reviews,
        lifetime_avg_review_length as avg_review_length,
        collection_size,
        wishlist_size,
        activity_date as last_active_date
    from last_days

)

select * from final
