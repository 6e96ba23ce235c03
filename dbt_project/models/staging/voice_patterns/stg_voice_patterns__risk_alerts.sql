with

source as (

    select * from {{ source('voice_patterns', 'risk_alerts') }}

),

final as (

    select
        alert_id,
        pattern_id,
        user_key,
        counselor_key,
        risk_level,
        risk_interpretation_length,
        risk_interpretation_words,
        counselor_response_length,
        counselor_response_words,
        resolution_notes_length,
        resolution_notes_words,
        risk_score,
        is_alert_sent,
        is_counselor_notified,
        has_counselor_responded,
        is_resolved,
        created_at,
        alert_sent_at,
        counselor_response_at,
        resolved_at,
        _load_id
    from source

)

select * from final
