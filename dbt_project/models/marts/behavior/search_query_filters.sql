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

filters as (

    select * from {{ ref('int_search_filters') }}
    {{ where_dirty('search_id', 'dirty_searches') }}

),

final as (

    select
        searches.search_id,
        filters.filter_position,
        filters.filter_kind,
        filters.filter_value,
        searches._events_load_id,
        searches._build_id
    from filters
    inner join searches on filters.search_id = searches.search_id

)

{{ final_rows('dirty_searches', 'search_id') }}
