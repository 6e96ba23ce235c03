with

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

values_found as (

    select
        'note' as kind,
        note_id as value
    from perfume_notes
    union all
    select
        'house' as kind,
        house_id as value
    from perfumes
    union all
    select
        'perfume_type' as kind,
        perfume_type as value
    from perfumes

),

values_ranked as (

    select
        kind,
        value,
        row_number() over (partition by kind order by count(*) desc, value asc) as place
    from values_found
    where value is not null
    group by kind, value

),

-- a feature of the dictionary with `times` is <kind>_weight
places as (

    {% for feature in var('feature_groups').preference if 'times' in feature -%}
    select
        '{{ feature.name | replace('_weight', '') }}' as kind,
        {{ feature.times }} as places
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

kept as (

    select
        values_ranked.kind,
        values_ranked.place,
        values_ranked.value
    from values_ranked
    inner join places on values_ranked.kind = places.kind
    where values_ranked.place <= places.places

),

-- named by its content: the same words are the same vocabulary, whenever it was built
identified as (

    select
        md5(coalesce(
            string_agg(kind || ' ' || place || ' ' || value, chr(10) order by kind, place), ''
        )) as vocabulary_id
    from kept

),

final as (

    select
        identified.vocabulary_id,
        kept.kind,
        cast(kept.place as integer) as place,
        kept.value
    from identified
    left join kept on true

)

select * from final
