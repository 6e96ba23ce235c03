{#- PostgreSQL takes all of it for few rows -#}
{{ config(pre_hook='set local enable_nestloop = off') }}

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
    having sum(evidence) <> 0

),

kinds_changed as (

    select distinct
        user_key,
        kind
    from changes

),

sums_of_today as (

    select
        kinds_changed.user_key,
        kinds_changed.kind,
        held.value,
        held.evidence
    from kinds_changed
    {{ look_up(
        ref('int_preferences_summed'),
        'sums',
        'found.user_key = kinds_changed.user_key and found.kind = kinds_changed.kind',
    ) }}
    cross join {{ preference_values('sums', 'held') }}

),

final as (

    select
        changes.user_key,
        changes.feature_date,
        changes.kind,
        changes.value,
        changes.evidence as evidence_since,
        coalesce(sums_of_today.evidence, 0) as evidence_today
    from changes
    left join sums_of_today
        on
            changes.user_key = sums_of_today.user_key
            and changes.kind = sums_of_today.kind
            and changes.value = sums_of_today.value

)

select * from final
