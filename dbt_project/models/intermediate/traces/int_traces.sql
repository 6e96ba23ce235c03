{{ config(materialized='view') }}

{%- set columns = [
    'entity', 'row_id', 'trace_kind', 'session_key', 'user_key', 'emotion', 'intensity',
    'confidence', 'occurred_at',
] %}

with

{% for system in systems_with_traces() -%}
{{ system }} as (

    select * from {{ ref('int_' ~ system ~ '_traces') }}

),

{% endfor -%}
final as (

    {% for system in systems_with_traces() -%}
    select
        '{{ system }}' as system,
        {{ columns | join(',\n        ') }}
    from {{ system }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

)

select * from final
