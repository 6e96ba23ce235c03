{{ config(materialized='view') }}

with

entries as (

    select * from {{ ref('stg_emotion_visualizer__emotion_entries') }}

),

intakes as (

    select * from {{ ref('stg_emotion_visualizer__intake_sessions') }}

),

entry_emotions as (

    select
        emotions.*,
        entries.session_key,
        entries.user_key,
        entries.intensity,
        entries.created_at
    from {{ ref('stg_emotion_visualizer__emotion_entry_emotions') }} as emotions
    inner join entries on emotions.entry_id = entries.entry_id

),

exchanges as (

    select
        exchanges.*,
        intakes.user_key,
        intakes.created_at
    from {{ ref('stg_emotion_visualizer__intake_session_exchanges') }} as exchanges
    inner join intakes on exchanges.session_key = intakes.session_key

),

intake_emotions as (

    select
        emotions.*,
        intakes.user_key,
        coalesce(intakes.completed_at, intakes.updated_at, intakes.created_at) as observed_at
    from {{ ref('stg_emotion_visualizer__intake_session_emotions') }} as emotions
    inner join intakes on emotions.session_key = intakes.session_key

),

final as (

    -- an entry that an intake led to is its outcome, not one more exchange
    select
        'emotion_entries' as entity,
        cast(entry_id as text) as row_id,
        case when session_key is null then 'event' else 'document' end as trace_kind,
        entry_id as document_key,
        cast(entry_id as text) as document_id,
        session_key,
        user_key,
        cast(null as text) as emotion,
        cast(null as double precision) as intensity,
        cast(null as double precision) as confidence,
        created_at as occurred_at,
        _load_id
    from entries
    union all
    select
        'emotion_entry_emotions' as entity,
        entry_id || '/' || emotion_position as row_id,
        'observation' as trace_kind,
        entry_id as document_key,
        cast(entry_id as text) as document_id,
        session_key,
        user_key,
        emotion,
        intensity,
        null as confidence,
        created_at as occurred_at,
        _load_id
    from entry_emotions
    union all
    select
        'intake_sessions' as entity,
        cast(session_key as text) as row_id,
        'session' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        created_at as occurred_at,
        _load_id
    from intakes
    union all
    select
        'intake_session_exchanges' as entity,
        session_key || '/' || exchange_position as row_id,
        'event' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        coalesce(exchanged_at, created_at) as occurred_at,
        _load_id
    from exchanges
    union all
    select
        'intake_session_emotions' as entity,
        session_key || '/' || emotion_position as row_id,
        'observation' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        emotion,
        null as intensity,
        null as confidence,
        observed_at as occurred_at,
        _load_id
    from intake_emotions

)

select * from final
