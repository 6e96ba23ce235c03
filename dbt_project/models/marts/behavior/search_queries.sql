{{ config(
    unique_key='search_id',
    indexes=[
        {'columns': ['user_key', 'searched_at']},
        {'columns': ['query_text']},
        {'columns': ['searched_at']},
        {'columns': ['_build_id']},
        {'columns': ['_turn_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_searches', [
    built_since('search_id', 'int_searches_summarised'),
    searches_crossed_by_as_of(),
    'select search_id from ' ~ ref('int_searches_summarised')
    ~ ' where search_text in (' ~ turned_since('search_text') ~ ')',
]) }}

searches as (

    select * from {{ ref('int_searches_summarised') }}
    where
        searched_date <= {{ as_of() }}
        {{ where_dirty('search_id', 'dirty_searches', 'and') }}

),

texts as (

    select * from {{ ref('int_search_texts') }}

),

{% set outcomes = ['has_found_desired', 'has_refined_query', 'is_abandoned'] -%}
final as (

    select
        searches.search_id,
        searches.session_key,
        searches.user_key,
        searches.reported_user_key,
        searches.visitor_key,
        case
            when searches.search_text <> '' and texts.shared_since is null then '(rare)'
            else searches.search_text
        end as query_text,
        searches.query_type,
        case when searches.is_outcome_reported then 'reported' else 'derived' end as outcome_source,
        cast(char_length(searches.search_text) as bigint) as query_length,
        cast(
            char_length(searches.search_text)
            - char_length(replace(searches.search_text, ' ', ''))
            + case when searches.search_text = '' then 0 else 1 end
            as bigint
        ) as query_words,
        searches.filter_price_min,
        searches.filter_price_max,
        searches.filter_values,
        cast(searches.results_count as bigint) as results_count,
        cast(searches.results_shown as bigint) as results_shown,
        searches.clicks,
        searches.reported_clicks,
        coalesce(searches.reported_time_to_first_click_ms, searches.derived_time_to_first_click_ms)
            as time_to_first_click_ms,
        cast(searches.reported_time_to_first_click_ms as bigint) as reported_time_to_first_click_ms,
        coalesce(searches.reported_time_on_results_ms, searches.derived_time_on_results_ms)
            as time_on_results_ms,
        cast(searches.reported_time_on_results_ms as bigint) as reported_time_on_results_ms,
        searches.filter_available,
        searches.filter_tradeable,
        searches.search_text <> '' and texts.shared_since is null as is_rare,
        searches.results_count = 0 as is_zero_result,
        searches.has_click,
        {% for outcome in outcomes -%}
        case
            when searches.is_outcome_reported then searches.reported_{{ outcome }}
            else searches.derived_{{ outcome }}
        end as {{ outcome }},
        searches.reported_{{ outcome }},
        searches.derived_{{ outcome }},
        {% endfor -%}
        searches.searched_at,
        searches.searched_date,
        searches._events_load_id,
        searches._build_id,
        coalesce(texts._turn_id, 0) as _turn_id
    from searches
    left join texts on searches.search_text = texts.search_text

)

{{ final_rows('dirty_searches', 'search_id') }}
