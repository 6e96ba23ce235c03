{% macro utc_date(moment) -%}
    {{ adapter.dispatch('utc_date')(moment) }}
{%- endmacro %}

{% macro postgres__utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}


{% macro epoch_seconds(moment) -%}
    {{ adapter.dispatch('epoch_seconds')(moment) }}
{%- endmacro %}

{% macro postgres__epoch_seconds(moment) -%}
    cast(extract(epoch from {{ moment }}) as double precision)
{%- endmacro %}


{% macro seconds_between(start, end) -%}
    {{ adapter.dispatch('seconds_between')(start, end) }}
{%- endmacro %}

{% macro postgres__seconds_between(start, end) -%}
    cast(extract(epoch from {{ end }} - {{ start }}) as double precision)
{%- endmacro %}


{% macro from_epoch(seconds) -%}
    {{ adapter.dispatch('from_epoch')(seconds) }}
{%- endmacro %}

{% macro postgres__from_epoch(seconds) -%}
    to_timestamp({{ seconds }})
{%- endmacro %}


{% macro epoch_hour(moment) -%}
    cast(floor({{ epoch_seconds(moment) }} / 3600) as bigint)
{%- endmacro %}


{% macro day_start(date, days_later=0) -%}
    {%- set days = dbt.datediff("cast('1970-01-01' as date)", date, 'day') -%}
    {{ from_epoch('86400.0 * (' ~ days ~ ' + ' ~ days_later ~ ')') }}
{%- endmacro %}
