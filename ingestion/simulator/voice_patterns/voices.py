"""Draw voice sessions: who speaks when, with which emotion, and how the voice sounds.

Planted here: each user's baseline (mean and spread of pitch, energy, rate and pauses), the trajectory of their
emotions, and single sessions far from the baseline. A trajectory shows in the last 30 days: the emotions climb or
descend a ladder from hopeless to happy, stay on its middle rungs, or jump between its ends.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import shapes
from ingestion.simulator.plan import Floats, Ints, Plan

SYSTEM = "voice_patterns"
EMOTIONS = ("neutral", "happy", "sad", "angry", "fear", "surprise", "disgust", "hopeless", "resigned", "numb")
LADDER = np.array([EMOTIONS.index(name) for name in ("hopeless", "sad", "resigned", "neutral", "surprise", "happy")])
TOP = len(LADDER) - 1
MIDDLE = 3
TRAJECTORIES = ("improving", "declining", "stable", "volatile", "insufficient_data")
IMPROVING, DECLINING, STABLE, VOLATILE, INSUFFICIENT = range(len(TRAJECTORIES))
TRAJECTORY_SHARES = (0.25, 0.25, 0.35, 0.15)
WINDOW_DAYS = 30
LEAST_SESSIONS = 5
"""Fewer in the window say nothing about a trajectory."""
RUNG_NOISE = 0.45
OTHER_SHARE = 0.04
"""Share of sessions of the stable with an emotion off the ladder."""
FEATURES = ("pitch_mean", "energy_mean", "speech_rate", "pause_ratio")
TYPICAL = np.array([[180.0, 35.0], [0.55, 0.10], [4.2, 0.6], [0.22, 0.05]])
"""Mean over users of each feature, and spread between users."""
SPREAD = np.array([12.0, 0.05, 0.35, 0.03])
"""Spread between sessions of the average user."""
BASELINE_SESSIONS = 10
ESTABLISHED_AT = 5
DEVIATES_SHARE = 0.03
DEVIATION = 4.0
"""Standard deviations by which a deviating session is off, after the baseline stands."""
MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE = 0.35, 0.7, 3.0
CHURN_SHARE, OLD_SHARE = 0.15, 0.6


@dataclass(frozen=True)
class Speakers:
    """Attributes by user number."""

    population: shapes.Population
    trajectory: Ints
    mean: Floats
    """User x feature."""
    spread: Floats


@dataclass(frozen=True)
class Sessions:
    """One entry per session, by user and time."""

    number: Ints
    user: Ints
    day: Ints
    at: Ints
    place: Ints
    """Number among the user's own sessions, from 0."""
    emotion: Ints
    features: Floats
    """Session x feature."""
    z: Floats
    """Session x feature: planted deviation in standard deviations, 0 for none."""


def make_speakers(plan: Plan) -> Speakers:
    """The users of a plan."""
    rng = plan.rng(SYSTEM, "users")
    rate = shapes.heavy_tailed(rng, plan.users, MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE)
    begins, stops = shapes.lifetimes(rng, plan.users, plan.days, CHURN_SHARE, OLD_SHARE)
    between = np.clip(rng.standard_normal((plan.users, len(FEATURES))), -2.5, 2.5)
    return Speakers(
        population=shapes.Population(rate, begins, stops, plan.days),
        trajectory=rng.choice(len(TRAJECTORY_SHARES), plan.users, p=TRAJECTORY_SHARES),
        mean=TYPICAL[:, 0] + TYPICAL[:, 1] * between,
        spread=SPREAD * rng.uniform(0.7, 1.3, (plan.users, len(FEATURES))),
    )


def draw_sessions(plan: Plan, speakers: Speakers, low: int, high: int, first_number: int) -> Sessions:
    """The sessions of users from `low` up to `high` over all days."""
    rng = plan.rng(SYSTEM, "sessions", low)
    user, day = speakers.population.active_days(rng, plan.start.weekday(), low, high)
    count = len(user)
    _, first, many = np.unique(user, return_index=True, return_counts=True)
    place = np.arange(count) - np.repeat(first, many)
    z = np.zeros((count, len(FEATURES)))
    off = np.flatnonzero((place >= BASELINE_SESSIONS) & (rng.random(count) < DEVIATES_SHARE))
    z[off, rng.integers(0, len(FEATURES), len(off))] = DEVIATION * rng.choice([-1.0, 1.0], len(off))
    usual = rng.standard_normal((count, len(FEATURES))) * (z == 0)
    features = speakers.mean[user] + speakers.spread[user] * (usual + z)
    return Sessions(
        number=first_number + np.arange(count),
        user=user,
        day=day,
        at=shapes.moments(plan.start_ms, day, shapes.start_in_day(rng, 0, count)),
        place=place,
        emotion=_emotions(plan, rng, speakers.trajectory[user], day, place),
        features=np.maximum(features, 0.01),
        z=z,
    )


def _emotions(plan: Plan, rng: np.random.Generator, trajectory: Ints, day: Ints, place: Ints) -> Ints:
    """Emotion of each session: a rung of the ladder by the user's trajectory."""
    window = min(WINDOW_DAYS, plan.days)
    passed = np.clip((day - (plan.days - window)) / max(window - 1, 1), 0.0, 1.0)
    rung = np.full(len(day), float(MIDDLE))
    rung[trajectory == IMPROVING] = TOP * passed[trajectory == IMPROVING]
    rung[trajectory == DECLINING] = TOP * (1 - passed[trajectory == DECLINING])
    rung += RUNG_NOISE * rng.standard_normal(len(day))
    volatile = trajectory == VOLATILE
    rung[volatile] = np.where(place[volatile] % 2 == 0, TOP, rng.integers(0, 2, int(volatile.sum())))
    emotion = LADDER[np.clip(np.rint(rung), 0, TOP).astype(np.int64)]
    other = (trajectory == STABLE) & (rng.random(len(day)) < OTHER_SHARE)
    return np.where(other, rng.integers(0, len(EMOTIONS), len(day)), emotion)
