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

sums_of_today as (

    select
        restated.user_key,
        restated.feature_date,
        sums.kind,
        held.value,
        held.evidence_events,
        held.evidence
    from restated
    {{ look_up(
        ref('int_preferences_summed'), 'sums',
        'found.user_key = restated.user_key and found.' ~ of_featured_kinds()
    ) }}
    cross join {{ preference_values('sums', 'held') }}

),

terms as (

    select
        user_key,
        feature_date,
        kind,
        value,
        evidence_events,
        evidence
    from sums_of_today
    union all
    select
        user_key,
        feature_date,
        kind,
        value,
        -evidence_events as evidence_events,
        -evidence as evidence
    from evidence
    where {{ of_featured_kinds() }}

),

values_summed as (

    select
        user_key,
        feature_date,
        kind,
        value,
        cast(sum(evidence_events) as bigint) as evidence_events,
        sum(evidence) as evidence
    from terms
    group by user_key, feature_date, kind, value
    having sum(evidence) > 0

),

final as (

    select
        user_key,
        feature_date,
        kind,
        value,
        evidence_events,
        {{ double('evidence') }} / {{ double(
            'sum(evidence) over (partition by user_key, feature_date, kind)'
        ) }} as weight
    from values_summed

)

select * from final
