{% macro double(expression) -%}
    {{ adapter.dispatch('double')(expression) }}
{%- endmacro %}

{% macro postgres__double(expression) -%}
    cast({{ expression }} as double precision)
{%- endmacro %}


{% macro share(part, whole) -%}
    {{ double(part) }} / nullif({{ whole }}, 0)
{%- endmacro %}


{% macro halved(age, half_life) -%}
    {%- set halvings = double(age) ~ ' / ' ~ half_life -%}
    {# 2^-1000 is 0 in every sum; PostgreSQL refuses a power too small for a double -#}
    case when {{ halvings }} > 1000 then 0 else power({{ double('2') }}, -({{ halvings }})) end
{%- endmacro %}


{% macro exact(expression) -%}
    {{ adapter.dispatch('exact')(expression) }}
{%- endmacro %}

{% macro postgres__exact(expression) -%}
    cast({{ expression }} as numeric)
{%- endmacro %}


{% macro exact_sum(expression, over='') -%}
    {{ double('sum(' ~ exact(expression) ~ ') ' ~ over) }}
{%- endmacro %}


{% macro first_by(expression, order, condition) -%}
    {{ adapter.dispatch('first_by')(expression, order, condition) }}
{%- endmacro %}

{% macro postgres__first_by(expression, order, condition) -%}
    (array_agg({{ expression }} order by {{ order }}) filter (where {{ condition }}))[1]
{%- endmacro %}


{% macro series(first, last) -%}
    {{ adapter.dispatch('series')(first, last) }}
{%- endmacro %}

{% macro postgres__series(first, last) -%}
    select generate_series({{ first }}, {{ last }}) as n
{%- endmacro %}

