{{ config(
    unique_key='search_id',
    indexes=[{'columns': ['_build_id']}],
    post_hook=[
        '{{ mark_as_of() }}',
        "{{ mark_loads('int_searches_summarised', ['_build_id']) }}",
    ],
) }}

with

{{ dirty_keys('dirty_searches', [
    built_since('search_id', 'int_searches_summarised'),
    searches_crossed_by_as_of(),
]) }}

searches as (

    select * from {{ ref('int_searches_summarised') }}
    where
        searched_date <= {{ as_of() }}
        {{ where_dirty('search_id', 'dirty_searches', 'and') }}

),

clicks as (

    select * from {{ ref('int_search_clicks') }}
    {{ where_dirty('search_id', 'dirty_searches') }}

),

final as (

    select
        searches.search_id,
        clicks.click_number,
        clicks.clicked_position,
        clicks.perfume_id,
        searches._events_load_id,
        searches._build_id
    from clicks
    inner join searches on clicks.search_id = searches.search_id

)

{{ final_rows('dirty_searches', 'search_id') }}
