with

source as (

    select * from {{ source('masterx', 'content_mastery_dependents') }}

),

final as (

    select
        mastery_id,
        dependent_position,
        dependent_concept,
        dependency_strength,
        _load_id
    from source

)

select * from final
