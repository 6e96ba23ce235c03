"""The tables of the voice patterns as their document declares them, and the ways their rows get broken."""

from ingestion.simulator.dirt import at_json, put
from ingestion.simulator.plan import Dirt, Table

SESSION_DIRT = (
    Dirt("unknown_emotion", put(voice_emotion="schadenfreude"), ("in:voice_emotion",)),
    Dirt("more_than_certain", put(emotion_confidence=1.5), ("between:emotion_confidence",)),
    Dirt("negative_duration", put(duration_seconds=-5), ("between:duration_seconds",)),
    Dirt("no_user", put(user_id=None), ("not_null:user_key",), fits_table=False),
    Dirt("ends_before_start", put(session_end="2001-01-01T00:00:00"), ("session_ends_before_start",)),
    Dirt("broken_json", put(voice_features='{"prosodic": '), ("json:voice_features",), fits_table=False),
    Dirt(
        "word_for_a_number",
        at_json("voice_features", "prosodic", "pitch_mean", value="high"),
        ("type:pitch_mean",),
    ),
)
PATTERN_DIRT = (
    Dirt("unknown_trajectory", put(trajectory="sideways"), ("in:trajectory",)),
    Dirt("unknown_risk", put(current_risk_level="unclear"), ("in:current_risk_level",)),
    Dirt("unknown_state", put(current_state="floating"), ("in:current_state",)),
    Dirt("more_than_certain", put(data_confidence=1.5), ("between:data_confidence",)),
    Dirt("negative_sessions", put(sessions_analyzed=-1), ("between:sessions_analyzed",)),
    Dirt(
        "share_of_two",
        at_json("emotion_distribution", "neutral", value=2.0),
        ("between:share",),
        entity="user_pattern_emotions",
    ),
)
BASELINE_DIRT = (Dirt("negative_sessions", put(sessions_analyzed=-1), ("between:sessions_analyzed",)),)
CONFIG_DIRT = (
    Dirt("unknown_theme", put(theme="disco"), ("in:theme",)),
    Dirt("unknown_prominence", put(crisis_prominence="everywhere"), ("in:crisis_prominence",)),
    Dirt("rating_of_nine", put(user_rating=9), ("between:user_rating",)),
)
CHANGE_DIRT = (
    Dirt("unknown_change", put(change_type="repainted"), ("in:change_type",)),
    Dirt("rating_of_zero", put(user_rating=0), ("between:user_rating",)),
)
ALERT_DIRT = (
    Dirt("low_risk", put(risk_level="low"), ("in:risk_level",)),
    Dirt("score_of_two", put(risk_score=2.0), ("between:risk_score",)),
    Dirt("no_factor", put(risk_factors=[None]), ("not_null:risk_factor",), entity="risk_alert_factors"),
)
HISTORY_DIRT = (
    Dirt("score_of_two", put(risk_score=2.0), ("between:risk_score",)),
    Dirt("no_time", put(snapshot_at=None), ("not_null:snapshot_at",), fits_table=False),
)

USERS = Table(
    "users",
    "users",
    """user_id uuid not null, anonymous_id text not null, email_hash text, phone_hash text, created_at timestamp,
    last_active timestamp, account_status text, data_retention_days integer, consent_research boolean,
    consent_emergency_contact boolean, timezone text""",
    "user_id",
)
SESSIONS = Table(
    "voice_sessions",
    "voice_sessions",
    """session_id uuid not null, user_id uuid not null, session_start timestamp not null, session_end timestamp,
    duration_seconds integer, voice_emotion text, emotion_confidence double precision, voice_features jsonb,
    transcript_encrypted text, transcript_language text, processed boolean, patterns_extracted boolean,
    delete_after timestamp""",
    "session_id",
    SESSION_DIRT,
)
PATTERNS = Table(
    "user_patterns",
    "user_patterns",
    """pattern_id uuid not null, user_id uuid not null, version integer not null, generated_at timestamp not null,
    sessions_analyzed integer not null, data_confidence double precision not null, primary_emotions text[],
    emotion_distribution jsonb, temporal_patterns jsonb, trajectory text, trajectory_confidence double precision,
    variability_score double precision, recent_shift text, primary_language text, code_switching boolean,
    code_switching_pattern text, deflection_phrases text[], deflection_frequency double precision, stoicism_level text,
    cultural_stressors text[], communication_style text, triggers jsonb, trigger_count integer,
    most_severe_trigger text, trigger_combinations jsonb, effective_strategies jsonb, ineffective_strategies jsonb,
    untried_suggestions text[], coping_consistency double precision, primary_coping_style text,
    current_dissonance jsonb, current_risk_level text, current_risk_score double precision,
    current_risk_factors text[], primary_concerns text[], current_state text, support_needs text[],
    identified_strengths text[], identified_challenges text[], is_current boolean""",
    "pattern_id",
    PATTERN_DIRT,
)
BASELINES = Table(
    "voice_baselines",
    "voice_baselines",
    """baseline_id uuid not null, user_id uuid not null, version integer not null, established_at timestamp not null,
    sessions_analyzed integer not null, baseline_established boolean, typical_pitch_mean double precision,
    typical_pitch_std double precision, typical_pitch_range double precision, typical_energy_mean double precision,
    typical_energy_std double precision, typical_speech_rate double precision, typical_pause_ratio double precision,
    typical_prosody_variance double precision, typical_emotion_distribution jsonb, stress_markers jsonb,
    is_current boolean""",
    "baseline_id",
    BASELINE_DIRT,
)
CONFIGS = Table(
    "interface_configs",
    "interface_configs",
    """config_id uuid not null, user_id uuid not null, pattern_id uuid not null, version text not null,
    generated_at timestamp not null, ui_config_encrypted text not null, theme text, primary_components text[],
    hidden_components text[], crisis_prominence text, deployed boolean, deployed_at timestamp, user_rating integer,
    user_feedback text, is_current boolean""",
    "config_id",
    CONFIG_DIRT,
)
CHANGES = Table(
    "interface_changes",
    "interface_changes",
    """change_id uuid not null, user_id uuid not null, config_id uuid not null, change_type text not null,
    component_affected text, reason text not null, created_at timestamp, shown_to_user boolean,
    user_acknowledged boolean, user_rating integer, user_feedback text""",
    "change_id",
    CHANGE_DIRT,
)
ALERTS = Table(
    "risk_alerts",
    "risk_alerts",
    """alert_id uuid not null, user_id uuid not null, pattern_id uuid, risk_level text not null,
    risk_score double precision not null, risk_factors text[] not null, risk_interpretation text not null,
    created_at timestamp, alert_sent boolean, alert_sent_at timestamp, counselor_id uuid, counselor_notified boolean,
    counselor_responded boolean, counselor_response text, counselor_response_at timestamp, resolved boolean,
    resolved_at timestamp, resolution_notes text""",
    "alert_id",
    ALERT_DIRT,
)
HISTORY = Table(
    "pattern_history",
    "pattern_history",
    """history_id uuid not null, user_id uuid not null, pattern_id uuid not null, snapshot_at timestamp not null,
    version integer not null, emotional_trajectory text, risk_level text, risk_score double precision,
    dissonance_score double precision, coping_consistency double precision, baseline_deviation double precision,
    full_pattern_compressed jsonb""",
    "history_id",
    HISTORY_DIRT,
)
KEYS = Table(
    "encryption_keys",
    "",
    """user_id uuid not null, public_key text not null, private_key_encrypted text not null, salt text not null,
    created_at timestamp, rotated_at timestamp""",
    "user_id",
)
"""Secrets: in the source so that a test can see that nobody reads them."""
TABLES = (USERS, SESSIONS, PATTERNS, BASELINES, CONFIGS, CHANGES, ALERTS, HISTORY, KEYS)
