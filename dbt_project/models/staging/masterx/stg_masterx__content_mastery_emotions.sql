with

source as (

    select * from {{ source('masterx', 'content_mastery_emotions') }}

),

final as (

    select
        mastery_id,
        emotion_position,
        emotion,
        performance,
        _load_id
    from source

)

select * from final
