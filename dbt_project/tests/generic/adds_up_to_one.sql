{% test adds_up_to_one(model, column, group, marked_by=none, marked_in=none, key='user_key') %}

with

touched as (

    {% if marked_by -%}
    -- of a view the table below it tells which groups are new, from its index
    select distinct {{ key }}
    from {{ marked_in or model }}
    where {{ marked_by }} >= (select max({{ marked_by }}) from {{ marked_in or model }})
    {%- else -%}
    select distinct {{ key }}
    from {{ model }}
    {%- endif %}

),

sums as (

    select
        {{ group }},
        sum({{ column }}) as total
    from {{ model }}
    where {{ key }} in (select {{ key }} from touched)
    group by {{ group }}

)

select * from sums
-- what doubles lose on the way
where abs(total - 1) > 0.000000001

{% endtest %}
