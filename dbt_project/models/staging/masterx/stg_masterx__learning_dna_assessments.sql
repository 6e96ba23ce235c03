with

source as (

    select * from {{ source('masterx', 'learning_dna_assessments') }}

),

final as (

    select
        user_key,
        assessment_position,
        assessment_type,
        confidence_delta,
        assessed_at,
        _load_id
    from source

)

select * from final
