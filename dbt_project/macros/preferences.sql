{% macro evidence_on_scale(evidence, date) -%}
    {%- set half_life = var('preference_half_life_days') -%}
    {%- set days = dbt.datediff("cast('2020-01-01' as date)", date, 'day') -%}
    {%- set rest = 'mod(' ~ days ~ ', ' ~ half_life ~ ')' -%}
    {#- whole half-lives are exact, so that likes and dislikes that cancel leave nothing -#}
    {{ exact(evidence) }}
    * {{ exact('power(' ~ double('2') ~ ', ' ~ double(rest) ~ ' / ' ~ half_life ~ ')') }}
    * power({{ exact('2') }}, ({{ days }} - {{ rest }}) / {{ half_life }})
{%- endmacro %}


{% macro preference_evidence(keys) -%}
    {%- set key = keys | join(', ') -%}
    {%- set marks = ['_events_load_id', '_session_rows_load_id'] -%}
    -- the catalogue names a perfume's house; outside of it, the event does
subjects_described as (

    select
        {% for name in keys + marks -%}
        subjects.{{ name }},
        {% endfor -%}
        case when subjects.subject_kind = 'perfume' then subjects.subject_id end as perfume_id,
        coalesce(perfumes.house_id, nullif(subjects.house_id, '(none)')) as house_id,
        case when subjects.subject_kind = 'note' then subjects.subject_id end as note_id,
        perfumes.perfume_type,
        perfumes.price_band,
        subjects.evidence_events,
        subjects.evidence,
        case
            when perfumes.house_id is null then subjects.house_evidence_events
            else subjects.evidence_events
        end as house_evidence_events,
        case
            when perfumes.house_id is null then subjects.house_evidence
            else subjects.evidence
        end as house_evidence,
        coalesce(perfumes._load_id, 0) as _perfumes_load_id
    from subjects
    left join perfumes
        on
            subjects.subject_kind = 'perfume'
            and subjects.subject_id = perfumes.perfume_id

),

evidence as (

    {% for kind in ['perfume', 'house', 'note', 'perfume_type', 'price_band'] -%}
    {% set value = kind if kind in ['perfume_type', 'price_band'] else kind ~ '_id' -%}
    select
        {{ key }},
        '{{ kind }}' as kind,
        {{ value }} as value,
        {{ 'house_evidence_events as evidence_events' if kind == 'house' else 'evidence_events' }},
        {{ 'house_evidence as evidence' if kind == 'house' else 'evidence' }},
        {% for mark in marks -%}
        {{ mark }},
        {% endfor -%}
        _perfumes_load_id,
        0 as _perfume_notes_load_id
    from subjects_described
    where {{ value }} is not null
    union all
    {% endfor -%}
    select
        {% for name in keys -%}
        subjects_described.{{ name }},
        {% endfor -%}
        'note' as kind,
        perfume_notes.note_id as value,
        subjects_described.evidence_events,
        subjects_described.evidence,
        {% for mark in marks -%}
        subjects_described.{{ mark }},
        {% endfor -%}
        subjects_described._perfumes_load_id,
        perfume_notes._load_id as _perfume_notes_load_id
    from subjects_described
    inner join perfume_notes on subjects_described.perfume_id = perfume_notes.perfume_id

)
{%- endmacro %}


{% macro placed_kinds() -%}
    {%- set kinds = {} -%}
    {%- for feature in var('feature_groups').preference if 'times' in feature -%}
    {%- do kinds.update({feature.name | replace('_weight', ''): feature.times}) -%}
    {%- endfor -%}
    {{ return(kinds) }}
{%- endmacro %}


{% macro of_featured_kinds() -%}
    kind in ('price_band', '{{ placed_kinds() | join("', '") }}')
{%- endmacro %}


{% macro feature_places(vectors) -%}
places as (

    select
        vocabulary_id,
        kind,
        place,
        value
    from vocabularies
    union all
    select
        vocabulary_ids.vocabulary_id,
        others.kind,
        others.place,
        others.value
    from (select distinct vocabulary_id from {{ vectors }}) as vocabulary_ids
    cross join (
        {% for band in var('price_bands') -%}
        select
            'price_band' as kind,
            {{ loop.index }} as place,
            '{{ band.name }}' as value
        union all
        {% endfor -%}
        {% for kind in ['price_band'] + placed_kinds() | list -%}
        select
            '{{ kind }}' as kind,
            0 as place,
            '(all)' as value
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as others

)
{%- endmacro %}


{% macro preference_features(keys, marks=[]) -%}
    {%- set columns = keys + ['vocabulary_id', 'kind'] + marks -%}
-- a user knows a kind with one value of it: the other places weigh 0
kinds_known as (

    select
        {% for name in columns -%}
        {{ name }},
        {% endfor -%}
        evidence
    from placed
    where
        place = 0
        and evidence > 0

),

-- a kind without places stays: by the vocabulary of its row a later one is noticed
weights_placed as (

    select
        {% for name in columns -%}
        kinds_known.{{ name }},
        {% endfor -%}
        places.place,
        {{ double('greatest(coalesce(placed.evidence, 0), 0)') }}
        / {{ double('kinds_known.evidence') }} as weight
    from kinds_known
    left join places
        on
            kinds_known.vocabulary_id = places.vocabulary_id
            and kinds_known.kind = places.kind
            and places.place > 0
    left join placed
        on
            {% for name in keys -%}
            kinds_known.{{ name }} = placed.{{ name }}
            and {% endfor -%}
            kinds_known.kind = placed.kind
            and places.place = placed.place

),

preference_features as (

    select
        {% for name in keys -%}
        {{ name }},
        {% endfor -%}
        vocabulary_id,
        {% for kind in placed_kinds() -%}
        array_agg(weight order by place) filter (
            where kind = '{{ kind }}' and place is not null
        ) as {{ kind }}_weights,
        {% endfor -%}
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        {%- set at = '(' ~ double('place - 1') ~ ' / ' ~ (var('price_bands') | length - 1) ~ ')' %}
        case
            when count(*) filter (where kind = 'price_band') > 0
                then least({{ exact_sum(
                    "case when kind = 'price_band' then weight * " ~ at ~ ' end'
                ) }}, 1)
        end as price_point_index
    from weights_placed
    group by {{ keys | join(', ') }}, vocabulary_id

)
{%- endmacro %}


{% macro preference_values(sums, name, with_total=false) -%}
    {{ adapter.dispatch('preference_values')(sums, name, with_total) }}
{%- endmacro %}

{% macro postgres__preference_values(sums, name, with_total) -%}
    {%- set totals = {
        'preference_values': "'(all)'", 'evidence_events': '0', 'evidence': sums ~ '.evidence_total',
    } -%}
    {%- set columns = [] -%}
    {%- for column, total in totals.items() -%}
    {%- set values = sums ~ '.' ~ column -%}
    {%- do columns.append('array_append(' ~ values ~ ', ' ~ total ~ ')' if with_total else values) -%}
    {%- endfor -%}
    unnest({{ columns | join(', ') }}) as {{ name }} (value, evidence_events, evidence)
{%- endmacro %}


{% macro look_up_preferences(users) -%}
    {#- as one look-up: the lists would be read for every place -#}
    {%- set preferences -%}
    (
        select
            sums.*,
            held.value,
            held.evidence as evidence_held
        from {{ ref('int_preferences_summed') }} as sums
        cross join {{ preference_values('sums', 'held', with_total=true) }}
    )
    {%- endset -%}
    {{ look_up(
        preferences, 'preferences',
        'found.user_key = ' ~ users ~ '.user_key and found.' ~ of_featured_kinds()
    ) }}
{%- endmacro %}


{% macro preference_lists() -%}
    array_agg(value order by value) as preference_values,
        array_agg(evidence_events order by value) as evidence_events,
        array_agg(evidence order by value) as evidence,
        -- what is below 0 is no liking, and no part of the whole
        sum(greatest(evidence, 0)) as evidence_total
{%- endmacro %}
