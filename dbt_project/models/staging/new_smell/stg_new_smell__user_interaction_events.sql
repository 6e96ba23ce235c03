with

source as (

    select * from {{ source('new_smell', 'user_interaction_events') }}

),

final as (

    select
        event_id,
        user_key,
        session_key,
        event_type,
        event_category,
        perfume_id,
        house_id,
        note_id,
        device_type,
        user_agent,
        referrer,
        path,
        duration_ms,
        value,
        page_title_length,
        view_duration_ms,
        scroll_depth,
        time_to_interaction_ms,
        event_source,
        viewport_width,
        viewport_height,
        query_length,
        query_word_count,
        results_count,
        results_shown,
        has_results,
        search_type,
        previous_query_length,
        suggestion_used,
        filter_price_min,
        filter_price_max,
        filter_available,
        filter_tradeable,
        rating_overall,
        rating_longevity,
        rating_sillage,
        rating_price_value,
        rating_gender,
        time_to_complete_seconds,
        categories_rated,
        is_edited,
        had_previous_rating,
        previous_rating_overall,
        review_length,
        collection_amount,
        collection_available,
        collection_price,
        trade_preference,
        time_in_wishlist,
        image_index,
        is_zoomed,
        note_type,
        expand_duration_ms,
        target_perfume_id,
        target_position,
        similarity_reason,
        page_scroll_position,
        time_on_page_ms,
        occurred_at,
        _load_id
    from source

)

select * from final
