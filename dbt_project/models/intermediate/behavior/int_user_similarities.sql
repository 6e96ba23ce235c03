{{ config(materialized='ephemeral') }}

with

similarities as (

    select * from {{ source('ops', 'user_similarity') }}

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
