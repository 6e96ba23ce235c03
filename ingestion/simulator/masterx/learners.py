"""Who learns with MasterX: how often, what, and what they consent to; and the laws planted in all of them.

Planted here: how often answers are right in each emotion, how often each intervention ends an unpleasant emotion, and
the forgetting curve: after d days a concept is recalled with chance 2^(-d / half-life), with the half-life in days
2^(b0 + b1 sqrt(1 + right) + b2 sqrt(1 + wrong)) over the reviews so far (Settles & Meeder 2016).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ingestion.simulator import shapes
from ingestion.simulator.plan import Ints, Mask, Plan

SYSTEM = "masterx"
T = TypeVar("T")

ACCURACY = {
    "curious": 0.80,
    "confident": 0.85,
    "calm": 0.78,
    "neutral": 0.70,
    "bored": 0.60,
    "confused": 0.50,
    "anxious": 0.45,
    "frustrated": 0.42,
}
"""Chance that a question is answered right in each emotion."""
VALENCE = {
    "curious": 0.4,
    "confident": 0.6,
    "calm": 0.5,
    "neutral": 0.0,
    "bored": -0.4,
    "confused": -0.3,
    "anxious": -0.6,
    "frustrated": -0.6,
}
PLEASANT = tuple(name for name, value in VALENCE.items() if value >= 0)
UNPLEASANT = tuple(name for name, value in VALENCE.items() if value < 0)
SUCCESS = {"worked_example": 0.75, "breathing_break": 0.60, "encouragement": 0.45, "pace_change": 0.55, "hint": 0.65}
"""Chance that the intervention is followed by a pleasant emotion."""
RECOVERS_ALONE = 0.15
B0, B1, B2 = 2.4, 0.8, -0.4
RIGHT_SCORES, WRONG_SCORES = (0.70, 1.0), (0.05, 0.40)
"""Scores of recalled and of forgotten concepts: a score of 0.6 parts them."""

SUBJECTS = {
    "mathematics": ("derivatives", "integrals", "vectors"),
    "physics": ("motion", "energy", "waves"),
    "biology": ("cells", "genes", "evolution"),
    "history": ("antiquity", "industry", "independence"),
}
CONCEPTS_PER_TOPIC = 5
MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE = 0.12, 0.9, 2.0
CHURN_SHARE, OLD_SHARE = 0.2, 0.4
ANALYTICS_SHARE, EMOTIONAL_SHARE = 0.92, 0.85


@dataclass(frozen=True)
class Learners:
    """Attributes by user number."""

    population: shapes.Population
    consents_analytics: Mask
    consents_emotional: Mask
    subject: Ints


def make_learners(plan: Plan) -> Learners:
    """The users of a plan."""
    rng = plan.rng(SYSTEM, "users")
    rate = shapes.heavy_tailed(rng, plan.users, MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE)
    begins, stops = shapes.lifetimes(rng, plan.users, plan.days, CHURN_SHARE, OLD_SHARE)
    return Learners(
        population=shapes.Population(rate, begins, stops, plan.days),
        consents_analytics=rng.random(plan.users) < ANALYTICS_SHARE,
        consents_emotional=rng.random(plan.users) < EMOTIONAL_SHARE,
        subject=rng.integers(0, len(SUBJECTS), plan.users),
    )


def half_life(right: int, wrong: int) -> float:
    """Days after which half is forgotten."""
    return float(2.0 ** (B0 + B1 * math.sqrt(1 + right) + B2 * math.sqrt(1 + wrong)))


class Dice:
    """Random choices one at a time, from numbers drawn many at a time."""

    def __init__(self, rng: np.random.Generator, at_once: int = 4096) -> None:
        self._rng = rng
        self._at_once = at_once
        self._pool: list[float] = []

    def roll(self) -> float:
        """A number in [0, 1)."""
        if not self._pool:
            self._pool = self._rng.random(self._at_once).tolist()
        return self._pool.pop()

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.roll() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` up to `high`, both included."""
        return low + int(self.roll() * (high - low + 1))

    def between(self, low: float, high: float, places: int = 3) -> float:
        """A rounded number in that range."""
        return round(low + self.roll() * (high - low), places)

    def one_of(self, values: Sequence[T]) -> T:
        """One of `values`, all equally likely."""
        return values[int(self.roll() * len(values))]
