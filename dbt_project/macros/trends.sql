{% macro week_number(date) -%}
    {#- 1899-12-31 was a Sunday -#}
    cast(
        floor({{ dbt.datediff("cast('1899-12-31' as date)", date, 'day') }} / 7.0) as integer
    )
{%- endmacro %}


{% macro week_start(number) -%}
    (cast('1899-12-31' as date) + 7 * ({{ number }}))
{%- endmacro %}


{% macro earliest_plausible_date() -%}
    cast('{{ var("earliest_plausible_date") }}' as date)
{%- endmacro %}


{% macro trending_score(evidence, evidence_date, day) -%}
    {%- set age = dbt.datediff(evidence_date, day, 'day') -%}
    {{ exact_sum(
        'case when ' ~ age ~ ' between 0 and ' ~ (var('trending_window_days') - 1)
        ~ ' then ' ~ evidence ~ ' * ' ~ halved('24 * ' ~ age, var('trending_half_life_hours')) ~ ' end'
    ) }}
{%- endmacro %}


{% macro two_sided_p(z) -%}
    {{ adapter.dispatch('two_sided_p')(z) }}
{%- endmacro %}

{% macro postgres__two_sided_p(z) -%}
    erfc(abs({{ double(z) }}) / sqrt({{ double('2') }}))
{%- endmacro %}


{% macro median_of(expressions) -%}
    {{ adapter.dispatch('median_of')(expressions) }}
{%- endmacro %}

{% macro postgres__median_of(expressions) -%}
    (
        select percentile_cont(0.5) within group (order by listed.value)
        from unnest(array[{{ expressions | join(', ') }}]) as listed (value)
    )
{%- endmacro %}
