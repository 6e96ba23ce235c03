{% macro trace(
    kind, entity, rows, document, at,
    row=none, document_id=none, session='session_key', emotion=none, intensity=none, confidence=none,
    condition='true'
) -%}
    {%- set id = document_id or 'cast(' ~ document ~ ' as text)' -%}
    select
        '{{ entity }}' as entity,
        {{ row or id }} as row_id,
        '{{ kind }}' as trace_kind,
        {{ document }} as document_key,
        {{ id }} as document_id,
        cast({{ session or 'null' }} as uuid) as session_key,
        user_key,
        cast({{ emotion or 'null' }} as text) as emotion,
        {{ double(intensity or 'null') }} as intensity,
        {{ double(confidence or 'null') }} as confidence,
        {{ at }} as occurred_at,
        _load_id
    from {{ rows }}
    where {{ condition }}
{%- endmacro %}


{% macro place_of_level(level) -%}
    ({{ level }} - 1) / {{ double('4') }}
{%- endmacro %}
