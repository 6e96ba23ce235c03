"""What a learner knows of each concept: introduced, reviewed when due, recalled or forgotten by the curve."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingestion.simulator.masterx.learners import (
    CONCEPTS_PER_TOPIC,
    PLEASANT,
    RIGHT_SCORES,
    SUBJECTS,
    WRONG_SCORES,
    Dice,
    half_life,
)
from ingestion.simulator.plan import Record

MASTERED = 0.8
GAIN = 0.7
"""What is left of not knowing after each recall."""
REVIEW_AT = 0.4
"""Share of the half-life after which a review is due."""
DAY_SECONDS = 86_400
STRATEGIES = ("worked_examples", "spaced_practice", "self_explanation", "drawing")


@dataclass
class Concept:
    """One concept in one learner's head."""

    number: int
    subject: str
    topic: str
    name: str
    right: int = 0
    wrong: int = 0
    first: datetime | None = None
    last: datetime | None = None
    mastered: datetime | None = None
    due: datetime | None = None
    history: list[Record] = field(default_factory=list)
    reviews: list[Record] = field(default_factory=list)

    @property
    def level(self) -> float:
        """Mastery from 0 to 1."""
        return float(round(max(0.05, 1 - GAIN**self.right - 0.03 * self.wrong), 4))

    def practise(self, dice: Dice, at: datetime, session: Record, emotion: str) -> float:
        """One encounter with the concept; the score."""
        if self.last is None:
            score, activity = dice.between(0.3, 0.6), "introduction"
            self.first = at
        else:
            days = (at - self.last).total_seconds() / DAY_SECONDS
            recalled = dice.chance(2.0 ** (-days / half_life(self.right, self.wrong)))
            score = dice.between(*(RIGHT_SCORES if recalled else WRONG_SCORES))
            activity = dice.one_of(("practice", "revision", "assessment"))
            self.right, self.wrong = self.right + recalled, self.wrong + (not recalled)
            adjustment = round(1.4 if recalled else 0.6, 2)
            self.reviews.append({"date": at, "performance_score": score, "interval_adjustment": adjustment})
        self.history.append(
            {
                "session_id": session["session_id"],
                "date": at,
                "activity_type": activity,
                "performance_score": score,
                "difficulty_level": dice.between(0.2, 0.9),
                "emotional_state": emotion,
                "time_spent_minutes": dice.between(2, 15, 1),
            }
        )
        self.last = at
        self.due = at + timedelta(days=REVIEW_AT * half_life(self.right, self.wrong))
        if self.mastered is None and self.level > MASTERED:
            self.mastered = at
        return score

    def document(self, row_id: object, user_id: str) -> Record:
        """The document of content_mastery as it is now."""
        tracking: Record = {
            "current_mastery_level": self.level,
            "mastery_confidence": round(1 - 0.8 ** len(self.history), 4),
            "first_exposure_date": self.first,
            "last_practiced_date": self.last,
        }
        if self.mastered:
            tracking["mastery_achieved_date"] = self.mastered
        days = half_life(self.right, self.wrong)
        return {
            "_id": row_id,
            "user_id": user_id,
            "subject": self.subject,
            "topic": self.topic,
            "concept": self.name,
            "mastery_tracking": tracking,
            "learning_history": [dict(entry) for entry in self.history],
            "spaced_repetition_data": {
                "repetition_interval_days": round(REVIEW_AT * days, 3),
                "next_review_date": self.due,
                "review_history": [dict(entry) for entry in self.reviews],
                "forgetting_curve_parameters": {
                    "initial_strength": 1.0,
                    "decay_rate": round(1 / days, 5),
                    "stability": round(days, 4),
                },
            },
            "prerequisite_relationships": self._relationships(),
            "personalization_data": self._personal(),
        }

    def _relationships(self) -> Record:
        place = self.number % CONCEPTS_PER_TOPIC
        before = [{"concept": f"{self.topic} {place}", "importance_weight": 0.8, "mastery_required": 0.6}]
        after = [{"concept": f"{self.topic} {place + 2}", "dependency_strength": 0.7}]
        return {
            "prerequisite_concepts": before if place else [],
            "dependent_concepts": after if place < CONCEPTS_PER_TOPIC - 1 else [],
        }

    def _personal(self) -> Record:
        by_emotion: dict[str, list[float]] = {}
        for entry in self.history:
            by_emotion.setdefault(entry["emotional_state"], []).append(entry["performance_score"])
        return {
            "optimal_difficulty_level": round(0.4 + 0.4 * self.level, 3),
            "effective_learning_strategies": list(STRATEGIES[: 1 + self.number % len(STRATEGIES)]),
            "emotional_associations": {name: round(sum(s) / len(s), 3) for name, s in sorted(by_emotion.items())},
            "learning_style_effectiveness": {"visual": 0.7, "reading_writing": 0.6},
        }


class Mind:
    """All concepts of one learner's subject."""

    def __init__(self, subject: str) -> None:
        names = [(topic, f"{topic} {place + 1}") for topic in SUBJECTS[subject] for place in range(CONCEPTS_PER_TOPIC)]
        self.concepts = [Concept(number, subject, topic, name) for number, (topic, name) in enumerate(names)]

    def next_concepts(self, at: datetime, count: int) -> list[Concept]:
        """What a session at that time is about: what is due, the longest overdue first, then something new."""
        due = sorted((c for c in self.concepts if c.due and c.due <= at), key=lambda c: (c.due, c.number))
        new = [concept for concept in self.concepts if concept.first is None]
        rest = sorted((c for c in self.concepts if c.due and c.due > at), key=lambda c: (c.due, c.number))
        return (due[:count] + new[:1] + rest)[:count]

    def touched(self) -> list[Concept]:
        """Concepts that were met at least once."""
        return [concept for concept in self.concepts if concept.first is not None]

    def velocity(self) -> float:
        """Concepts mastered per hour spent."""
        hours = sum(e["time_spent_minutes"] for c in self.concepts for e in c.history) / 60
        return round(sum(c.mastered is not None for c in self.concepts) / hours, 4) if hours else 0.0


def is_pleasant(emotion: str) -> bool:
    """Whether the emotion is not unpleasant."""
    return emotion in PLEASANT
