{{ config(
    unique_key='subject_week',
    indexes=[
        {'columns': ['subject_week']},
        {'columns': ['week_number']},
        {'columns': ['_events_load_id']},
    ],
) }}

with

{% if is_incremental() -%}
dirty_weeks as (

    select distinct
        subject_kind,
        subject_id,
        {{ week_number('activity_date') }} as week_number
    from {{ ref('int_session_subject_days') }}
    where {{ not_folded('_events_load_id', '_events_load_id') }}

),

dirty_week_numbers as (

    select distinct week_number from dirty_weeks

),

{% endif -%}
subject_days as (

    select
        days.subject_kind,
        days.subject_id,
        coalesce(days.house_id, '(none)') as house_id,
        days.evidence_events,
        days.house_evidence_events,
        days._events_load_id,
        {{ week_number('days.activity_date') }} as week_number
    {% if is_incremental() -%}
    -- the weeks are few, their rows are found by date
    from dirty_week_numbers
    {{ look_up(
        ref('int_session_subject_days'),
        'days',
        'found.activity_date >= ' ~ week_start('dirty_week_numbers.week_number')
        ~ ' and found.activity_date < ' ~ week_start('dirty_week_numbers.week_number + 1'),
    ) }}
    inner join dirty_weeks
        on
            days.subject_kind = dirty_weeks.subject_kind
            and days.subject_id = dirty_weeks.subject_id
            and dirty_week_numbers.week_number = dirty_weeks.week_number
    {%- else -%}
    from {{ ref('int_session_subject_days') }} as days
    {%- endif %}

),

final as (

    select
        week_number || ' ' || subject_kind || ' ' || subject_id as subject_week,
        subject_kind,
        subject_id,
        house_id,
        week_number,
        cast(sum(evidence_events) as bigint) as evidence_events,
        cast(sum(house_evidence_events) as bigint) as house_evidence_events,
        max(_events_load_id) as _events_load_id
    from subject_days
    group by subject_kind, subject_id, house_id, week_number

)

-- events come and stay, so a week never loses its rows
select * from final
-- the weeks that trends read lie together
order by week_number
