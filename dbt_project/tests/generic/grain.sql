{% test grain(model, columns, marked_by=none, load_of=none, marked_in=none) %}

{%- set key = columns | join(', ') %}

with

touched as (

    select {{ key }}
    from {{ model }}
    {% if load_of -%}
    where
        {{ marked_by }} >= (
            select coalesce(max(load_id), 0)
            from {{ source('ops', 'loads') }}
            where
                inserted + updated > 0
                {% if load_of != 'any' -%}
                and system || '.' || entity = '{{ load_of }}'
                {%- endif %}
        )
    {% elif marked_by -%}
    -- of a view the table below it tells the newest mark from its index
    where {{ marked_by }} >= (select max({{ marked_by }}) from {{ marked_in or model }})
    {% endif -%}

),

repeated as (

    select {{ key }}
    from {{ model }}
    {% if marked_by -%}
    where ({{ key }}) in (select {{ key }} from touched)
    {% endif -%}
    group by {{ key }}
    having count(*) > 1

),

incomplete as (

    select {{ key }}
    from touched
    where {{ columns | join(' is null or ') }} is null

)

select * from repeated
union all
select * from incomplete

{% endtest %}
