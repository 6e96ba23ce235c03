{{ config(materialized='view') }}

with

versions as (

    select * from {{ ref('user_feature_vector_versions') }}

),

final as (

    select
        versions.user_key,
        versions.feature_date,
        versions.version,
        versions.vocabulary_id,
        versions.features
    from versions
    left join versions as later
        on
            versions.user_key = later.user_key
            and versions.feature_date = later.feature_date
            and versions.version + 1 = later.version
    where
        later.user_key is null
        and versions.features is not null

)

select * from final
