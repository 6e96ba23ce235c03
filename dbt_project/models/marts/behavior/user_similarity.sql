{{ config(materialized='view') }}

with

similarities as (

    select * from {{ ref('int_user_similarities') }}

),

-- who has been erased since the comparison is nobody's neighbour
profiles as (

    select user_key from {{ ref('user_behavior_profiles') }}

),

final as (

    select
        similarities.user_key,
        similarities.similar_user_key,
        similarities.rank,
        similarities.similarity,
        similarities.feature_date
    from similarities
    inner join profiles as users on similarities.user_key = users.user_key
    inner join profiles as neighbours on similarities.similar_user_key = neighbours.user_key

)

select * from final
