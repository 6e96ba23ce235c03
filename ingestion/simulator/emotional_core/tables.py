"""The tables of Emotional Core as its document describes them, and the ways their rows get broken."""

from ingestion.simulator.dirt import at_json, drop, filled, put
from ingestion.simulator.plan import Dirt, Table

CONFIG_DIRT = (
    Dirt("unknown_privacy_level", put(privacy_level="secret"), ("in:privacy_level",)),
    Dirt("no_palette", drop("theme", "palette"), ("not_null:palette_primary",)),
    Dirt("primary_is_no_color", at_json("theme", "palette", "primary", value="blue-ish"), ("matches:palette_primary",)),
    Dirt(
        "accent_is_no_color",
        at_json("theme", "palette", "accent", value="sparkling"),
        ("matches:color",),
        entity="emotional_config_colors",
    ),
    Dirt("no_accessibility", drop("motion_preferences", "accessibility"), ("not_null:is_reduced_motion",)),
)
EMOTION_DIRT = (
    Dirt("anxiety_of_nine", put(anxiety_level=9), ("between:anxiety_level",)),
    Dirt("confidence_of_zero", put(confidence_level=0), ("between:confidence_level",)),
    Dirt("engaged_beyond_measure", put(engagement_score=1.4), ("between:engagement_score",)),
    Dirt("unknown_phase", put(phase="act9"), ("in:phase",)),
    Dirt("no_id", put(id=None), ("not_null:emotion_id",), fits_table=False),
    Dirt("no_time", put(timestamp=None), ("not_null:measured_at",)),
    Dirt("broken_json", put(metadata='{"component_id": '), ("json:metadata",), fits_table=False),
)
METRIC_DIRT = (
    Dirt("impact_of_two", put(emotional_impact=2.0), ("between:emotional_impact",)),
    Dirt("negative_completion", put(completion_rate=-0.5), ("between:completion_rate",)),
    Dirt("unknown_interaction", put(interaction_type="teleport"), ("in:interaction_type",)),
    Dirt("no_component", put(component_id=None), ("not_null:component_id",)),
    Dirt("negative_duration", put(duration=-1), ("between:duration_ms",)),
)
FUNNEL_DIRT = (
    Dirt("unknown_step", put(funnel_step="warp"), ("in:funnel_step",)),
    Dirt("unknown_step_before", put(previous_step="warp"), ("in:previous_step",)),
    Dirt("state_of_zero", put(emotional_state_entry=0), ("between:emotional_state_entry",)),
    Dirt("more_than_certain", put(conversion_probability=1.2), ("between:conversion_probability",)),
)
JOURNEY_DIRT = (
    Dirt("rating_of_seven", put(feedback_rating=7), ("between:feedback_rating",)),
    Dirt("unknown_status", put(completion_status="lost"), ("in:completion_status",)),
    Dirt(
        "ends_before_start",
        put(journey_end="2001-01-01T00:00:00+00:00"),
        ("journey_ends_before_start",),
        filled("journey_end"),
    ),
    # what a person's consent may withhold stays clean: it would never reach the quarantine
    Dirt(
        "unknown_step_in_path",
        at_json("conversion_path", 0, "funnel_step", value="warp"),
        ("in:funnel_step",),
        entity="user_journey_path_steps",
    ),
)
IMPACT_DIRT = (
    Dirt("impact_of_two", put(impact_score=2.0), ("between:impact_score",)),
    Dirt("unknown_measurement", put(measurement_type="aura_brightness"), ("in:measurement_type",)),
    Dirt("unknown_intervention", put(intervention_type="hypnosis"), ("in:intervention_type",)),
    Dirt("no_date", put(measurement_date=None), ("not_null:measurement_date",)),
)

CONFIGS = Table(
    "emotional_config",
    "emotional_configs",
    """id uuid not null, user_id uuid, theme jsonb, motion_preferences jsonb, language text,
    notification_settings jsonb, privacy_level text, created_at timestamptz, updated_at timestamptz""",
    "id",
    CONFIG_DIRT,
)
EMOTIONS = Table(
    "user_emotion",
    "user_emotions",
    """id uuid not null, user_id uuid, session_id text, phase text, anxiety_level integer, confidence_level integer,
    engagement_score numeric, emotional_context text, interaction_type text, metadata jsonb, timestamp timestamptz""",
    "id",
    EMOTION_DIRT,
)
METRICS = Table(
    "engagement_metric",
    "engagement_metrics",
    """id uuid not null, user_id uuid, session_id text, component_id text, interaction_type text, duration integer,
    emotional_impact numeric, completion_rate numeric, accessibility_used boolean, device_info jsonb,
    timestamp timestamptz""",
    "id",
    METRIC_DIRT,
)
FUNNELS = Table(
    "conversion_funnel",
    "conversion_funnels",
    """id uuid not null, user_id uuid, session_id text, funnel_step text, previous_step text, time_in_step integer,
    emotional_state_entry integer, emotional_state_exit integer, conversion_probability numeric, ab_test_variant text,
    metadata jsonb, timestamp timestamptz""",
    "id",
    FUNNEL_DIRT,
)
JOURNEYS = Table(
    "user_journey",
    "user_journeys",
    """id uuid not null, user_id uuid, session_id text, journey_start timestamptz, journey_end timestamptz,
    total_duration integer, emotional_arc jsonb, engagement_pattern jsonb, conversion_path jsonb,
    personalization_profile jsonb, completion_status text, feedback_rating integer, feedback_comments text""",
    "id",
    JOURNEY_DIRT,
)
IMPACTS = Table(
    "emotional_impact",
    "emotional_impacts",
    """id uuid not null, user_id uuid, session_id text, measurement_type text, baseline_value numeric,
    post_value numeric, impact_score numeric, confidence_level numeric, intervention_type text, context_data jsonb,
    measurement_date date, timestamp timestamptz""",
    "id",
    IMPACT_DIRT,
)
TABLES = (CONFIGS, EMOTIONS, METRICS, FUNNELS, JOURNEYS, IMPACTS)
