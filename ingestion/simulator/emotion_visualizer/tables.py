"""The tables of EmotionVisualizer as its document declares them, and the ways their rows get broken."""

from ingestion.simulator.dirt import at_json, filled, put
from ingestion.simulator.plan import Change, Dirt, Record, Table

EMOTIONS = (
    "anger",
    "anxiety",
    "contentment",
    "disgust",
    "excitement",
    "fear",
    "frustration",
    "joy",
    "sadness",
    "surprise",
)
"""By name, so that ties are broken as marts do."""


def _first_emotion(row: Record) -> None:
    row["emotions"] = ["schadenfreude", *row["emotions"][1:]]


USER_DIRT = (
    Dirt("no_address", put(email="not an address"), ("matches:email_key",)),
    Dirt("no_creation", put(created_at=None), ("not_null:created_at",)),
)
ENTRY_DIRT = (
    Dirt("intensity_of_seven", put(intensity=7.0), ("between:intensity",)),
    Dirt("no_emotion", put(emotions=[]), ("between:emotion_count",)),
    Dirt("unknown_source", put(source="telepathy"), ("in:entry_source",)),
    Dirt("empty_situation", put(situation=""), ("between:situation_length",)),
    Dirt("no_user", put(user_id=None), ("not_null:user_key",), fits_table=False),
    Dirt("unknown_emotion", Change(("emotions",), _first_emotion), ("in:emotion",), entity="emotion_entry_emotions"),
)
VISUALIZATION_DIRT = (
    Dirt("unknown_status", put(status="stuck"), ("in:status",)),
    Dirt("unknown_style", put(style="cubist"), ("in:style",)),
    Dirt(
        "done_before_begun",
        put(processing_completed_at="2001-01-01T00:00:00+00:00"),
        ("processing_ends_before_start",),
        filled("processing_completed_at"),
    ),
)
INTAKE_DIRT = (
    Dirt("step_zero", put(current_step=0), ("between:current_step",)),
    Dirt("no_situation", put(initial_situation=None), ("not_null:initial_situation_length",), fits_table=False),
    Dirt(
        "unknown_emotion",
        at_json("ai_context", "detected_emotions", 0, value="schadenfreude"),
        ("in:emotion",),
        entity="intake_session_emotions",
    ),
)
ANALYTICS_DIRT = (
    Dirt("intensity_of_two", put(average_intensity=2.0), ("between:average_intensity",)),
    Dirt("negative_total", put(total_entries=-1), ("between:total_entries",)),
    Dirt("ends_before_start", put(period_end="2001-01-01"), ("period_ends_before_start",)),
    Dirt(
        "negative_count",
        at_json("emotion_counts", "joy", value=-1),
        ("between:entry_count",),
        entity="emotion_analytics_counts",
    ),
)

USERS = Table(
    "users",
    "users",
    """id uuid not null, email text not null, hashed_password text not null, name text not null, is_active boolean,
    is_verified boolean, created_at timestamptz, updated_at timestamptz, last_login_at timestamptz""",
    "id",
    USER_DIRT,
)
INTAKES = Table(
    "intake_sessions",
    "intake_sessions",
    """id uuid not null, user_id uuid not null, initial_situation text not null, conversation_history jsonb not null,
    current_step integer, is_complete boolean, ai_context jsonb, final_summary text, created_at timestamptz,
    updated_at timestamptz, completed_at timestamptz""",
    "id",
    INTAKE_DIRT,
)
ENTRIES = Table(
    "emotion_entries",
    "emotion_entries",
    """id uuid not null, user_id uuid not null, situation text not null, emotions text[] not null,
    intensity numeric(3,2) not null, notes text, source text, intake_session_id uuid, created_at timestamptz,
    updated_at timestamptz""",
    "id",
    ENTRY_DIRT,
)
VISUALIZATIONS = Table(
    "visualizations",
    "visualizations",
    """id uuid not null, entry_id uuid not null, user_id uuid not null, status text not null, style text,
    image_url text, thumbnail_url text, summary text, insights text[], visual_elements jsonb, error_message text,
    gemini_analysis jsonb, nanobanana_response jsonb, processing_started_at timestamptz,
    processing_completed_at timestamptz, created_at timestamptz, updated_at timestamptz""",
    "id",
    VISUALIZATION_DIRT,
)
ANALYTICS = Table(
    "emotion_analytics",
    "emotion_analytics",
    """id uuid not null, user_id uuid not null, period_start date not null, period_end date not null,
    emotion_counts jsonb not null, average_intensity numeric(3,2), total_entries integer, most_common_emotions text[],
    insights text[], computed_at timestamptz""",
    "id",
    ANALYTICS_DIRT,
)
API_KEYS = Table(
    "api_keys",
    "api_keys",
    """id uuid not null, user_id uuid not null, key_hash text not null, name text not null, scopes text[],
    is_active boolean, last_used_at timestamptz, expires_at timestamptz, created_at timestamptz""",
    "id",
)
TABLES = (USERS, INTAKES, ENTRIES, VISUALIZATIONS, ANALYTICS, API_KEYS)
