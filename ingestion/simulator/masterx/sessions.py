"""One learning session as a document: interactions, emotions and what was done about them, answers, cost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.simulator.masterx.learners import (
    ACCURACY,
    PLEASANT,
    RECOVERS_ALONE,
    SUCCESS,
    UNPLEASANT,
    Dice,
)
from ingestion.simulator.masterx.mastery import MASTERED, Concept, Mind, is_pleasant
from ingestion.simulator.plan import Record

PROVIDERS = ("groq", "gemini", "emergent")
INPUTS = ("Why is that so?", "Can you show me an example?", "I think it is the second one.", "I do not see it.")
ANSWERS = ("Because both sides change together.", "Look at the smallest case first.", "Good, now the other way round.")
TRIGGERS = ("new notation", "long text", "time pressure", "a wrong answer")
PLATFORMS = (("desktop", "web"), ("mobile", "ios"), ("mobile", "android"), ("tablet", "web"))
SESSION_TYPES = ("study", "practice", "assessment", "revision", "exploration")
TURNS_SOUR = 0.25
INTERVENES = 0.6
IS_RATED = 0.7
FEWEST_TURNS, MOST_TURNS = 3, 9


@dataclass
class Course:
    """What happens in a session, turn by turn."""

    start: datetime
    times: list[datetime] = field(default_factory=list)
    emotions: list[str] = field(default_factory=list)
    intensities: list[float] = field(default_factory=list)
    interactions: list[Record] = field(default_factory=list)
    timeline: list[Record] = field(default_factory=list)
    interventions: list[Record] = field(default_factory=list)
    steps: list[Record] = field(default_factory=list)
    attempted: int = 0
    correct: int = 0
    end: datetime = datetime.min


def run_course(dice: Dice, start: datetime) -> Course:
    """Draw the turns of a session."""
    course = Course(start)
    at, emotion = start, dice.one_of(PLEASANT)
    for turn in range(dice.whole(FEWEST_TURNS, MOST_TURNS)):
        at += timedelta(milliseconds=dice.whole(60_000, 420_000))
        _turn(dice, course, turn, at, emotion)
        emotion = _next_emotion(dice, course, at, emotion)
    course.end = at + timedelta(milliseconds=dice.whole(30_000, 300_000))
    return course


def _turn(dice: Dice, course: Course, turn: int, at: datetime, emotion: str) -> None:
    intensity = dice.between(0.2, 0.9)
    seen: Record = {"timestamp": at, "emotion": emotion, "intensity": intensity}
    if not is_pleasant(emotion):
        seen["trigger"] = dice.one_of(TRIGGERS)
    course.times.append(at)
    course.emotions.append(emotion)
    course.intensities.append(intensity)
    course.timeline.append(seen)
    course.interactions.append(_interaction(dice, turn, at, emotion, intensity))
    questions = dice.whole(0, 3)
    right = sum(dice.chance(ACCURACY[emotion]) for _ in range(questions))
    course.attempted, course.correct = course.attempted + questions, course.correct + right
    if questions:
        course.steps.append(
            {"timestamp": at, "difficulty_level": dice.between(0.3, 0.8), "success_rate": round(right / questions, 4)}
        )


def _interaction(dice: Dice, turn: int, at: datetime, emotion: str, intensity: float) -> Record:
    kind = dice.one_of(("question", "response", "feedback", "assessment"))
    made: Record = {
        "interaction_id": f"i-{turn + 1}",
        "timestamp": at,
        "interaction_type": kind,
        "user_input": dice.one_of(INPUTS),
        "emotional_context": {
            "detected_emotion": emotion,
            "confidence": dice.between(0.5, 0.99),
            "emotional_intensity": intensity,
            "adaptation_applied": [] if is_pleasant(emotion) else ["slower_pace"],
        },
        "personalization_applied": {
            "difficulty_adjustment": dice.between(-0.2, 0.2),
            "explanation_style": dice.one_of(("concise", "detailed")),
            "content_modifications": ["added_example"] if dice.chance(0.3) else [],
        },
    }
    if kind in ("question", "assessment"):
        tokens = dice.whole(80, 600)
        made["ai_response"] = {
            "text": dice.one_of(ANSWERS),
            "provider_used": dice.one_of(PROVIDERS),
            "response_time_ms": dice.whole(300, 2500),
            "tokens_used": tokens,
            "cost_usd": round(tokens * 3e-6, 7),
        }
    return made


def _next_emotion(dice: Dice, course: Course, at: datetime, emotion: str) -> str:
    """The emotion of the next turn; an intervention may be tried on an unpleasant one."""
    if is_pleasant(emotion):
        return dice.one_of(UNPLEASANT) if dice.chance(TURNS_SOUR) else dice.one_of(PLEASANT)
    success = RECOVERS_ALONE
    if dice.chance(INTERVENES):
        kind = dice.one_of(tuple(SUCCESS))
        helps = dice.chance(SUCCESS[kind])
        applied: Record = {
            "timestamp": at + timedelta(seconds=20),
            "intervention_type": kind,
            "reason": "It did not pass.",
        }
        if dice.chance(IS_RATED):
            applied["effectiveness_rating"] = dice.whole(4, 5) if helps else dice.whole(1, 3)
        course.interventions.append(applied)
        success = 1.0 if helps else 0.0
    return dice.one_of(PLEASANT) if dice.chance(success) else dice.one_of(UNPLEASANT)


def session_document(
    dice: Dice, row_id: object, session_id: str, user_id: str, course: Course, mind: Mind
) -> tuple[Record, list[Concept]]:
    """The document of learning_sessions, and the concepts it was about."""
    device, platform = dice.one_of(PLATFORMS)
    document: Record = {
        "_id": row_id,
        "session_id": session_id,
        "user_id": user_id,
        "started_at": course.start,
        "ended_at": course.end,
        "duration_minutes": round((course.end - course.start).total_seconds() / 60, 2),
    }
    concepts = mind.next_concepts(course.start, dice.whole(1, 3))
    is_new = [concept.first is None for concept in concepts]
    for place, concept in enumerate(concepts):
        turn = min(place, len(course.times) - 1)
        concept.practise(dice, course.times[turn], document, course.emotions[turn])
    document["session_context"] = {
        "session_type": dice.one_of(SESSION_TYPES),
        "subject": mind.concepts[0].subject,
        "topics": sorted({concept.topic for concept in concepts}),
        "learning_objectives": [f"understand {concept.name}" for concept in concepts],
        "initial_difficulty_level": dice.between(0.3, 0.7),
        "device_type": device,
        "platform": platform,
    }
    document["interactions"] = course.interactions
    document["learning_progress"] = _progress(concepts, is_new)
    document["emotional_journey"] = _journey(course)
    document["performance_metrics"] = _performance(dice, course)
    document["ai_usage_analytics"] = _usage(dice, course)
    document["session_outcome"] = _outcome(dice, concepts)
    return document, concepts


def _progress(concepts: list[Concept], is_new: list[bool]) -> Record:
    mastered = [concept.name for concept in concepts if concept.level > MASTERED]
    return {
        "concepts_introduced": [c.name for c, new in zip(concepts, is_new, strict=True) if new],
        "concepts_practiced": [c.name for c, new in zip(concepts, is_new, strict=True) if not new],
        "concepts_mastered": mastered,
        "knowledge_gaps_identified": [c.name for c in concepts if c.wrong > c.right],
        "mastery_demonstrations": [
            {"concept": name, "evidence": "Recalled without a hint", "confidence_level": 0.9} for name in mastered
        ],
    }


def _journey(course: Course) -> Record:
    pleasant = sum(is_pleasant(emotion) for emotion in course.emotions)
    return {
        "initial_emotional_state": course.emotions[0],
        "emotional_states_timeline": course.timeline,
        "interventions_applied": course.interventions,
        "final_emotional_state": course.emotions[-1],
        "overall_emotional_health_score": round(pleasant / len(course.emotions), 4),
    }


def _performance(dice: Dice, course: Course) -> Record:
    accuracy = 100.0 * course.correct / course.attempted if course.attempted else 0.0
    return {
        "questions_attempted": course.attempted,
        "questions_correct": course.correct,
        "accuracy_percentage": round(accuracy, 2),
        "average_response_time_seconds": dice.between(8, 60, 1),
        "difficulty_progression": course.steps,
        "engagement_indicators": {
            "follow_up_questions": dice.whole(0, 4),
            "self_directed_exploration": dice.chance(0.4),
            "session_completion_rate": dice.between(0.6, 1.0),
        },
    }


def _usage(dice: Dice, course: Course) -> Record:
    answers: list[Record] = [turn["ai_response"] for turn in course.interactions if "ai_response" in turn]
    providers: dict[str, int] = {}
    for answer in answers:
        providers[answer["provider_used"]] = providers.get(answer["provider_used"], 0) + 1
    times = [answer["response_time_ms"] for answer in answers]
    return {
        "total_ai_queries": len(answers),
        "providers_used": providers,
        "total_tokens_consumed": sum(answer["tokens_used"] for answer in answers),
        "total_cost_usd": round(sum(answer["cost_usd"] for answer in answers), 7),
        "average_response_time_ms": round(sum(times) / len(times), 1) if times else 0.0,
        "cache_hit_rate": dice.between(0, 0.5),
        "quality_scores": [dice.between(0.6, 1.0) for _ in answers],
    }


def _outcome(dice: Dice, concepts: list[Concept]) -> Record:
    made: dict[str, Any] = {
        "learning_objectives_met": [f"understand {c.name}" for c in concepts if c.right > c.wrong],
        "areas_needing_more_work": [c.name for c in concepts if c.wrong > c.right],
        "next_session_recommendations": ["Begin with what was hard today"],
    }
    for name in ("user_satisfaction_rating", "perceived_difficulty_rating", "emotional_satisfaction_rating"):
        if dice.chance(IS_RATED):
            made[name] = dice.whole(1, 5)
    return made
