with

source as (

    select * from {{ source('emotion_visualizer', 'emotion_entry_emotions') }}

),

final as (

    select
        entry_id,
        emotion_position,
        emotion,
        _load_id
    from source

)

select * from final
