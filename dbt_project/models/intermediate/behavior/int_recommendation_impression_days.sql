{{ config(
    unique_key='activity_date',
    indexes=[
        {'columns': ['perfume_id', 'activity_date'], 'unique': true},
        {'columns': ['activity_date']},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_days', [dirty_recommendation_days()]) }}

recommendations as (

    select
        *,
        {{ utc_date('shown_at') }} as activity_date
    from {{ ref('stg_new_smell__recommendation_feedback') }}
    {{ where_shown_on('dirty_days') }}

),

final as (

    select
        activity_date,
        perfume_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks,
        max(_load_id) as _recommendations_load_id
    from recommendations
    group by activity_date, perfume_id

)

{{ final_rows('dirty_days', 'activity_date') }}
