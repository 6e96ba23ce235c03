with

source as (

    select * from {{ source('voice_patterns', 'voice_baselines') }}

),

final as (

    select
        baseline_id,
        user_key,
        version,
        sessions_analyzed,
        typical_pitch_mean,
        typical_pitch_std,
        typical_pitch_range,
        typical_energy_mean,
        typical_energy_std,
        typical_speech_rate,
        typical_pause_ratio,
        typical_prosody_variance,
        is_established,
        is_current,
        established_at,
        _load_id
    from source

)

select * from final
