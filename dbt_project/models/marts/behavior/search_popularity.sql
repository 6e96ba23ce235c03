{%- set windows = var('search_popularity_days') %}

with

searches as (

    select
        *,
        case
            when is_outcome_reported then reported_has_refined_query
            else derived_has_refined_query
        end as has_refined_query
    from {{ ref('int_searches_summarised') }}
    where
        search_text <> ''
        and {{ within_days('searched_date', windows | max) }}

),

searches_in_windows as (

    {% for days in windows -%}
    select
        {{ days }} as window_days,
        searches.*
    from searches
    where {{ within_days('searches.searched_date', days) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

texts_counted as (

    select
        window_days,
        search_text,
        count(distinct user_key) as users
    from searches_in_windows
    group by window_days, search_text

),

searches_masked as (

    select
        searches.*,
        case
            when texts_counted.users < {{ var('rare_text_users') }} then '(rare)'
            else searches.search_text
        end as query_text
    from searches_in_windows as searches
    inner join texts_counted
        on
            searches.window_days = texts_counted.window_days
            and searches.search_text = texts_counted.search_text

),

queries_counted as (

    select
        window_days,
        query_text,
        count(*) as searches,
        count(distinct visitor_key) as searchers,
        count(distinct user_key) as users,
        {{ share('count(*) filter (where results_count = 0)', 'count(results_count)') }}
            as zero_result_share,
        {{ share('count(*) filter (where has_click)', 'count(*)') }} as click_share,
        {{ share('count(*) filter (where has_refined_query)', 'count(*)') }} as refinement_share
    from searches_masked
    group by window_days, query_text

),

final as (

    select
        query_text,
        window_days,
        case
            when query_text <> '(rare)' then
                row_number() over (
                    partition by window_days
                    order by query_text = '(rare)', searches desc, query_text asc
                )
        end as popularity_rank,
        searches,
        searchers,
        users,
        zero_result_share,
        click_share,
        refinement_share,
        query_text = '(rare)' as is_rare,
        {{ as_of() }} as as_of_date
    from queries_counted

)

select * from final
