{% macro preference_weights(keys) -%}
    {%- set key = keys | join(', ') -%}
    -- the catalogue names a perfume's house; outside of it, the event does
subjects_described as (

    select
        {% for name in keys -%}
        subjects.{{ name }},
        {% endfor -%}
        case when subjects.subject_kind = 'perfume' then subjects.subject_id end as perfume_id,
        coalesce(perfumes.house_id, subjects.house_id) as house_id,
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
        subjects._events_load_id,
        subjects._session_rows_load_id,
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
        _events_load_id,
        _session_rows_load_id,
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
        subjects_described._events_load_id,
        subjects_described._session_rows_load_id,
        subjects_described._perfumes_load_id,
        perfume_notes._load_id as _perfume_notes_load_id
    from subjects_described
    inner join perfume_notes on subjects_described.perfume_id = perfume_notes.perfume_id

),

values_weighed as (

    select
        {{ key }},
        kind,
        value,
        cast(sum(evidence_events) as bigint) as evidence_events,
        {{ exact_sum('evidence') }} as evidence,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id,
        max(_perfumes_load_id) as _perfumes_load_id,
        max(_perfume_notes_load_id) as _perfume_notes_load_id
    from evidence
    group by {{ key }}, kind, value

),

kinds_weighed as (

    select
        {{ key }},
        kind,
        {{ exact_sum('evidence') }} as evidence
    from values_weighed
    where evidence > 0
    group by {{ key }}, kind

),

weights as (

    select
        {% for name in keys -%}
        values_weighed.{{ name }},
        {% endfor -%}
        values_weighed.kind,
        values_weighed.value,
        values_weighed.evidence_events,
        -- the sum is exact to 15 digits only: the one value of a kind could weigh more than 1
        least(values_weighed.evidence / kinds_weighed.evidence, 1) as weight,
        values_weighed._events_load_id,
        values_weighed._session_rows_load_id,
        values_weighed._perfumes_load_id,
        values_weighed._perfume_notes_load_id
    from values_weighed
    inner join kinds_weighed
        on
            {% for name in keys -%}
            values_weighed.{{ name }} = kinds_weighed.{{ name }}
            and {% endfor -%}
            values_weighed.kind = kinds_weighed.kind
    where values_weighed.evidence > 0

)
{%- endmacro %}


{% macro preference_users_changed() -%}
    {{ return([
        dirty_visitors('user_key'),
        dirty_users_of('int_perfumes_priced', '_perfumes_load_id'),
        dirty_users_of('int_perfume_notes_merged', '_perfume_notes_load_id'),
    ]) }}
{%- endmacro %}


{% macro placed_kinds() -%}
    {%- set kinds = {} -%}
    {%- for feature in var('feature_groups').preference if 'times' in feature -%}
    {%- do kinds.update({feature.name | replace('_weight', ''): feature.times}) -%}
    {%- endfor -%}
    {{ return(kinds) }}
{%- endmacro %}


{% macro preference_features(keys) -%}
    {%- set key = keys | join(', ') -%}
    {%- set marks = ['_events_load_id', '_session_rows_load_id', '_perfumes_load_id', '_perfume_notes_load_id'] -%}
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
        case
            when count(*) filter (where kind = 'price_band') > 0
                then least({{ exact_sum('weight * price_bands.place') }}, 1)
        end as price_point_index,
        {% for mark in marks -%}
        max({{ mark }}) as {{ mark }}{{ ',' if not loop.last }}
        {% endfor %}
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
        users_summed.price_point_index,
        {% for mark in marks -%}
        users_summed.{{ mark }}{{ ',' if not loop.last }}
        {% endfor %}
    from users_summed
    left join weights_placed
        on
            {% for name in keys -%}
            users_summed.{{ name }} = weights_placed.{{ name }}
            {{ 'and ' if not loop.last }}
            {%- endfor %}

)
{%- endmacro %}
