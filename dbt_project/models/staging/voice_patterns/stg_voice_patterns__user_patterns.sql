with

source as (

    select * from {{ source('voice_patterns', 'user_patterns') }}

),

final as (

    select
        pattern_id,
        user_key,
        trajectory,
        recent_shift,
        primary_language,
        stoicism_level,
        communication_style,
        most_severe_trigger,
        primary_coping_style,
        current_risk_level,
        current_state,
        dissonance_type,
        stated_emotion,
        dissonance_voice_emotion,
        truth_signal,
        dissonance_risk_level,
        risk_interpretation,
        code_switching_pattern_length,
        code_switching_pattern_words,
        trigger_combinations_length,
        version,
        sessions_analyzed,
        data_confidence,
        trajectory_confidence,
        variability_score,
        deflection_frequency,
        trigger_count,
        coping_consistency,
        current_risk_score,
        dissonance_score,
        baseline_deviation,
        has_code_switching,
        is_current,
        generated_at,
        _load_id
    from source

)

select * from final
