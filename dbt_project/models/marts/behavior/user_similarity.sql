{{ config(materialized='view') }}

with

similarities as (

    select * from {{ ref('int_user_similarities') }}

),

-- who has been erased since the comparison is nobody's neighbour
vectors as (

    select
        user_key,
        feature_date
    from {{ ref('user_feature_vectors') }}

),

final as (

    select
        similarities.user_key,
        similarities.similar_user_key,
        similarities.rank,
        similarities.similarity,
        similarities.feature_date
    from similarities
    inner join vectors as users
        on
            similarities.user_key = users.user_key
            and similarities.feature_date = users.feature_date
    inner join vectors as neighbours
        on
            similarities.similar_user_key = neighbours.user_key
            and similarities.feature_date = neighbours.feature_date

)

select * from final
