{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('stg_masterx__learning_sessions') }}

),

interactions as (

    select
        interactions.*,
        sessions.user_key
    from {{ ref('stg_masterx__learning_session_interactions') }} as interactions
    inner join sessions on interactions.session_key = sessions.session_key

),

session_emotions as (

    select
        emotions.*,
        sessions.user_key
    from {{ ref('stg_masterx__learning_session_emotions') }} as emotions
    inner join sessions on emotions.session_key = sessions.session_key

),

masteries as (

    select * from {{ ref('stg_masterx__content_mastery') }}

),

activities as (

    select
        activities.*,
        masteries.user_key
    from {{ ref('stg_masterx__content_mastery_history') }} as activities
    inner join masteries on activities.mastery_id = masteries.mastery_id

),

final as (

    select
        'learning_sessions' as entity,
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
    {% for emotion, moment in {
        'initial_emotional_state': 'started_at',
        'final_emotional_state': 'coalesce(ended_at, started_at)',
    }.items() -%}
    union all
    select
        'learning_sessions' as entity,
        session_key || '/{{ emotion }}' as row_id,
        'observation' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        {{ emotion }} as emotion,
        null as intensity,
        null as confidence,
        {{ moment }} as occurred_at,
        _load_id
    from sessions
    where {{ emotion }} is not null
    {% endfor -%}
    union all
    select
        'learning_session_emotions' as entity,
        session_key || '/' || emotion_position as row_id,
        'observation' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        emotion,
        intensity,
        null as confidence,
        observed_at as occurred_at,
        _load_id
    from session_emotions
    union all
    select
        'learning_session_interactions' as entity,
        session_key || '/' || interaction_position as row_id,
        'event' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        occurred_at,
        _load_id
    from interactions
    union all
    select
        'learning_session_interactions' as entity,
        session_key || '/' || interaction_position || '/detected' as row_id,
        'observation' as trace_kind,
        session_key as document_key,
        cast(session_key as text) as document_id,
        session_key,
        user_key,
        detected_emotion as emotion,
        emotional_intensity as intensity,
        emotion_confidence as confidence,
        occurred_at,
        _load_id
    from interactions
    where detected_emotion is not null
    union all
    -- practice outside of any session lies under the user: ids of masteries are no keys
    select
        'content_mastery' as entity,
        mastery_id as row_id,
        'document' as trace_kind,
        user_key as document_key,
        mastery_id as document_id,
        null as session_key,
        user_key,
        null as emotion,
        null as intensity,
        null as confidence,
        coalesce(last_practiced_at, first_exposure_at) as occurred_at,
        _load_id
    from masteries
    union all
    select
        'content_mastery_history' as entity,
        mastery_id || '/' || activity_position as row_id,
        -- also one whose state has gone, so that its going is seen
        case when emotional_state is null then 'document' else 'observation' end as trace_kind,
        user_key as document_key,
        mastery_id as document_id,
        session_key,
        user_key,
        emotional_state as emotion,
        null as intensity,
        null as confidence,
        practiced_at as occurred_at,
        _load_id
    from activities

)

select * from final
