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


{% macro week_end(date) -%}
    ({{ week_start(week_number(date)) }} + 6)
{%- endmacro %}


{% macro last_week_end() -%}
    {{ week_end('(' ~ as_of() ~ ' - 6)') }}
{%- endmacro %}
