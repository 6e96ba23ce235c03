with

source as (

    select * from {{ source('masterx', 'learning_dna_emotional_states') }}

),

final as (

    select
        user_key,
        state_position,
        state_kind,
        emotion,
        _load_id
    from source

)

select * from final
