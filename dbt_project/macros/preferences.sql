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


{% macro preference_features(keys, marks=[]) -%}
    {%- set key = keys | join(', ') -%}
price_bands as (

    {% for band in var('price_bands') -%}
    select
        '{{ band.name }}' as band,
        {{ double(loop.index0) }} / {{ var('price_bands') | length - 1 }} as place
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

-- a user knows a kind with one value of it: the other places weigh 0
kinds_known as (

    select distinct
        {{ key }},
        vocabulary_id,
        kind
    from preferences

),

places_known as (

    select
        {% for name in keys -%}
        kinds_known.{{ name }},
        {% endfor -%}
        kinds_known.kind,
        vocabularies.place,
        vocabularies.value
    from kinds_known
    inner join vocabularies
        on
            kinds_known.vocabulary_id = vocabularies.vocabulary_id
            and kinds_known.kind = vocabularies.kind

),

weights_placed as (

    select
        {% for kind in placed_kinds() -%}
        array_agg(coalesce(preferences.weight, 0) order by places_known.place) filter (
            where places_known.kind = '{{ kind }}'
        ) as {{ kind }}_weights,
        {% endfor -%}
        {% for name in keys -%}
        places_known.{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from places_known
    left join preferences
        on
            {% for name in keys -%}
            places_known.{{ name }} = preferences.{{ name }}
            and {% endfor -%}
            places_known.kind = preferences.kind
            and places_known.value = preferences.value
    group by
        {% for name in keys -%}
        places_known.{{ name }}{{ ',' if not loop.last }}
        {% endfor %}

),

users_summed as (

    select
        {{ key }},
        vocabulary_id,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }},
        {% endfor -%}
        case
            when count(*) filter (where kind = 'price_band') > 0
                then least({{ exact_sum('weight * price_bands.place') }}, 1)
        end as price_point_index
    from preferences
    left join price_bands
        on
            preferences.kind = 'price_band'
            and preferences.value = price_bands.band
    group by {{ key }}, vocabulary_id

),

preference_features as (

    select
        {% for name in keys -%}
        users_summed.{{ name }},
        {% endfor -%}
        users_summed.vocabulary_id,
        {% for kind in placed_kinds() -%}
        weights_placed.{{ kind }}_weights,
        {% endfor -%}
        {% for mark in marks -%}
        users_summed.{{ mark }},
        {% endfor -%}
        users_summed.price_point_index
    from users_summed
    left join weights_placed
        on
            {% for name in keys -%}
            users_summed.{{ name }} = weights_placed.{{ name }}
            {{ 'and ' if not loop.last }}
            {%- endfor %}

)
{%- endmacro %}
