{{ config(materialized='view') }}

with

-- counted in a window over the keys: a question about one user or one date reads no other rows
versions as (

    select
        *,
        max(version) over (partition by user_key, feature_date) as newest_version
    from {{ ref('user_feature_vector_versions') }}

),

final as (

    select
        user_key,
        feature_date,
        version,
        vocabulary_id,
        features
    from versions
    where
        version = newest_version
        and features is not null

)

select * from final
