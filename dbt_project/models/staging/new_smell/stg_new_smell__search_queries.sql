with

source as (

    select * from {{ source('new_smell', 'search_queries') }}

),

final as (

    select
        search_id,
        session_key,
        user_key,
        query_text,
        query_type,
        filter_price_min,
        filter_price_max,
        filter_available,
        filter_tradeable,
        results_count,
        results_shown,
        time_to_first_click_ms,
        time_on_results_ms,
        has_found_desired,
        has_refined_query,
        is_abandoned,
        searched_at,
        _load_id
    from source

)

select * from final
