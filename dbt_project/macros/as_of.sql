{% macro as_of() -%}
    (select as_of_date from {{ ref('int_as_of') }})
{%- endmacro %}


{% macro within_days(date_column, days, last_day=none) -%}
    {{ adapter.dispatch('within_days')(date_column, days, last_day or as_of()) }}
{%- endmacro %}

{% macro postgres__within_days(date_column, days, last_day) -%}
    (
        {{ date_column }} > {{ last_day }} - {{ days }}
        and {{ date_column }} <= {{ last_day }}
    )
{%- endmacro %}


{% macro week_end(date) -%}
    ({{ week_start(week_number(date)) }} + 6)
{%- endmacro %}


{% macro last_week_end() -%}
    {{ week_end('(' ~ as_of() ~ ' - 6)') }}
{%- endmacro %}
