{{ config(
    unique_key='shown_date',
    indexes=[
        {'columns': ['shown_date', 'algorithm'], 'unique': true},
        {'columns': ['_recommendations_load_id']},
    ],
) }}

with

{{ dirty_keys('dirty_days', [dirty_recommendation_days(false)]) }}

recommendations as (

    select * from {{ ref('int_recommendations_shown') }}
    {{ where_shown_on('dirty_days') }}

),

instances as (

    select
        shown_date,
        algorithm,
        recommendation_id,
        -- a list nobody clicked has the rank of infinity
        coalesce({{ share('1', 'min(position) filter (where is_clicked)') }}, 0) as reciprocal_rank,
        max(_load_id) as _recommendations_load_id
    from recommendations
    group by shown_date, algorithm, recommendation_id

),

final as (

    select
        shown_date,
        algorithm,
        count(*) as instances,
        {{ exact_sum('reciprocal_rank') }} as reciprocal_ranks,
        max(_recommendations_load_id) as _recommendations_load_id
    from instances
    group by shown_date, algorithm

)

{{ final_rows('dirty_days', 'shown_date') }}
