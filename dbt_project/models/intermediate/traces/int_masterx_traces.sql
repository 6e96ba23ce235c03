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

    {{ trace('session', 'learning_sessions', 'sessions', 'session_key', 'started_at') }}
    {% for emotion, moment in {
        'initial_emotional_state': 'started_at',
        'final_emotional_state': 'coalesce(ended_at, started_at)',
    }.items() -%}
    union all
    {{ trace(
        'observation', 'learning_sessions', 'sessions', 'session_key', moment,
        row="session_key || '/" ~ emotion ~ "'",
        emotion=emotion, condition=emotion ~ ' is not null'
    ) }}
    {% endfor -%}
    union all
    {{ trace(
        'observation', 'learning_session_emotions', 'session_emotions', 'session_key',
        'observed_at', row="session_key || '/' || emotion_position",
        emotion='emotion', intensity='intensity'
    ) }}
    union all
    {{ trace(
        'event', 'learning_session_interactions', 'interactions', 'session_key', 'occurred_at',
        row="session_key || '/' || interaction_position"
    ) }}
    union all
    {{ trace(
        'observation', 'learning_session_interactions', 'interactions', 'session_key',
        'occurred_at', row="session_key || '/' || interaction_position || '/detected'",
        emotion='detected_emotion', intensity='emotional_intensity',
        confidence='emotion_confidence', condition='detected_emotion is not null'
    ) }}
    union all
    -- practice outside of any session lies under the user: ids of masteries are no keys
    {{ trace(
        'document', 'content_mastery', 'masteries', 'user_key',
        'coalesce(last_practiced_at, first_exposure_at)',
        document_id='mastery_id', session=none
    ) }}
    -- also an activity whose state has gone, so that its going is seen
    {% for kind, condition in {
        'observation': 'emotional_state is not null',
        'document': 'emotional_state is null',
    }.items() -%}
    union all
    {{ trace(
        kind, 'content_mastery_history', 'activities', 'user_key', 'practiced_at',
        row="mastery_id || '/' || activity_position", document_id='mastery_id',
        emotion='emotional_state', condition=condition
    ) }}
    {% endfor %}

)

select * from final
