{{ config(materialized='view') }}

with

recommendations as (

    select * from {{ ref('stg_new_smell__recommendation_feedback') }}

),

final as (

    select
        feedback_id,
        recommendation_id,
        perfume_id,
        source,
        algorithm,
        position,
        is_viewed,
        is_clicked,
        is_added_to_wishlist,
        is_added_to_collection,
        is_rated,
        has_thumbs_up,
        has_thumbs_down,
        is_hidden,
        is_reported_irrelevant,
        confidence,
        similarity_score,
        shown_at,
        {{ seconds_between('shown_at', 'first_interaction_at') }} as first_interaction_seconds,
        {{ utc_date('shown_at') }} as shown_date,
        _load_id
    from recommendations

)

select * from final
