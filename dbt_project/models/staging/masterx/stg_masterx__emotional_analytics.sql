with

source as (

    select * from {{ source('masterx', 'emotional_analytics') }}

),

final as (

    select
        analysis_id,
        user_key,
        data_source,
        dominant_emotion,
        best_emotion_for_new_concepts,
        best_emotion_for_practice,
        best_emotion_for_assessment,
        emotional_stability_score,
        overall_emotional_wellness,
        analysis_date,
        _load_id
    from source

)

select * from final
