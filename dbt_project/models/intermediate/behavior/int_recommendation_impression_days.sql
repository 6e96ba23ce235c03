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

{% if is_incremental() -%}
newest as (

    select max(_recommendations_load_id) as load_id
    from {{ ref('int_recommendation_claims') }}

),

{% endif -%}
counted as (

    select
        shown_date,
        perfume_id,
        count(*) as impressions,
        count(*) filter (where is_clicked) as clicks,
        -- a day that a recommendation has left is left with older ones
        {% if is_incremental() -%}
        (select newest.load_id from newest) as _recommendations_load_id
        {%- else -%}
        max(_load_id) as _recommendations_load_id
        {%- endif %}
    from recommendations
    group by shown_date, perfume_id

),

final as (

    select * from counted
    {% if is_incremental() -%}
    union all
    -- what was and is not stays as zeros, which say that the perfume's day has to be counted anew
    select
        former.shown_date,
        former.perfume_id,
        0 as impressions,
        0 as clicks,
        (select newest.load_id from newest) as _recommendations_load_id
    from {{ this }} as former
    left join counted
        on former.shown_date = counted.shown_date and former.perfume_id = counted.perfume_id
    where
        former.shown_date in (select dirty_days.shown_date from dirty_days)
        and counted.perfume_id is null
    {%- endif %}

)

{{ final_rows('dirty_days', 'shown_date', order_by='shown_date') }}
