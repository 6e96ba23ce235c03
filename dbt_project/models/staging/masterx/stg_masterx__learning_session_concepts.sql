with

source as (

    select * from {{ source('masterx', 'learning_session_concepts') }}

),

final as (

    select
        session_key,
        concept_position,
        concept_role,
        concept,
        _load_id
    from source

)

select * from final
