{{ config(
    unique_key='search_id',
    indexes=[
        {'columns': ['search_id', 'user_text', 'searched_date'], 'unique': true},
        {'columns': ['_build_id']},
    ],
) }}

with

{{ dirty_keys('dirty_searches', [built_since('search_id', 'int_searches_summarised')]) }}

searches as (

    select * from {{ ref('int_searches_summarised') }}
    {{ where_dirty('search_id', 'dirty_searches') }}

),

{% if is_incremental() -%}
former_claims as (

    select
        former.search_id,
        former.user_text,
        former.user_key,
        former.search_text,
        former.searched_date,
        searches._events_load_id,
        searches._build_id
    from {{ this }} as former
    inner join searches on former.search_id = searches.search_id
    where
        former.user_text <> searches.user_text
        or former.searched_date <> searches.searched_date

),

{% endif -%}
final as (

    select
        search_id,
        user_text,
        user_key,
        search_text,
        searched_date,
        _events_load_id,
        _build_id
    from searches
    {% if is_incremental() -%}
    union all
    select * from former_claims
    {%- endif %}

)

{{ final_rows('dirty_searches', 'search_id', order_by='final.searched_date') }}
