"""The collections of MasterX, and the ways their documents get broken.

What a person's consent may withhold stays clean, and so do the users themselves: without their document nobody's
consent is known.
"""

from ingestion.simulator.dirt import inside, without
from ingestion.simulator.plan import DOCUMENTS, Change, Dirt, Record, Table, When


def _bad_share(document: Record) -> None:
    distribution = document["emotional_summary"]["emotion_distribution"]
    distribution[min(distribution)]["percentage"] = 140.0


HAS_AI_ANSWER = When((), lambda document: "ai_response" in document["interactions"][0])
HAS_STEPS = When((), lambda document: bool(document["performance_metrics"]["difficulty_progression"]))
DNA_DIRT = (
    Dirt(
        "more_than_certain",
        inside("cognitive_profile", "learning_style", "confidence_score", value=1.5),
        ("between:style_confidence_score",),
    ),
    Dirt("unknown_goal", inside("motivation_profile", "goal_orientation", value="fame"), ("in:goal_orientation",)),
    Dirt(
        "unknown_assessment",
        inside("assessment_history", 0, "assessment_type", value="gossip"),
        ("in:assessment_type",),
        entity="learning_dna_assessments",
    ),
)
SESSION_DIRT = (
    Dirt("unknown_type", inside("session_context", "session_type", value="nap"), ("in:session_type",)),
    Dirt(
        "more_correct_than_asked",
        inside("performance_metrics", "questions_correct", value=999),
        ("more_correct_than_attempted",),
    ),
    Dirt(
        "accuracy_of_200",
        inside("performance_metrics", "accuracy_percentage", value=200.0),
        ("between:accuracy_percentage",),
    ),
    Dirt("no_user", without("user_id"), ("not_null:user_key",)),
    Dirt("no_start", without("started_at"), ("not_null:started_at",)),
    Dirt(
        "unknown_interaction",
        inside("interactions", 0, "interaction_type", value="telepathy"),
        ("in:interaction_type",),
        entity="learning_session_interactions",
    ),
    Dirt(
        "unknown_provider",
        inside("interactions", 0, "ai_response", "provider_used", value="oracle"),
        ("in:ai_provider",),
        HAS_AI_ANSWER,
        entity="learning_session_interactions",
    ),
    Dirt(
        "rate_of_three",
        inside("performance_metrics", "difficulty_progression", 0, "success_rate", value=3.0),
        ("between:success_rate",),
        HAS_STEPS,
        entity="learning_session_difficulty_steps",
    ),
)
ANALYTICS_DIRT = (
    Dirt(
        "well_beyond_measure",
        inside("emotional_summary", "overall_emotional_wellness", value=1.3),
        ("between:overall_emotional_wellness",),
    ),
    Dirt("unknown_source", inside("data_source", value="a hunch"), ("in:data_source",)),
    Dirt("share_of_140", Change((), _bad_share), ("between:percentage",), entity="emotional_analytics_emotions"),
)
MASTERY_DIRT = (
    Dirt(
        "mastered_twice_over",
        inside("mastery_tracking", "current_mastery_level", value=1.7),
        ("between:current_mastery_level",),
    ),
    Dirt("no_concept", without("concept"), ("not_null:concept",)),
    Dirt(
        "score_of_nine",
        inside("learning_history", 0, "performance_score", value=9.0),
        ("between:performance_score",),
        entity="content_mastery_history",
    ),
    Dirt(
        "unknown_activity",
        inside("learning_history", 0, "activity_type", value="dreaming"),
        ("in:activity_type",),
        entity="content_mastery_history",
    ),
)

USERS = Table("users", "users", DOCUMENTS, "user_id")
DNA = Table("learning_dna", "learning_dna", DOCUMENTS, "user_id", DNA_DIRT)
SESSIONS = Table("learning_sessions", "learning_sessions", DOCUMENTS, "session_id", SESSION_DIRT)
ANALYTICS = Table("emotional_analytics", "emotional_analytics", DOCUMENTS, "_id", ANALYTICS_DIRT)
MASTERY = Table("content_mastery", "content_mastery", DOCUMENTS, "_id", MASTERY_DIRT)
TABLES = (USERS, DNA, SESSIONS, ANALYTICS, MASTERY)
