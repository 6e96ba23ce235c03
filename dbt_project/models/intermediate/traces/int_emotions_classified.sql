{{ config(materialized='view') }}

with

taxonomy as (

    select * from {{ ref('emotion_taxonomy') }}

),

observations as (

    select * from {{ ref('int_traces_attributed') }}
    where trace_kind = 'observation'

),

final as (

    select
        observations.entity || '/' || observations.row_id as observation_id,
        observations.system,
        observations.entity as source_entity,
        observations.session_key,
        observations.user_key,
        observations.visitor_key,
        observations.emotion as label,
        taxonomy.canonical_label,
        taxonomy.valence,
        taxonomy.arousal,
        observations.intensity,
        observations.confidence,
        observations.occurred_at as observed_at
    from observations
    left join taxonomy
        on
            observations.system = taxonomy.vocabulary
            and lower(trim(observations.emotion)) = taxonomy.label

)

select * from final
