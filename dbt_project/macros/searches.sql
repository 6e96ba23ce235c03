{% macro built_since(key, model) -%}
    select distinct {{ key }} from {{ ref(model) }}
    where {{ not_folded('_build_id', '_build_id') }}
{%- endmacro %}


{% macro newer_than_of_search(model, mark) -%}
    select searches.session_key
    from {{ ref(model) }} as parts
    inner join {{ ref('stg_new_smell__search_queries') }} as searches
        on parts.search_id = searches.search_id
    where {{ not_folded('parts._load_id', mark) }}
{%- endmacro %}


{% macro turned_since(key) -%}
    select {{ key }} from {{ ref('int_search_texts') }}
    where {{ not_folded('_turn_id', '_turn_id') }}
{%- endmacro %}


{% macro searches_crossed_by_as_of() -%}
    select search_id from {{ ref('int_searches_summarised') }}
    where {{ crossed_by_as_of('searched_date') }}
{%- endmacro %}
