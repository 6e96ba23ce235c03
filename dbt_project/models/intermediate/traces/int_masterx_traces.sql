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
        'observation', 'learning_sessions', 'sessions', "session_key || '/" ~ emotion ~ "'", moment,
        emotion=emotion, condition=emotion ~ ' is not null'
    ) }}
    {% endfor -%}
    union all
    {{ trace(
        'observation', 'learning_session_emotions', 'session_emotions',
        "session_key || '/' || emotion_position", 'observed_at',
        emotion='emotion', intensity='intensity'
    ) }}
    union all
    {{ trace(
        'event', 'learning_session_interactions', 'interactions',
        "session_key || '/' || interaction_position", 'occurred_at'
    ) }}
    union all
    {{ trace(
        'observation', 'learning_session_interactions', 'interactions',
        "session_key || '/' || interaction_position || '/detected'", 'occurred_at',
        emotion='detected_emotion', intensity='emotional_intensity',
        confidence='emotion_confidence', condition='detected_emotion is not null'
    ) }}
    union all
    {{ trace(
        'observation', 'content_mastery_history', 'activities',
        "mastery_id || '/' || activity_position", 'practiced_at',
        emotion='emotional_state', condition='emotional_state is not null'
    ) }}

)

select * from final
