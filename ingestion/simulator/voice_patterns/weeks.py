"""What the application makes of the sessions: week by week a version of each user's patterns, with risk and interface.

A version is made at the end of each week in which the user spoke. It knows the sessions up to then.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.plan import DAY_MS, Floats, Ints, Mask, Plan
from ingestion.simulator.voice_patterns.voices import (
    DECLINING,
    EMOTIONS,
    IMPROVING,
    INSUFFICIENT,
    LADDER,
    LEAST_SESSIONS,
    VOLATILE,
    WINDOW_DAYS,
    Sessions,
    Speakers,
)

DAYS = 7
RISKS = ("low", "medium", "high", "critical")
RISK_BOUNDS = np.array([0.35, 0.6, 0.8])
STATES = ("crisis", "struggling", "managing", "stable", "improving")
TIMES = ("night", "morning", "afternoon", "evening", "late")
NEGATIVE = np.array([name in ("sad", "angry", "fear", "disgust", "hopeless", "resigned", "numb") for name in EMOTIONS])
HOPELESS = EMOTIONS.index("hopeless")


@dataclass(frozen=True)
class Versions:
    """One entry per version of a user's patterns, by user and time."""

    number: Ints
    user: Ints
    version: Ints
    at: Ints
    next_at: Ints
    """When the next version replaces it; meaningless for the last one."""
    is_last: Mask
    sessions: Ints
    """Sessions up to then."""
    counts: Ints
    """Version x emotion: sessions up to then."""
    usual: Ints
    """Version x time of day: the user's emotion most often heard, the same at all times until more is known."""
    trajectory: Ints
    risk: Floats
    level: Ints
    level_before: Ints
    """Level of the version before; its own for the first."""


def make_versions(
    plan: Plan, speakers: Speakers, sessions: Sessions, low: int, high: int, first_number: int
) -> Versions:
    """The versions of users from `low` up to `high`."""
    weeks = (plan.days + DAYS - 1) // DAYS
    users = high - low
    by_week = np.zeros((users, weeks, len(EMOTIONS)), np.int32)
    np.add.at(by_week, (sessions.user - low, sessions.day // DAYS, sessions.emotion), 1)
    spoke = by_week.sum(axis=2) > 0
    known = np.cumsum(by_week, axis=1)
    user, week = np.nonzero(spoke)
    counts = np.asarray(known[user, week], np.int64)
    recent = _recent(by_week, user, week)
    is_last = np.append(user[1:] != user[:-1], np.ones(min(len(user), 1), dtype=bool))
    at = plan.start_ms + np.minimum((week + 1) * DAYS, plan.days) * DAY_MS - 3_600_000
    first = np.searchsorted(user, user)
    risk = _risk(plan, counts, recent, speakers.trajectory[user + low])
    level = np.searchsorted(RISK_BOUNDS, risk, side="right")
    number = first_number + np.arange(len(user))
    return Versions(
        number=number,
        user=user + low,
        version=np.arange(len(user)) - first + 1,
        at=at,
        next_at=np.roll(at, -1),
        is_last=is_last,
        sessions=counts.sum(axis=1),
        counts=counts,
        usual=counts.argmax(axis=1),
        trajectory=np.where(recent.sum(axis=1) < LEAST_SESSIONS, INSUFFICIENT, speakers.trajectory[user + low]),
        risk=np.round(risk, 4),
        level=level,
        level_before=np.where(np.arange(len(user)) > first, np.roll(level, 1), level),
    )


def _recent(by_week: np.ndarray, user: Ints, week: Ints) -> Ints:
    """Sessions by emotion in the window that ends with each week."""
    known = np.cumsum(by_week, axis=1)
    before = week - WINDOW_DAYS // DAYS
    return np.asarray(
        known[user, week] - np.where(before[:, None] >= 0, known[user, np.maximum(before, 0)], 0), np.int64
    )


def _risk(plan: Plan, counts: Ints, recent: Ints, trajectory: Ints) -> Floats:
    """Score in [0, 1]: unpleasant emotions of the window, hopelessness above all, and where things are heading."""
    total = np.maximum(recent.sum(axis=1), 1)
    gloom = recent[:, NEGATIVE].sum(axis=1) / total
    despair = recent[:, HOPELESS] / total
    drift = np.where(trajectory == DECLINING, 0.1, np.where(trajectory == IMPROVING, -0.1, 0.0))
    return np.asarray(np.clip(0.1 + 0.4 * gloom + 0.6 * despair + drift, 0.0, 1.0), np.float64)


def states(versions: Versions) -> Ints:
    """Current state of each version, by risk and trajectory."""
    state = np.array([3, 2, 1, 0])[versions.level]
    return np.where((versions.trajectory == IMPROVING) & (versions.level <= 1), STATES.index("improving"), state)


def variability(versions: Versions) -> Floats:
    """Variability score: high for the volatile; from 0 to 1."""
    rungs = np.zeros(len(EMOTIONS))
    rungs[LADDER] = np.arange(len(LADDER)) / (len(LADDER) - 1)
    total = np.maximum(versions.counts.sum(axis=1), 1)
    mean = versions.counts @ rungs / total
    spread = np.sqrt(np.maximum(versions.counts @ rungs**2 / total - mean**2, 0))
    score = np.clip(spread + np.where(versions.trajectory == VOLATILE, 0.3, 0.0), 0, 1)
    return np.asarray(np.round(score, 4), np.float64)
