{{ config(materialized='view') }}

with

vectors as (

    select * from {{ ref('user_feature_vectors') }}

),

dictionary as (

    select * from {{ ref('feature_dictionary') }}

),

vocabularies as (

    select * from {{ ref('feature_vocabularies') }}

),

final as (

    select
        vectors.user_key,
        vectors.feature_date,
        dictionary.position,
        dictionary.name,
        dictionary.feature_group,
        vocabularies.value as vocabulary_value,
        vectors.features[dictionary.position] as value
    from vectors
    cross join dictionary
    left join vocabularies
        on
            vectors.vocabulary_id = vocabularies.vocabulary_id
            and dictionary.name
            = vocabularies.kind || '_weight_' || right('0' || vocabularies.place, 2)

)

select * from final
