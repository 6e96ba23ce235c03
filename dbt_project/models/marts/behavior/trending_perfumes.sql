{{ config(indexes=[{'columns': ['trending_rank']}]) }}

{%- set days = var('trending_window_days') %}
{%- set before = as_of() ~ ' - 1' %}

with

perfume_days as (

    select * from {{ ref('int_session_subject_days') }}
    where
        subject_kind = 'perfume'
        and evidence_events > 0
        -- the score of the day before reaches one day further back
        and {{ within_days('activity_date', days + 1) }}

),

perfumes_scored as (

    select
        subject_id as perfume_id,
        cast(
            coalesce(
                sum(evidence_events) filter (where {{ within_days('activity_date', days) }}), 0
            ) as bigint
        ) as evidence_events,
        {{ trending_score('day_end_evidence', 'activity_date', as_of()) }} as trending_score,
        {{ trending_score('day_end_evidence', 'activity_date', before) }} as previous_trending_score
    from perfume_days
    group by subject_id

),

perfumes_ranked as (

    select
        *,
        row_number() over (
            order by trending_score is null, trending_score desc, perfume_id asc
        ) as trending_rank,
        case
            when previous_trending_score is not null then
                row_number() over (
                    order by
                        previous_trending_score is null,
                        previous_trending_score desc,
                        perfume_id asc
                )
        end as previous_rank
    from perfumes_scored

),

final as (

    select
        perfume_id,
        trending_rank,
        previous_rank,
        previous_rank - trending_rank as rank_change,
        evidence_events,
        trending_score,
        previous_trending_score,
        {{ day_start(as_of(), 1) }} as updated_at,
        {{ as_of() }} as as_of_date
    from perfumes_ranked
    where trending_score is not null

)

select * from final
