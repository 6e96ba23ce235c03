with

source as (

    select * from {{ source('masterx', 'learning_session_adaptations') }}

),

final as (

    select
        session_key,
        interaction_position,
        adaptation_position,
        adaptation_kind,
        adaptation,
        _load_id
    from source

)

select * from final
