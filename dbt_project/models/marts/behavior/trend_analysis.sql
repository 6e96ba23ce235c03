{{ config(indexes=[{'columns': ['week_end_date', 'direction']}]) }}

{%- set weeks = var('trend_weeks') %}
{%- set weeks_shown = var('trend_weeks_shown') %}
{%- set weeks_read = weeks + weeks_shown - 1 %}
{#- the week as_of is in is complete on its Saturday only #}
{%- set last_week = '(' ~ week_number(as_of() ~ ' + 1') ~ ' - 1)' %}

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
        (select min(week_number) from {{ ref('int_subject_weeks') }}) as of_subjects,
        (select min(week_number) from {{ ref('int_search_text_weeks') }}) as of_queries

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

volumes as (

    select
        subject_kind,
        subject_id,
        week_number,
        sum(volume) as volume
    from volumes_by_part
    group by subject_kind, subject_id, week_number

),

places as (

    {{ series(0, weeks_read - 1) }}

),

subjects as (

    select distinct
        subject_kind,
        subject_id
    from volumes

),

-- every week of every subject, also those in which nothing happened
grid as (

    select
        subjects.subject_kind,
        subjects.subject_id,
        {{ last_week }} - places.n as week_number,
        cast(coalesce(volumes.volume, 0) as bigint) as volume
    from subjects
    cross join places
    left join volumes
        on
            subjects.subject_kind = volumes.subject_kind
            and subjects.subject_id = volumes.subject_id
            and {{ last_week }} - places.n = volumes.week_number

),

-- the weeks behind the trend of each week shown
series_of_weeks as (

    select
        grid.subject_kind,
        grid.subject_id,
        ends.week_number as end_week,
        grid.week_number,
        grid.volume
    from grid
    inner join grid as ends
        on
            grid.subject_kind = ends.subject_kind
            and grid.subject_id = ends.subject_id
            and grid.week_number > ends.week_number - {{ weeks }}
            and grid.week_number <= ends.week_number
    where ends.week_number > {{ last_week }} - {{ weeks_shown }}

),

pairs_compared as (

    select
        earlier.subject_kind,
        earlier.subject_id,
        earlier.end_week,
        percentile_cont(0.5) within group (
            order by
                {{ double('later.volume - earlier.volume') }}
                / (later.week_number - earlier.week_number)
        ) as slope,
        sum(sign(later.volume - earlier.volume)) as s
    from series_of_weeks as earlier
    inner join series_of_weeks as later
        on
            earlier.subject_kind = later.subject_kind
            and earlier.subject_id = later.subject_id
            and earlier.end_week = later.end_week
            and earlier.week_number < later.week_number
    group by earlier.subject_kind, earlier.subject_id, earlier.end_week

),

ties_counted as (

    select
        subject_kind,
        subject_id,
        end_week,
        volume,
        count(*) as t
    from series_of_weeks
    group by subject_kind, subject_id, end_week, volume

),

ties_summed as (

    select
        subject_kind,
        subject_id,
        end_week,
        sum(t * volume) as window_volume,
        ({{ weeks * (weeks - 1) * (2 * weeks + 5) }} - sum(t * (t - 1) * (2 * t + 5))) / 18.0
            as variance
    from ties_counted
    group by subject_kind, subject_id, end_week

),

tested as (

    select
        ends.subject_kind,
        ends.subject_id,
        ends.week_number,
        ends.volume,
        before.volume as previous_volume,
        pairs_compared.slope,
        pairs_compared.s,
        case
            when pairs_compared.s = 0 then 1
            else
                {{ two_sided_p(
                    '(abs(pairs_compared.s) - 1) / sqrt(nullif(ties_summed.variance, 0))'
                ) }}
        end as p,
        ends.week_number - {{ weeks - 1 }} >= case
            when ends.subject_kind = 'query' then first_weeks.of_queries
            else first_weeks.of_subjects
        end as is_measured,
        ends.week_number > case
            when ends.subject_kind = 'query' then first_weeks.of_queries
            else first_weeks.of_subjects
        end as is_change_measured
    from grid as ends
    cross join first_weeks
    inner join grid as before
        on
            ends.subject_kind = before.subject_kind
            and ends.subject_id = before.subject_id
            and ends.week_number = before.week_number + 1
    inner join pairs_compared
        on
            ends.subject_kind = pairs_compared.subject_kind
            and ends.subject_id = pairs_compared.subject_id
            and ends.week_number = pairs_compared.end_week
    inner join ties_summed
        on
            ends.subject_kind = ties_summed.subject_kind
            and ends.subject_id = ties_summed.subject_id
            and ends.week_number = ties_summed.end_week
    where ties_summed.window_volume > 0

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
