{% macro as_of() -%}
    (select as_of_date from {{ ref('int_as_of') }})
{%- endmacro %}


{% macro within_days(date_column, days) -%}
    {{ adapter.dispatch('within_days')(date_column, days) }}
{%- endmacro %}

{% macro postgres__within_days(date_column, days) -%}
    (
        {{ date_column }} > {{ as_of() }} - {{ days }}
        and {{ date_column }} <= {{ as_of() }}
    )
{%- endmacro %}


{% macro last_sunday() -%}
    {{ adapter.dispatch('last_sunday')() }}
{%- endmacro %}

{% macro postgres__last_sunday() -%}
    {#- 1900-01-07 was a Sunday -#}
    ({{ as_of() }} - mod({{ as_of() }} - cast('1900-01-07' as date), 7))
{%- endmacro %}
