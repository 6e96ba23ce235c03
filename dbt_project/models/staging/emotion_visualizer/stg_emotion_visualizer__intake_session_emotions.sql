with

source as (

    select * from {{ source('emotion_visualizer', 'intake_session_emotions') }}

),

final as (

    select
        session_key,
        emotion_position,
        emotion,
        _load_id
    from source

)

select * from final
