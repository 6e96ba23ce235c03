{{ config(materialized='view') }}

{%- set systems = ['emotional_core', 'emotion_visualizer', 'masterx', 'voice_patterns'] %}
{%- set columns = [
    'entity', 'row_id', 'trace_kind', 'document_key', 'document_id', 'session_key', 'user_key',
    'emotion', 'intensity', 'confidence', 'occurred_at', '_load_id',
] %}

with

{% for system in systems -%}
{{ system }} as (

    select * from {{ ref('int_' ~ system ~ '_traces') }}

),

{% endfor -%}
final as (

    {% for system in systems -%}
    select
        '{{ system }}' as system,
        {% for column in columns -%}
        {{ column }},
        {% endfor -%}
        -- rows of a session belong together; a row without one belongs to its document
        coalesce(session_key, document_key) as unit_key
    from {{ system }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

)

select * from final
