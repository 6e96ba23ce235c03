{{ config(
    unique_key='shown_date',
    indexes=[
        {'columns': ['perfume_id', 'shown_date'], 'unique': true},
        {'columns': ['shown_date']},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_days', [dirty_recommendation_days(false)]) }}

recommendations as (

    select * from {{ ref('int_recommendations_shown') }}
    {{ where_shown_on('dirty_days') }}

),

final as (

    select
        shown_date,
        perfume_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks,
        max(_load_id) as _recommendations_load_id
    from recommendations
    group by shown_date, perfume_id

)

{{ final_rows('dirty_days', 'shown_date', order_by='shown_date') }}
