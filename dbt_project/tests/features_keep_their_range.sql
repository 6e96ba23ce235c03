-- values of the vectors of as_of outside the range of the dictionary; a Great Expectations suite
-- cannot hold this rule, because it is about elements of an array
with

vectors as (

    select * from {{ ref('user_feature_vectors') }}
    where feature_date = {{ as_of() }}

),

dictionary as (

    select * from {{ ref('feature_dictionary') }}

)

select
    vectors.user_key,
    dictionary.name,
    vectors.features[dictionary.position] as value
from vectors
cross join dictionary
where
    vectors.features[dictionary.position] < dictionary.low
    or vectors.features[dictionary.position] > dictionary.high
