{{ config(materialized='view') }}

with

similarities as (

    select * from {{ ref('int_user_similarities') }}

),

final as (

    select
        user_key,
        similar_user_key,
        rank,
        similarity,
        feature_date
    from similarities

)

select * from final
