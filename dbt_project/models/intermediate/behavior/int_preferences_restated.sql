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

-- every day of those few users up to each of the earlier dates
subject_days as (

    select
        restated.feature_date,
        days.*,
        max(days.activity_date) over (
            partition by restated.user_key, restated.feature_date
        ) as last_date
    from restated
    inner join {{ ref('int_session_subject_days') }} as days
        on
            restated.user_key = days.visitor_key
            and restated.feature_date >= days.activity_date

),

{% set age = dbt.datediff('activity_date', 'last_date', 'day') -%}
{% set aged = halved(age, var('preference_half_life_days')) -%}
subjects as (

    select
        visitor_key as user_key,
        feature_date,
        subject_kind,
        subject_id,
        max(house_id) as house_id,
        cast(sum(evidence_events) as bigint) as evidence_events,
        cast(sum(house_evidence_events) as bigint) as house_evidence_events,
        {{ exact_sum('evidence * ' ~ aged) }} as evidence,
        {{ exact_sum('house_evidence * ' ~ aged) }} as house_evidence,
        max(_events_load_id) as _events_load_id,
        max(_session_rows_load_id) as _session_rows_load_id
    from subject_days
    group by visitor_key, feature_date, subject_kind, subject_id
    having sum(evidence_events) > 0

),

{{ preference_weights(['user_key', 'feature_date']) }}

select * from weights
