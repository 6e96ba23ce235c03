{{ config(
    unique_key='user_text',
    indexes=[
        {'columns': ['user_text'], 'unique': true},
        {'columns': ['search_text']},
        {'columns': ['_build_id']},
    ],
) }}

with

{{ dirty_keys('dirty_user_texts', [built_since('user_text', 'int_search_claims')]) }}

searches as (

    select * from {{ ref('int_searches_summarised') }}
    where
        user_key is not null
        and search_text <> ''
        {{ where_dirty('user_text', 'dirty_user_texts', 'and') }}

),

final as (

    select
        user_text,
        user_key,
        search_text,
        min(searched_date) as first_searched_date,
        max(_events_load_id) as _events_load_id,
        max(_build_id) as _build_id
    from searches
    group by user_text, user_key, search_text

)

{{ final_rows('dirty_user_texts', 'user_text') }}
