{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('stg_voice_patterns__voice_sessions') }}

),

final as (

    select
        'voice_sessions' as entity,
        cast(session_key as text) as row_id,
        'session' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        cast(null as text) as emotion,
        cast(null as double precision) as intensity,
        cast(null as double precision) as confidence,
        started_at as occurred_at,
        _load_id
    from sessions
    union all
    select
        'voice_sessions' as entity,
        session_key || '/voice' as row_id,
        'observation' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        voice_emotion as emotion,
        null as intensity,
        emotion_confidence as confidence,
        started_at as occurred_at,
        _load_id
    from sessions
    where voice_emotion is not null

)

select * from final
