with

source as (

    select * from {{ source('masterx', 'learning_session_objectives') }}

),

final as (

    select
        session_key,
        objective_position,
        objective_kind,
        objective,
        _load_id
    from source

)

select * from final
