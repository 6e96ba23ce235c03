{{ config(materialized='ephemeral') }}

with

recommendations as (

    select * from {{ ref('stg_new_smell__recommendation_feedback') }}

),

final as (

    select
        feedback_id,
        perfume_id,
        is_clicked,
        {{ utc_date('shown_at') }} as shown_date,
        _load_id
    from recommendations

)

select * from final
