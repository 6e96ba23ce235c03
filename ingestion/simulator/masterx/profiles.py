"""Documents about a learner as a whole: account, learning profile, and the day's emotional analytics."""

from datetime import datetime, timedelta
from itertools import pairwise

from ingestion.simulator.masterx.learners import UNPLEASANT, VALENCE, Dice
from ingestion.simulator.masterx.mastery import Mind
from ingestion.simulator.masterx.sessions import Course
from ingestion.simulator.plan import Record

LONGEST_STATE = timedelta(minutes=30)
EDUCATION = ("middle_school", "high_school", "undergraduate", "graduate", "professional")
COUNTRIES = ("Kenya", "Nigeria", "Germany", "India", "Brazil")
STYLES = ("visual", "auditory", "kinesthetic", "reading_writing")
LEVELS = ("low", "average", "high")
GOOD_RATING = 4


def user_document(dice: Dice, row_id: object, user_id: str, person: Record) -> Record:
    """The document of users; `person` has name, email, made, last, analytics, emotional, subject and timezone."""
    return {
        "_id": row_id,
        "user_id": user_id,
        "email": person["email"],
        "password_hash": f"$2b$12${user_id[:20]}",
        "email_verified": dice.chance(0.9),
        "created_at": person["made"],
        "updated_at": person["last"],
        "last_login": person["last"],
        "profile": _profile(dice, person),
        "subscription": _subscription(dice, user_id, person["made"]),
        "preferences": _preferences(dice, person),
        "account_status": "active",
        "security": {
            "failed_login_attempts": dice.whole(0, 2),
            "last_password_change": person["made"],
            "two_factor_enabled": dice.chance(0.3),
        },
    }


def _profile(dice: Dice, person: Record) -> Record:
    return {
        "name": person["name"],
        "age": dice.whole(12, 60),
        "education_level": dice.one_of(EDUCATION),
        "timezone": person["timezone"],
        "location": {"country": dice.one_of(COUNTRIES)},
        "learning_goals": ["Pass the exam in summer", "Understand it for myself"][: dice.whole(1, 2)],
        "subjects_of_interest": [person["subject"]],
    }


def _subscription(dice: Dice, user_id: str, made: datetime) -> Record:
    plan = dice.one_of(("free", "free", "premium", "family"))
    usage = {"ai_queries_used": dice.whole(0, 300), "ai_queries_limit": 1000, "reset_date": made + timedelta(30)}
    subscription: Record = {
        "plan": plan,
        "status": dice.one_of(("active", "active", "active", "trial", "cancelled")),
        "billing_cycle": dice.one_of(("monthly", "yearly")),
        "usage_tracking": usage,
    }
    if plan != "free":
        subscription |= {"subscribed_at": made, "expires_at": made + timedelta(365)}
        subscription["payment_method_id"] = f"pm_{user_id[:8]}"
    return subscription


def _preferences(dice: Dice, person: Record) -> Record:
    names = ("email_notifications", "study_reminders", "progress_updates", "achievement_notifications")
    return {
        "notification_settings": {name: dice.chance(0.6) for name in names},
        "privacy_settings": {
            "analytics_participation": person["analytics"],
            "emotional_data_usage": person["emotional"],
            "learning_data_sharing": dice.chance(0.5),
            "public_profile": dice.chance(0.2),
        },
        "learning_preferences": {
            "explanation_style": dice.one_of(("concise", "detailed", "comprehensive")),
            "difficulty_preference": dice.one_of(("easy", "moderate", "challenging", "adaptive")),
            "feedback_frequency": dice.one_of(("high", "moderate", "minimal")),
            "emotional_support_level": dice.one_of(("minimal", "standard", "high")),
        },
    }


def dna_document(dice: Dice, row_id: object, user_id: str, made: datetime, updated: datetime, mind: Mind) -> Record:
    """The document of learning_dna."""
    return {
        "_id": row_id,
        "user_id": user_id,
        "created_at": made,
        "updated_at": updated,
        "version": 1 if updated == made else 2,
        "cognitive_profile": _cognitive(dice, updated),
        "motivation_profile": _motivation(dice),
        "emotional_learning_patterns": {
            "optimal_emotional_states": ["curious", "confident"],
            "problematic_emotional_states": [dice.one_of(UNPLEASANT)],
            "stress_triggers": ["timed tests"],
            "confidence_builders": ["worked examples"],
            "engagement_factors": ["short exercises"],
            "emotional_recovery_strategies": ["breathing break"],
            "emotional_resilience_score": dice.between(0.2, 0.9),
        },
        "assessment_history": _assessments(dice, made, updated),
        "learning_effectiveness": _learning(dice, mind),
    }


def _motivation(dice: Dice) -> Record:
    return {
        "goal_orientation": dice.one_of(("mastery", "performance", "social", "mixed")),
        "intrinsic_motivation_level": dice.between(0.2, 1.0),
        "extrinsic_motivation_responsiveness": dice.between(0.1, 0.9),
        "feedback_preference": dice.one_of(("immediate", "periodic", "milestone_based")),
        "achievement_sensitivity": dice.between(0.1, 0.9),
        "autonomy_preference": dice.one_of(("guided", "semi_independent", "self_directed")),
    }


def _learning(dice: Dice, mind: Mind) -> Record:
    subject = {
        "mastery_rate": dice.between(0.2, 0.9),
        "engagement_level": dice.between(0.3, 0.9),
        "optimal_difficulty": dice.between(0.3, 0.8),
    }
    return {
        "subjects_performance": {mind.concepts[0].subject: subject},
        "overall_learning_velocity": mind.velocity(),
        "personalization_effectiveness": dice.between(0.3, 0.9),
    }


def _cognitive(dice: Dice, updated: datetime) -> Record:
    return {
        "learning_style": {
            "primary": dice.one_of(STYLES),
            "confidence_score": dice.between(0.4, 0.95),
            "assessment_method": dice.one_of(("survey", "behavioral_analysis", "hybrid")),
            "last_assessed": updated,
        },
        "processing_characteristics": {
            "processing_speed": dice.one_of(("slow", "average", "fast")),
            "working_memory_capacity": dice.one_of(LEVELS),
            "attention_span_minutes": dice.whole(10, 50),
            "information_processing_preference": dice.one_of(("sequential", "global", "mixed")),
            "multitasking_ability": dice.one_of(LEVELS),
        },
        "complexity_preferences": {
            "preferred_difficulty_level": dice.between(0.2, 0.9),
            "challenge_tolerance": dice.one_of(("low", "moderate", "high")),
            "explanation_depth_preference": dice.one_of(("concise", "detailed", "comprehensive")),
            "example_density_preference": dice.one_of(("minimal", "moderate", "extensive")),
            "abstract_vs_concrete": dice.between(-1, 1),
        },
    }


def _assessments(dice: Dice, made: datetime, updated: datetime) -> list[Record]:
    first = {
        "date": made,
        "assessment_type": "initial",
        "changes_made": ["learning_style.primary"],
        "confidence_delta": 0.5,
    }
    later = {
        "date": updated,
        "assessment_type": dice.one_of(("behavioral_update", "user_feedback", "performance_based")),
        "changes_made": ["attention_span_minutes"],
        "confidence_delta": dice.between(-0.1, 0.2),
    }
    return [first] if updated == made else [first, later]


def analytics_document(row_id: object, user_id: str, day: datetime, course: Course) -> Record:
    """The document of emotional_analytics for a day's one session."""
    summary = _summary(course)
    dominant = summary["dominant_emotion"]
    trend = {"emotion": dominant, "trend_direction": "stable", "change_percentage": 0.0, "time_period": "last_7_days"}
    return {
        "_id": row_id,
        "user_id": user_id,
        "analysis_date": day,
        "data_source": "daily_aggregation",
        "emotional_summary": summary,
        "learning_correlation_analysis": _correlations(course, dominant),
        "intervention_effectiveness": _effectiveness(course),
        "trends_and_patterns": {
            "emotional_trends": [trend],
            "temporal_patterns": {
                "best_learning_times": [f"{course.start.hour:02d}:00"],
                "challenging_periods": [],
                "emotional_biorhythm_insights": [],
            },
        },
    }


def _summary(course: Course) -> Record:
    """Shares of the emotions; each lasts until the next, at most 30 minutes."""
    minutes: dict[str, float] = {}
    for emotion, begun, end in zip(course.emotions, course.times, [*course.times[1:], course.end], strict=True):
        minutes[emotion] = minutes.get(emotion, 0.0) + min(end - begun, LONGEST_STATE).total_seconds() / 60
    total = sum(minutes.values()) or 1.0
    moods = [VALENCE[emotion] for emotion in course.emotions]
    steps = [(after - before) ** 2 for before, after in pairwise(moods)]
    stability = 1 - (sum(steps) / len(steps)) ** 0.5 / 2 if steps else 1.0
    wellness = (1 + sum(VALENCE[name] * spent for name, spent in minutes.items()) / total) / 2
    return {
        "dominant_emotion": max(sorted(minutes), key=lambda name: minutes[name]),
        "emotion_distribution": {
            name: {
                "percentage": round(100 * spent / total, 3),
                "total_time_minutes": round(spent, 3),
                "session_count": 1,
            }
            for name, spent in minutes.items()
        },
        "emotional_stability_score": round(stability, 4),
        "overall_emotional_wellness": round(wellness, 4),
    }


def _correlations(course: Course, dominant: str) -> Record:
    rate = round(course.correct / course.attempted, 4) if course.attempted else 0.0
    sour = sorted(set(course.emotions) & set(UNPLEASANT))
    return {
        "most_productive_emotions": [
            {"emotion": dominant, "learning_effectiveness_score": rate, "concepts_mastered_rate": 0.0}
        ],
        "problematic_emotional_patterns": [
            {
                "emotion": name,
                "learning_hindrance_score": 0.4,
                "common_triggers": ["long text"],
                "recovery_time_minutes": 5.0,
            }
            for name in sour
        ],
        "optimal_learning_conditions": {
            "best_emotional_state_for_new_concepts": "curious",
            "best_emotional_state_for_practice": "confident",
            "best_emotional_state_for_assessment": "calm",
        },
    }


def _effectiveness(course: Course) -> Record:
    kinds = sorted({applied["intervention_type"] for applied in course.interventions})
    summary = []
    for kind in kinds:
        ratings = [a.get("effectiveness_rating") for a in course.interventions if a["intervention_type"] == kind]
        known = [rating for rating in ratings if rating is not None] or [3]
        good = sum(rating >= GOOD_RATING for rating in known)
        summary.append(
            {
                "intervention_type": kind,
                "application_count": len(ratings),
                "success_rate": round(good / len(known), 4),
                "average_effectiveness_rating": round(sum(known) / len(known), 3),
            }
        )
    return {
        "interventions_applied": summary,
        "emotional_recovery_patterns": {
            "average_recovery_time_minutes": dict.fromkeys(sorted(set(course.emotions) & set(UNPLEASANT)), 5.0),
            "most_effective_recovery_strategies": [
                {"strategy": kind, "success_rate": 0.6, "applicable_emotions": ["confused", "anxious"]}
                for kind in kinds[:1]
            ],
        },
    }
