with

source as (

    select * from {{ source('masterx', 'learning_session_emotions') }}

),

final as (

    select
        session_key,
        emotion_position,
        emotion,
        trigger,
        intensity,
        observed_at,
        _load_id
    from source

)

select * from final
