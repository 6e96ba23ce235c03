with

restated as (

    select * from {{ ref('int_users_restated') }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

-- what has come after the date, which is little of a lifetime
subjects as (

    select
        restated.user_key,
        restated.feature_date,
        days.subject_kind,
        days.subject_id,
        days.house_id,
        days.evidence_events,
        days.house_evidence_events,
        {% for name in ['evidence', 'house_evidence'] -%}
        {{ evidence_on_scale('days.' ~ name, 'days.activity_date') }} as {{ name }},
        {% endfor -%}
        days._events_load_id,
        days._session_rows_load_id
    from restated
    {{ look_up(
        ref('int_session_subject_days'), 'days',
        'found.visitor_key = restated.user_key'
        ~ ' and found.activity_date > restated.feature_date'
        ~ ' and found.activity_date <= ' ~ as_of()
    ) }}
    where days.evidence_events > 0

),

{{ preference_evidence(['user_key', 'feature_date']) }},

changes as (

    select
        user_key,
        feature_date,
        kind,
        value,
        sum(evidence) as evidence
    from evidence
    where {{ of_featured_kinds() }}
    group by user_key, feature_date, kind, value

),

vocabularies as (

    select * from {{ ref('feature_vocabularies') }}

),

{{ feature_places('restated') }},

sought as (

    select
        restated.user_key,
        restated.feature_date,
        places.vocabulary_id,
        places.kind,
        places.place,
        places.value
    from restated
    inner join places on restated.vocabulary_id = places.vocabulary_id

),

values_sought as (

    {% for part in ['sought', 'changes'] -%}
    select
        user_key,
        feature_date,
        kind,
        value
    from {{ part }}
    {% if not loop.last -%}
    union
    {% endif -%}
    {%- endfor %}

),

terms as (

    select
        values_sought.*,
        sums.evidence,
        sums.evidence as todays_evidence
    from values_sought
    {{ look_up(
        ref('int_preferences_summed'), 'sums',
        'found.user_key = values_sought.user_key and found.kind = values_sought.kind'
        ~ ' and found.value = values_sought.value'
    ) }}
    union all
    select
        user_key,
        feature_date,
        kind,
        value,
        -evidence as evidence,
        0 as todays_evidence
    from changes

),

values_summed as (

    select
        user_key,
        feature_date,
        kind,
        value,
        sum(evidence) as evidence,
        sum(todays_evidence) as todays_evidence
    from terms
    group by user_key, feature_date, kind, value

),

-- what is below 0 is no part of the whole, today as then
totals_changed as (

    select
        user_key,
        feature_date,
        kind,
        '(all)' as value,
        sum(greatest(evidence, 0) - greatest(todays_evidence, 0)) as evidence
    from values_summed
    group by user_key, feature_date, kind

),

final as (

    select
        sought.user_key,
        sought.feature_date,
        sought.vocabulary_id,
        sought.kind,
        sought.place,
        coalesce(values_summed.evidence, 0) + coalesce(totals_changed.evidence, 0) as evidence
    from sought
    left join values_summed
        on
            sought.user_key = values_summed.user_key
            and sought.feature_date = values_summed.feature_date
            and sought.kind = values_summed.kind
            and sought.value = values_summed.value
    left join totals_changed
        on
            sought.user_key = totals_changed.user_key
            and sought.feature_date = totals_changed.feature_date
            and sought.kind = totals_changed.kind
            and sought.value = totals_changed.value

)

select * from final
where evidence > 0
