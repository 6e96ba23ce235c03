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
    {% for kind, condition in {
        'event': 'session_key is null',
        'document': 'session_key is not null',
    }.items() -%}
    {{ trace(
        kind, 'emotion_entries', 'entries', 'entry_id', 'created_at', condition=condition
    ) }}
    union all
    {% endfor -%}
    {{ trace(
        'observation', 'emotion_entry_emotions', 'entry_emotions',
        "entry_id || '/' || emotion_position", 'created_at', emotion='emotion', intensity='intensity'
    ) }}
    union all
    {{ trace('session', 'intake_sessions', 'intakes', 'session_key', 'created_at') }}
    union all
    {{ trace(
        'event', 'intake_session_exchanges', 'exchanges',
        "session_key || '/' || exchange_position", 'coalesce(exchanged_at, created_at)'
    ) }}
    union all
    {{ trace(
        'observation', 'intake_session_emotions', 'intake_emotions',
        "session_key || '/' || emotion_position", 'observed_at', emotion='emotion'
    ) }}

)

select * from final
