with

source as (

    select * from {{ source('masterx', 'emotional_analytics_productive_emotions') }}

),

final as (

    select
        analysis_id,
        emotion_position,
        emotion,
        learning_effectiveness_score,
        concepts_mastered_rate,
        _load_id
    from source

)

select * from final
