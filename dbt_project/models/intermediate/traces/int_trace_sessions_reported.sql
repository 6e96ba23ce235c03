{{ config(materialized='view') }}

with

journeys as (

    select
        *,
        row_number() over (
            partition by session_key
            order by started_at, journey_id
        ) as journey_number
    from {{ ref('stg_emotional_core__user_journeys') }}
    where session_key is not null

),

intakes as (

    select * from {{ ref('stg_emotion_visualizer__intake_sessions') }}

),

learning_sessions as (

    select * from {{ ref('stg_masterx__learning_sessions') }}

),

voice_sessions as (

    select * from {{ ref('stg_voice_patterns__voice_sessions') }}

),

final as (

    select
        session_key,
        user_key as reported_user_key,
        cast(journey_id as text) as session_row_id,
        cast(null as text) as reported_device_type,
        cast(null as bigint) as reported_events,
        {{ double('total_duration_ms') }} / 1000 as reported_seconds,
        started_at as reported_started_at,
        ended_at as reported_ended_at
    from journeys
    where journey_number = 1
    union all
    select
        session_key,
        user_key as reported_user_key,
        null as session_row_id,
        null as reported_device_type,
        exchange_count as reported_events,
        null as reported_seconds,
        created_at as reported_started_at,
        completed_at as reported_ended_at
    from intakes
    union all
    select
        session_key,
        user_key as reported_user_key,
        document_id as session_row_id,
        device_type as reported_device_type,
        null as reported_events,
        {{ double('duration_minutes') }} * 60 as reported_seconds,
        started_at as reported_started_at,
        ended_at as reported_ended_at
    from learning_sessions
    union all
    select
        session_key,
        user_key as reported_user_key,
        null as session_row_id,
        null as reported_device_type,
        null as reported_events,
        duration_seconds as reported_seconds,
        started_at as reported_started_at,
        ended_at as reported_ended_at
    from voice_sessions

)

select * from final
