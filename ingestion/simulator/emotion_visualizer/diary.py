"""Draw diary entries: who writes when, which emotions, how strong.

Planted here: each user's usual emotions and mean intensity, and whether unpleasant emotions become rarer or more
common over the time.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import shapes
from ingestion.simulator.emotion_visualizer.tables import EMOTIONS
from ingestion.simulator.plan import Floats, Ints, Plan

SYSTEM = "emotion_visualizer"
PLEASANT = np.array([name in ("contentment", "excitement", "joy", "surprise") for name in EMOTIONS])
DIRECTIONS = ("improving", "declining", "stable")
DIRECTION_SHARES = (0.25, 0.25, 0.5)
TILT = np.array([3.0, -3.0, 0.0])
"""Log odds that pleasant emotions gain over the whole time, by direction."""
USUAL_WEIGHT = 6.0
"""How much likelier a user's usual emotion is than another one."""
MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE = 0.15, 0.9, 3.0
CHURN_SHARE, OLD_SHARE = 0.25, 0.4
MORE_EMOTIONS = 0.35
MOST_EMOTIONS = 3
INTAKE_SHARE, IMPORT_SHARE = 0.2, 0.05
SOURCES = ("manual", "intake_flow", "import")
INTENSITY_SPREAD = 0.15


@dataclass(frozen=True)
class Writers:
    """Attributes by user number."""

    population: shapes.Population
    usual: Ints
    direction: Ints
    intensity: Floats


@dataclass(frozen=True)
class Entries:
    """One entry per diary entry, by user and time."""

    number: Ints
    user: Ints
    at: Ints
    emotions: Ints
    """Entry x place: numbers of different emotions."""
    count: Ints
    intensity: Floats
    source: Ints


def make_writers(plan: Plan) -> Writers:
    """The users of a plan."""
    rng = plan.rng(SYSTEM, "users")
    rate = shapes.heavy_tailed(rng, plan.users, MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE)
    begins, stops = shapes.lifetimes(rng, plan.users, plan.days, CHURN_SHARE, OLD_SHARE)
    return Writers(
        population=shapes.Population(rate, begins, stops, plan.days),
        usual=rng.integers(0, len(EMOTIONS), plan.users),
        direction=rng.choice(len(DIRECTIONS), plan.users, p=DIRECTION_SHARES),
        intensity=np.round(rng.uniform(0.25, 0.75, plan.users), 3),
    )


def draw_entries(plan: Plan, writers: Writers, low: int, high: int, first_number: int) -> Entries:
    """The entries of users from `low` up to `high` over all days."""
    rng = plan.rng(SYSTEM, "entries", low)
    user, day = writers.population.active_days(rng, plan.start.weekday(), low, high)
    many = 1 + (rng.random(len(user)) < 0.3)  # two entries on some days
    user, day = np.repeat(user, many), np.repeat(day, many)
    within = shapes.start_in_day(rng, 0, len(user))
    order = np.lexsort((within, day, user))
    user, day, within = user[order], day[order], within[order]
    spread = INTENSITY_SPREAD * rng.standard_normal(len(user))
    chance = rng.random(len(user))
    source = np.where(chance < INTAKE_SHARE, 1, np.where(chance < INTAKE_SHARE + IMPORT_SHARE, 2, 0))
    return Entries(
        number=first_number + np.arange(len(user)),
        user=user,
        at=shapes.moments(plan.start_ms, day, within),
        emotions=_emotions(plan, rng, writers, user, day),
        count=np.minimum(1 + rng.poisson(MORE_EMOTIONS, len(user)), MOST_EMOTIONS),
        intensity=np.asarray(np.round(np.clip(writers.intensity[user] + spread, 0.0, 1.0), 2), np.float64),
        source=source,
    )


def _emotions(plan: Plan, rng: np.random.Generator, writers: Writers, user: Ints, day: Ints) -> Ints:
    """Different emotions of each entry, the likeliest first: a weighted draw without replacement (Gumbel's trick)."""
    weights = np.zeros((len(user), len(EMOTIONS)))
    weights[np.arange(len(user)), writers.usual[user]] = np.log(USUAL_WEIGHT)
    passed = day / max(plan.days - 1, 1) - 0.5
    weights += (TILT[writers.direction[user]] * passed)[:, None] * np.where(PLEASANT, 0.5, -0.5)
    order = np.argsort(-(weights + rng.gumbel(size=weights.shape)), axis=1, kind="stable")
    return np.asarray(order[:, :MOST_EMOTIONS], np.int64)
