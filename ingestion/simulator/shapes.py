"""Distributions that real use shows: heavy tails, the rhythm of day and week, popularity by rank.

Everything takes a numpy generator and whole arrays. Constants are what later work may look for in the marts; they are
written to the truth.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.plan import DAY_MS, Floats, Ints

HOUR_MS = 3_600_000
DAYS_IN_WEEK = 7
SATURDAY = 5
WEEK = np.array([0.95, 0.92, 0.94, 0.98, 1.06, 1.12, 1.03])
"""Activity by weekday, Monday first; the mean is 1."""
HOURS = np.array(
    [
        # working days: up in the morning, a lunch bump, the peak at 20
        [8, 5, 3, 2, 2, 4, 12, 26, 34, 36, 38, 42, 50, 46, 40, 40, 44, 54, 68, 84, 92, 80, 50, 22],
        # weekends: later and flatter
        [16, 11, 7, 4, 3, 3, 6, 12, 24, 40, 54, 60, 60, 58, 58, 60, 62, 66, 72, 78, 80, 70, 52, 32],
    ],
    dtype=np.float64,
)
HOURS = HOURS / HOURS.sum(axis=1, keepdims=True)
"""Share of sessions begun in each hour (UTC): working days, weekends."""


def cumulative(weights: Floats) -> Floats:
    """Cumulative shares of `weights` along the last axis, ending with exactly 1."""
    sums = np.cumsum(weights, axis=-1)
    sums /= sums[..., -1:]
    sums[..., -1] = 1.0
    return np.asarray(sums, np.float64)


def draw(rng: np.random.Generator, cumulated: Floats, count: int) -> Ints:
    """`count` indices with the shares whose cumulative sums are given."""
    return np.asarray(np.searchsorted(cumulated, rng.random(count), side="right"), np.int64)


def draw_by_row(rng: np.random.Generator, cumulated: Floats, rows: Ints) -> Ints:
    """One index for each element of `rows`, with the shares in that row of `cumulated`."""
    width = cumulated.shape[1]
    # rows laid end to end on one line: one binary search for all
    line = (cumulated + np.arange(len(cumulated))[:, None]).ravel()
    found = np.searchsorted(line, rng.random(len(rows)) + rows, side="right")
    return np.asarray(np.minimum(found - rows * width, width - 1), np.int64)


def zipf_weights(size: int, exponent: float) -> Floats:
    """Weight by rank, the first the heaviest."""
    return np.arange(1, size + 1, dtype=np.float64) ** -exponent


def start_in_day(rng: np.random.Generator, weekday: int, count: int) -> Ints:
    """Milliseconds after midnight, by the rhythm of that weekday (0 is Monday)."""
    cumulated = cumulative(HOURS[1 if weekday >= SATURDAY else 0])
    return draw(rng, cumulated, count) * HOUR_MS + rng.integers(0, HOUR_MS, count)


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Owner and place within the owner of each of `counts.sum()` elements."""
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - first[owner]


def running_sum(values: Ints, counts: Ints) -> Ints:
    """Cumulative sums that begin anew with each group of `counts` elements; a group begins with its first value."""
    sums = np.cumsum(values)
    first = np.cumsum(counts) - counts
    before = np.where(first > 0, sums[first - 1], 0) if len(values) else first
    return np.asarray(sums - np.repeat(before, counts), np.int64)


@dataclass(frozen=True)
class Population:
    """Users of one system: how active each is, since when, and until when."""

    rate: Floats
    """Expected sessions a day, before the rhythm of the week."""
    begins: Ints
    """First day; negative for those who came before the simulation."""
    stops: Ints
    """First day without them: nothing of theirs happens on it or later."""
    days: int

    @property
    def churned(self) -> np.ndarray:
        """Mask of those who stop within the simulation."""
        return self.stops < self.days

    def active(self, rng: np.random.Generator, day: int, weekday: int, low: int, high: int) -> Ints:
        """Users from `low` up to `high` who come on `day`."""
        part = slice(low, high)
        chance = 1.0 - np.exp(-self.rate[part] * WEEK[weekday])
        # a session may run past midnight, so the day before the stop is free as well
        there = (self.begins[part] <= day) & (day < np.where(self.churned[part], self.stops[part] - 1, self.days))
        return low + np.flatnonzero(there & (rng.random(high - low) < chance))

    def active_days(self, rng: np.random.Generator, first_weekday: int, low: int, high: int) -> tuple[Ints, Ints]:
        """User and day of every active day of the users from `low` up to `high`, by user, then day."""
        found = [self.active(rng, day, (first_weekday + day) % DAYS_IN_WEEK, low, high) for day in range(self.days)]
        users = np.concatenate(found) if found else np.zeros(0, np.int64)
        days = np.repeat(np.arange(self.days), [len(part) for part in found])
        order = np.lexsort((days, users))
        return users[order], days[order]


def heavy_tailed(rng: np.random.Generator, count: int, median: float, sigma: float, most: float) -> Floats:
    """Log-normal amounts: a few have many, most have few."""
    return np.minimum(median * np.exp(sigma * rng.standard_normal(count)), most)


def lifetimes(rng: np.random.Generator, users: int, days: int, churn: float, early: float) -> tuple[Ints, Ints]:
    """First day and first day without each user: a share `early` came before, a share `churn` stops."""
    begins = np.where(rng.random(users) < early, -rng.integers(1, 366, users), rng.integers(0, days, users))
    first = np.maximum(begins, 0) + 2
    stops = first + (rng.random(users) * np.maximum(days - first, 1)).astype(np.int64)
    leaves = (rng.random(users) < churn) & (stops < days)
    return begins.astype(np.int64), np.where(leaves, stops, days).astype(np.int64)


def moments(start_ms: int, days: Ints, within: Ints) -> Ints:
    """Milliseconds since 1970 of `within` milliseconds after the midnight of each day."""
    return start_ms + days * DAY_MS + within
