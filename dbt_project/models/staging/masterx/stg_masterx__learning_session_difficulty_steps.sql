with

source as (

    select * from {{ source('masterx', 'learning_session_difficulty_steps') }}

),

final as (

    select
        session_key,
        step_position,
        difficulty_level,
        success_rate,
        measured_at,
        _load_id
    from source

)

select * from final
