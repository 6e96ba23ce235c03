with

source as (

    select * from {{ source('voice_patterns', 'pattern_history') }}

),

final as (

    select
        history_id,
        pattern_id,
        user_key,
        emotional_trajectory,
        risk_level,
        version,
        risk_score,
        dissonance_score,
        coping_consistency,
        baseline_deviation,
        snapshot_at,
        _load_id
    from source

)

select * from final
