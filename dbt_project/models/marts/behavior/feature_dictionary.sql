{%- set features = [] %}
{%- for group, entries in var('feature_groups').items() %}
{%- for entry in entries %}
{%- for time in range(1, entry.get('times', 1) + 1) %}
{%- set place = '_%02d' | format(time) if 'times' in entry else '' %}
{%- do features.append((group, entry, place)) %}
{%- endfor %}
{%- endfor %}
{%- endfor %}

with

features as (

    {% for group, feature, place in features -%}
    select
        {{ loop.index }} as position,
        '{{ feature.name }}{{ place }}' as name,
        '{{ group }}' as feature_group,
        '{{ feature.unit }}' as unit,
        cast({{ 'null' if feature.low is none else feature.low }} as integer) as low,
        cast({{ 'null' if feature.high is none else feature.high }} as integer) as high,
        '{{ feature.definition | replace("'", "''") }}' as definition
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        position,
        name,
        feature_group,
        unit,
        case
            when low is null and high is null then '(-inf, inf)'
            when high is null then '[' || low || ', inf)'
            else '[' || low || ', ' || high || ']'
        end as value_range,
        definition,
        {{ double('low') }} as low,
        {{ double('high') }} as high
    from features

)

select * from final
