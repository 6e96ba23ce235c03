with

source as (

    select * from {{ source('masterx', 'learning_session_interventions') }}

),

final as (

    select
        session_key,
        intervention_position,
        intervention_type,
        reason_length,
        reason_words,
        effectiveness_rating,
        applied_at,
        _load_id
    from source

)

select * from final
