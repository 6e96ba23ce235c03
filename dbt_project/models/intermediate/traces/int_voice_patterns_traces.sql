{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('stg_voice_patterns__voice_sessions') }}

),

final as (

    {{ trace('session', 'voice_sessions', 'sessions', 'session_key', 'started_at') }}
    union all
    {{ trace(
        'observation', 'voice_sessions', 'sessions', "session_key || '/voice'", 'started_at',
        emotion='voice_emotion', confidence='emotion_confidence',
        condition='voice_emotion is not null'
    ) }}

)

select * from final
