with

source as (

    select * from {{ source('voice_patterns', 'user_pattern_emotions') }}

),

final as (

    select
        pattern_id,
        emotion_position,
        emotion,
        share,
        _load_id
    from source

)

select * from final
