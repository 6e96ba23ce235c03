with

source as (

    select * from {{ source('voice_patterns', 'voice_sessions') }}

),

final as (

    select
        session_key,
        user_key,
        voice_emotion,
        transcript_language,
        duration_seconds,
        emotion_confidence,
        pitch_mean,
        pitch_std,
        pitch_range,
        energy_mean,
        energy_std,
        prosody_variance,
        jitter,
        shimmer,
        hnr,
        spectral_centroid,
        spectral_rolloff,
        spectral_bandwidth,
        zero_crossing_rate,
        speech_rate,
        pause_ratio,
        pause_count,
        mean_pause_seconds,
        is_processed,
        has_patterns_extracted,
        started_at,
        ended_at,
        delete_after_at,
        _load_id
    from source

)

select * from final
