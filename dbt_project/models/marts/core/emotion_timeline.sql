{{ config(
    indexes=[
        {'columns': ['user_key', 'observed_at']},
        {'columns': ['observed_at']},
        {'columns': ['canonical_label']},
    ],
) }}

with

observations as (

    select * from {{ ref('int_emotions_classified') }}
    where {{ utc_date('observed_at') }} <= {{ as_of() }}

),

final as (

    select
        observation_id,
        system,
        source_entity,
        session_key,
        user_key,
        visitor_key,
        label,
        canonical_label,
        valence,
        arousal,
        intensity,
        confidence,
        observed_at
    from observations

)

select * from final
