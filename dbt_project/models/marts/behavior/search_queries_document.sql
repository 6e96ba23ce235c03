{{ config(materialized='view') }}

{#- the one place with JSON: PostgreSQL only -#}
{%- set filters = {'houses': 'house', 'notes': 'note', 'perfumeType': 'perfume_type'} %}
{%- set clicks = {'clickedPositions': 'clicked_position', 'clickedPerfumes': 'perfume_id'} %}

with

searches as (

    select * from {{ ref('search_queries') }}

),

final as (

    select
        searches.search_id,
        jsonb_build_object(
            'id', searches.search_id,
            'sessionId', searches.session_key,
            'userId', searches.user_key,
            'queryText', searches.query_text,
            'queryType', searches.query_type,
            -- a filter that is not set has no key
            'filters', jsonb_strip_nulls(jsonb_build_object(
                {% for field, kind in filters.items() -%}
                '{{ field }}', (
                    select jsonb_agg(filters.filter_value order by filters.filter_position)
                    from {{ ref('search_query_filters') }} as filters
                    where
                        filters.search_id = searches.search_id
                        and filters.filter_kind = '{{ kind }}'
                ),
                {% endfor -%}
                'priceRange', nullif(
                    jsonb_strip_nulls(jsonb_build_object(
                        'min', searches.filter_price_min,
                        'max', searches.filter_price_max
                    )),
                    '{}'
                ),
                'availability', searches.filter_available,
                'tradeable', searches.filter_tradeable
            )),
            'resultsCount', searches.results_count,
            'resultsShown', searches.results_shown,
            {% for field, column in clicks.items() -%}
            '{{ field }}', coalesce(
                (
                    select jsonb_agg(clicks.{{ column }} order by clicks.click_number)
                    from {{ ref('search_query_clicks') }} as clicks
                    where
                        clicks.search_id = searches.search_id
                        and clicks.{{ column }} is not null
                ),
                '[]'
            ),
            {% endfor -%}
            'timeToFirstClick', searches.time_to_first_click_ms,
            'timeOnResults', searches.time_on_results_ms,
            'foundDesired', searches.has_found_desired,
            'refinedQuery', searches.has_refined_query,
            'abandoned', searches.is_abandoned,
            'timestamp', searches.searched_at
        ) as document
    from searches

)

select * from final
