{{ config(indexes=[{'columns': ['week_end_date', 'direction']}]) }}

{%- set weeks = var('trend_weeks') %}
{%- set weeks_shown = var('trend_weeks_shown') %}
{%- set weeks_read = weeks + weeks_shown - 1 %}
{%- set last_week = week_number(last_week_end()) %}

with

subject_weeks as (

    select * from {{ ref('int_subject_weeks') }}
    where
        week_number > {{ last_week }} - {{ weeks_read }}
        and week_number <= {{ last_week }}
        and evidence_events > 0

),

text_weeks as (

    select * from {{ ref('int_search_text_weeks') }}
    where
        week_number > {{ last_week }} - {{ weeks_read }}
        and week_number <= {{ last_week }}

),

texts as (

    select * from {{ ref('int_search_texts') }}
    where shared_since <= {{ as_of() }}

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

perfume_notes as (

    select * from {{ ref('int_perfume_notes_merged') }}

),

-- the first week anything is known of: before it, nothing happened because nothing was recorded
first_weeks as (

    select
        (
            select min(week_number)
            from {{ ref('int_subject_weeks') }}
            where week_number >= {{ week_number(earliest_plausible_date()) }}
        ) as of_subjects,
        (
            select min(week_number)
            from {{ ref('int_search_text_weeks') }}
            where week_number >= {{ week_number(earliest_plausible_date()) }}
        ) as of_queries

),

-- the catalogue names a perfume's house; outside of it, the event does
subjects_described as (

    select
        subject_weeks.subject_kind,
        subject_weeks.subject_id,
        subject_weeks.week_number,
        subject_weeks.evidence_events,
        coalesce(perfumes.house_id, nullif(subject_weeks.house_id, '(none)')) as house_id,
        case
            when perfumes.house_id is null then subject_weeks.house_evidence_events
            else subject_weeks.evidence_events
        end as house_evidence_events
    from subject_weeks
    left join perfumes
        on
            subject_weeks.subject_kind = 'perfume'
            and subject_weeks.subject_id = perfumes.perfume_id

),

volumes_by_part as (

    select
        'perfume' as subject_kind,
        subject_id,
        week_number,
        evidence_events as volume
    from subjects_described
    where subject_kind = 'perfume'
    union all
    select
        'house' as subject_kind,
        house_id as subject_id,
        week_number,
        house_evidence_events as volume
    from subjects_described
    where house_id is not null
    union all
    select
        'note' as subject_kind,
        subject_id,
        week_number,
        evidence_events as volume
    from subjects_described
    where subject_kind = 'note'
    union all
    select
        'note' as subject_kind,
        perfume_notes.note_id as subject_id,
        subjects_described.week_number,
        subjects_described.evidence_events as volume
    from subjects_described
    inner join perfume_notes
        on
            subjects_described.subject_kind = 'perfume'
            and subjects_described.subject_id = perfume_notes.perfume_id
    union all
    select
        'query' as subject_kind,
        text_weeks.search_text as subject_id,
        text_weeks.week_number,
        text_weeks.searches as volume
    from text_weeks
    inner join texts on text_weeks.search_text = texts.search_text

),

places as (

    {{ series(0, weeks_read - 1) }}

),

subjects as (

    select distinct
        subject_kind,
        subject_id
    from volumes_by_part

),

-- every week of every subject, also those in which nothing happened
every_week as (

    select * from volumes_by_part
    union all
    select
        subjects.subject_kind,
        subjects.subject_id,
        {{ last_week }} - places.n as week_number,
        0 as volume
    from subjects
    cross join places

),

volumes as (

    select
        subject_kind,
        subject_id,
        week_number,
        cast(sum(volume) as bigint) as volume_0
    from every_week
    group by subject_kind, subject_id, week_number

),

-- volume_1 is the volume of the week before, and so on
volumes_before as (

    select
        {% for n in range(1, weeks) -%}
        lag(volume_0, {{ n }}) over weeks_in_order as volume_{{ n }},
        {% endfor -%}
        subject_kind,
        subject_id,
        week_number,
        volume_0
    from volumes
    window weeks_in_order as (partition by subject_kind, subject_id order by week_number)

),

{% set slopes, signs, ties, total = [], [], [], [] -%}
{% for later in range(weeks) -%}
{% set equals = [] -%}
{% for other in range(weeks) -%}
{% set pair = 'volume_' ~ later ~ ' - volume_' ~ other -%}
{% do equals.append('case when volume_' ~ later ~ ' = volume_' ~ other ~ ' then 1 else 0 end') -%}
{% if other > later -%}
{% do slopes.append('(' ~ pair ~ ') / ' ~ double(other - later)) -%}
{% do signs.append('sign(' ~ pair ~ ')') -%}
{% endif -%}
{% endfor -%}
{% set tied = '(' ~ equals | join(' + ') ~ ')' -%}
{% do ties.append('(' ~ tied ~ ' - 1) * (2 * ' ~ tied ~ ' + 5)') -%}
{% do total.append('volume_' ~ later) -%}
{% endfor -%}
measured as (

    select
        subject_kind,
        subject_id,
        week_number,
        volume_0 as volume,
        volume_1 as previous_volume,
        {{ median_of(slopes) }} as slope,
        {{ signs | join('\n        + ') }} as s,
        -- a group of t equal volumes takes t (t - 1) (2 t + 5) away: each of them its part
        ({{ weeks * (weeks - 1) * (2 * weeks + 5) }} - (
            {{ ties | join('\n            + ') }}
        )) / 18.0 as variance
    from volumes_before
    where
        week_number > {{ last_week }} - {{ weeks_shown }}
        and {{ total | join(' + ') }} > 0

),

tested as (

    select
        measured.*,
        case
            when measured.s = 0 then 1
            else {{ two_sided_p('(abs(measured.s) - 1) / sqrt(nullif(measured.variance, 0))') }}
        end as p,
        measured.week_number - {{ weeks - 1 }} >= case
            when measured.subject_kind = 'query' then first_weeks.of_queries
            else first_weeks.of_subjects
        end as is_measured,
        measured.week_number > case
            when measured.subject_kind = 'query' then first_weeks.of_queries
            else first_weeks.of_subjects
        end as is_change_measured
    from measured
    cross join first_weeks

),

final as (

    select
        subject_kind,
        subject_id,
        {{ week_start('week_number') }} as week_start_date,
        {{ week_start('week_number') }} + 6 as week_end_date,
        case
            when is_measured and p < {{ var('trend_significance') }} and s > 0 then 'rising'
            when is_measured and p < {{ var('trend_significance') }} and s < 0 then 'falling'
            else 'stable'
        end as direction,
        volume,
        case when is_change_measured then previous_volume end as previous_volume,
        case when is_change_measured then volume - previous_volume end as volume_change,
        case
            when is_change_measured then
                {{ share('volume - previous_volume', 'previous_volume') }}
        end as volume_change_share,
        case when is_measured then slope end as slope_per_week,
        case when is_measured then p end as mann_kendall_p,
        {{ as_of() }} as as_of_date
    from tested

)

select * from final
