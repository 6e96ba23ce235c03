{% macro trace(
    kind, entity, rows, id, at,
    session='session_key', emotion=none, intensity=none, confidence=none, condition='true'
) -%}
    select
        '{{ entity }}' as entity,
        cast({{ id }} as text) as row_id,
        '{{ kind }}' as trace_kind,
        cast({{ session or 'null' }} as uuid) as session_key,
        user_key,
        cast({{ emotion or 'null' }} as text) as emotion,
        {{ double(intensity or 'null') }} as intensity,
        {{ double(confidence or 'null') }} as confidence,
        {{ at }} as occurred_at
    from {{ rows }}
    where {{ condition }}
{%- endmacro %}


{% macro place_of_level(level) -%}
    ({{ level }} - 1) / {{ double('4') }}
{%- endmacro %}


{% macro systems_with_traces() -%}
    {{ return(['emotional_core', 'emotion_visualizer', 'masterx', 'voice_patterns']) }}
{%- endmacro %}


{% macro keys_that_differ(rows, key, columns) -%}
    {%- set key = key | join(', ') -%}
    {%- set columns = columns | join(', ') -%}
    {%- set held -%}
    select {{ columns }} from {{ this }}
        where system in ('{{ systems_with_traces() | join("', '") }}')
    {%- endset -%}
    select {{ key }} from (
        (select {{ columns }} from {{ rows }} except {{ held }})
        union all
        ({{ held }} except select {{ columns }} from {{ rows }})
    ) as differing
{%- endmacro %}
