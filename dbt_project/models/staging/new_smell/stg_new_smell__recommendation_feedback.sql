with

source as (

    select * from {{ source('new_smell', 'recommendation_feedback') }}

),

final as (

    select
        feedback_id,
        user_key,
        perfume_id,
        recommendation_id,
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
        first_interaction_at,
        _load_id
    from source

)

select * from final
