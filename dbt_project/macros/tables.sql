{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ dbt.postgres__create_table_as(temporary, relation, sql) }}
    {%- if not temporary %}
    analyze {{ relation }};
    {%- endif %}
{%- endmacro %}
