{% materialization view, adapter='postgres' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and existing.is_view -%}
    {%- set before = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- set after = get_column_schema_from_query(sql) | map(attribute='name') | list -%}
    {%- if should_full_refresh() or after[:before | length] != before -%}
    {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- endif -%}
    {%- set built = create_or_replace_view() -%}
    {%- do adapter.commit() -%}
    {{ return(built) }}
{%- endmaterialization %}


{% macro postgres__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}


{% macro look_up(relation, name, condition) -%}
    {{ adapter.dispatch('look_up')(relation, name, condition) }}
{%- endmacro %}

{% macro postgres__look_up(relation, name, condition) -%}
    cross join lateral (
        select * from {{ relation }} as found
        where {{ condition }}
        offset 0
    ) as {{ name }}
{%- endmacro %}
