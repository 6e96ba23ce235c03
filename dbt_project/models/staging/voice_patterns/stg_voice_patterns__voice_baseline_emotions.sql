with

source as (

    select * from {{ source('voice_patterns', 'voice_baseline_emotions') }}

),

final as (

    select
        baseline_id,
        emotion_position,
        emotion,
        share,
        _load_id
    from source

)

select * from final
