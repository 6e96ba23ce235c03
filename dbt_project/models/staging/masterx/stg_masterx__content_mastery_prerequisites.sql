with

source as (

    select * from {{ source('masterx', 'content_mastery_prerequisites') }}

),

final as (

    select
        mastery_id,
        prerequisite_position,
        prerequisite_concept,
        importance_weight,
        mastery_required,
        _load_id
    from source

)

select * from final
