with

source as (

    select * from {{ source('masterx', 'learning_session_demonstrations') }}

),

final as (

    select
        session_key,
        demonstration_position,
        concept,
        evidence_length,
        evidence_words,
        confidence_level,
        _load_id
    from source

)

select * from final
