{{ config(materialized='view') }}

with

observations as (

    select * from {{ ref('emotion_timeline') }}
    where canonical_label is null

),

final as (

    select
        system,
        label,
        count(*) as observations,
        count(distinct visitor_key) as visitors,
        min(observed_at) as first_observed_at,
        max(observed_at) as last_observed_at
    from observations
    group by system, label

)

select * from final
