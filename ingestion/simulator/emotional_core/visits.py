"""Draw visits: who comes, in which variant of the test, how far they get, and what moves their feelings.

Planted here: the conversion rate of each variant, and what each intervention does. Every visitor of a variant converts
with the variant's chance, in one of their sessions. Between two steps at most one intervention is shown, by chance, so
what follows it differs from what follows none only by the intervention.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import ids, shapes
from ingestion.simulator.plan import Floats, Ints, Mask, Plan

SYSTEM = "emotional_core"
VARIANTS = ("control", "night_sky", "sofia_first")
CONVERSION = np.array([0.18, 0.18, 0.25])
"""Chance that a visitor of the variant converts: the second changes nothing, the third helps."""
IN_TWO_SHARE = 0.02
"""Share of users whose later sessions are in another variant."""
PHASES = ("landing", "sofia_intro", "onboarding_start", "act1", "act2", "act3", "completion")
STEPS = (
    "landing_view",
    "sofia_interaction",
    "onboarding_start",
    "act1_complete",
    "act2_complete",
    "act3_complete",
    "final_conversion",
)
GOES_ON = np.array([0.80, 0.75, 0.45, 0.80, 0.75])
"""Chance of the next step for a session that does not convert; the third is the bottleneck."""
LAST = len(STEPS)
INTERVENTIONS = ("night_sky_design", "sofia_presence", "onboarding_flow", "celebration_system", "personalization")
SHOWN_SHARE = 0.5
CALMS = np.array([0.30, 0.45, 0.10, 0.20, 0.35])
"""Chance that the intervention lowers anxiety by one level."""
UNSETTLES = 0.05
"""Chance that anxiety rises by one level; without an intervention it falls as likely."""
WAVERS = 0.03
"""Chance that confidence falls by one level; without an intervention it rises as likely."""
DRIFT = 0.05
"""What every step adds to the predicted chance of conversion."""
ENGAGES = np.array([0.02, 0.06, 0.04, 0.10, 0.08])
"""What it adds to the engagement score."""
REASSURES = np.array([0.10, 0.25, 0.20, 0.30, 0.20])
"""Chance that it raises confidence by one level."""
CONVINCES = np.array([0.01, 0.03, 0.05, 0.02, 0.06])
"""What it adds to the predicted chance of conversion."""
STEP_SECONDS = np.array([25, 40, 60, 150, 180, 200, 30])
ANONYMOUS_SHARE = 0.5
MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE = 0.05, 1.0, 2.0
CHURN_SHARE, OLD_SHARE = 0.2, 0.3


@dataclass(frozen=True)
class Visitors:
    """Attributes by user number."""

    population: shapes.Population
    variant: Ints
    converts: Mask
    in_two: Mask


@dataclass(frozen=True)
class Visits:
    """One entry per session. `user` is -1 for visitors who are not signed in."""

    number: Ints
    user: Ints
    start: Ints
    variant: Ints
    reached: Ints
    """Steps reached, 1 to 7."""


@dataclass(frozen=True)
class Course:
    """One entry per step of a session, in order."""

    visit: Ints
    step: Ints
    at: Ints
    length_ms: Ints
    shown: Ints
    """Intervention shown during the step, -1 for none."""
    anxiety: Ints
    confidence: Ints
    engagement: Floats
    probability: Floats
    is_last: Mask

    def after(self, values: Ints | Floats) -> Ints | Floats:
        """The value at the session's next step; at its last step the value itself."""
        return np.where(self.is_last, values, np.roll(values, -1))


def make_visitors(plan: Plan) -> Visitors:
    """The registered users of a plan."""
    rng = plan.rng(SYSTEM, "users")
    rate = shapes.heavy_tailed(rng, plan.users, MEDIAN_RATE, RATE_SIGMA, HIGHEST_RATE)
    begins, stops = shapes.lifetimes(rng, plan.users, plan.days, CHURN_SHARE, OLD_SHARE)
    variant = rng.integers(0, len(VARIANTS), plan.users)
    return Visitors(
        population=shapes.Population(rate, begins, stops, plan.days),
        variant=variant,
        converts=rng.random(plan.users) < CONVERSION[variant],
        in_two=rng.random(plan.users) < IN_TWO_SHARE,
    )


def draw_visits(plan: Plan, visitors: Visitors, low: int, high: int, first_number: int) -> Visits:
    """The sessions of users from `low` up to `high` over all days, and of visitors in proportion."""
    rng = plan.rng(SYSTEM, "visits", low)
    user, day = visitors.population.active_days(rng, plan.start.weekday(), low, high)
    if not len(user):
        return Visits(*[np.zeros(0, np.int64)] * 5)
    strangers = int(rng.poisson(ANONYMOUS_SHARE * len(user)))
    day = np.concatenate([day, rng.integers(0, plan.days, strangers)])
    user = np.concatenate([user, np.full(strangers, -1)])
    number = first_number + np.arange(len(user))
    variant = np.where(user >= 0, visitors.variant[user], rng.integers(0, len(VARIANTS), len(user)))
    again = np.concatenate([[False], (user[1:] == user[:-1]) & (user[1:] >= 0)])
    moved = again & visitors.in_two[user]
    variant = np.where(moved, (variant + 1) % len(VARIANTS), variant)
    return Visits(
        number=number,
        user=user,
        start=shapes.moments(plan.start_ms, day, shapes.start_in_day(rng, 0, len(user))),
        variant=variant,
        reached=_reached(plan, rng, visitors, user, variant),
    )


def _reached(plan: Plan, rng: np.random.Generator, visitors: Visitors, user: Ints, variant: Ints) -> Ints:
    """Steps of each session: all of them in the one in which its visitor converts."""
    on = rng.random((len(user), len(GOES_ON))) < GOES_ON
    reached = 1 + np.cumprod(on, axis=1).sum(axis=1)
    known = np.flatnonzero(user >= 0)
    users, first, many = np.unique(user[known], return_index=True, return_counts=True)
    which = (ids.unit(plan.salt(SYSTEM, "converting session"), users) * many).astype(np.int64)
    converting = known[first + which][visitors.converts[users]]
    reached[converting] = LAST
    strangers = user < 0
    converts = rng.random(len(user)) < CONVERSION[variant]
    return np.where(strangers & converts, LAST, reached)


def draw_course(plan: Plan, visits: Visits, low: int) -> Course:
    """What happens at each step of `visits`."""
    rng = plan.rng(SYSTEM, "course", low)
    visit, step = shapes.spread(visits.reached)
    count = len(visit)
    length = shapes.heavy_tailed(rng, count, 1.0, 0.7, 20.0) * STEP_SECONDS[step] * 1000
    length_ms = length.astype(np.int64) + 1000
    is_last = step == visits.reached[visit] - 1
    # a different intervention at each step of a session; none at the last, for nothing is measured after it
    offset = rng.integers(0, len(INTERVENTIONS), len(visits.reached))[visit]
    is_shown = (rng.random(count) < SHOWN_SHARE) & ~is_last & (step < len(INTERVENTIONS))
    shown = np.where(is_shown, (offset + step) % len(INTERVENTIONS), -1)
    at = visits.start[visit] + shapes.running_sum(length_ms, visits.reached) - length_ms
    anxiety, confidence = _levels(rng, visit, step, shown)
    engagement = _carried(rng, visits, visit, np.where(shown >= 0, ENGAGES[shown], 0.0), (0.3, 0.6), 0.04)
    probability = _carried(rng, visits, visit, np.where(shown >= 0, CONVINCES[shown], 0.0) + DRIFT, (0.1, 0.3), 0.02)
    return Course(visit, step, at, length_ms, shown, anxiety, confidence, engagement, probability, is_last)


def _levels(rng: np.random.Generator, visit: Ints, step: Ints, shown: Ints) -> tuple[Ints, Ints]:
    """Anxiety and confidence at each step, 1 to 5, moved by at most one level between steps."""
    chance, other = rng.random(len(visit)), rng.random(len(visit))
    calms = np.where(shown >= 0, CALMS[shown], UNSETTLES)
    anxiety_move = np.where(chance < calms, -1, np.where(chance > 1 - UNSETTLES, 1, 0))
    reassures = np.where(shown >= 0, REASSURES[shown], WAVERS)
    confidence_move = np.where(other < reassures, 1, np.where(other > 1 - WAVERS, -1, 0))
    anxiety = rng.choice([2, 3, 4, 5], len(visit), p=[0.15, 0.35, 0.35, 0.15])
    confidence = rng.integers(1, 5, len(visit))
    # the first step's level stands; each later one follows from the one before it
    for place in range(1, LAST):
        at = np.flatnonzero(step == place)
        anxiety[at] = np.clip(anxiety[at - 1] + anxiety_move[at - 1], 1, 5)
        confidence[at] = np.clip(confidence[at - 1] + confidence_move[at - 1], 1, 5)
    return anxiety, confidence


def _carried(
    rng: np.random.Generator, visits: Visits, visit: Ints, added: Floats, start: tuple[float, float], noise: float
) -> Floats:
    """A score that starts at random and gains `added` after each step."""
    first = rng.uniform(*start, len(visits.reached))[visit]
    gains = added + noise * rng.standard_normal(len(visit))
    sums = np.cumsum(gains)
    ends = np.cumsum(visits.reached)
    before = np.where(ends - visits.reached > 0, sums[ends - visits.reached - 1], 0.0)
    level = first + sums - gains - np.repeat(before, visits.reached)
    return np.asarray(np.round(np.clip(level, 0.0, 1.0), 4), np.float64)
