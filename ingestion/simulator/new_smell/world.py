"""Everything a day of New Smell is drawn from: plan, catalogue, users, trends, and what the days before left.

Trends are planted here: a perfume of middling popularity is `factor` times as likely to be opened for its popularity
during a window. Favourites, searches of explorers and the like dilute what shows of it to about a third.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import shapes
from ingestion.simulator.new_smell.catalogue import SYSTEM, Catalogue, make_catalogue
from ingestion.simulator.new_smell.users import Memory, Users, make_users
from ingestion.simulator.plan import DAY_MS, Floats, Ints, Plan
from ingestion.simulator.texts import choose

TRENDS_PER_PERFUME = 1 / 100
FEWEST_TRENDS = 3
TREND_RANKS = (0.1, 0.4)
"""Where trending perfumes stand in popularity before their window."""
TREND_FACTORS = (30.0, 120.0)
TREND_DAYS = (4, 10)


@dataclass(frozen=True)
class Trends:
    """Planted windows, one per entry."""

    perfume: Ints
    first: Ints
    """First day of the window."""
    last: Ints
    factor: Floats


@dataclass(frozen=True)
class World:
    """What the days are drawn from."""

    plan: Plan
    catalogue: Catalogue
    users: Users
    trends: Trends
    memory: Memory

    def popularity(self, day: int) -> Floats:
        """Cumulative popularity on `day`, trends included."""
        weights = self.catalogue.weights.copy()
        on = (self.trends.first <= day) & (day <= self.trends.last)
        weights[self.trends.perfume[on]] *= self.trends.factor[on]
        return shapes.cumulative(weights)

    def day_of(self, at: Ints) -> Ints:
        """Day of each moment, 0 for the first."""
        return (at - self.plan.start_ms) // DAY_MS

    def weekday(self, day: int) -> int:
        """Weekday of a day, 0 for Monday."""
        return (self.plan.start.weekday() + day) % shapes.DAYS_IN_WEEK


def make_world(plan: Plan) -> World:
    """The world of a plan on the morning of its first day."""
    catalogue = make_catalogue(plan)
    users = make_users(plan, catalogue)
    return World(plan, catalogue, users, _trends(plan, catalogue), Memory(users.size))


def _trends(plan: Plan, catalogue: Catalogue) -> Trends:
    """Windows all over the time; the first of them ends with the last day, so that a look at the end shows it."""
    rng = plan.rng(SYSTEM, "trends")
    count = max(FEWEST_TRENDS, int(catalogue.size * TRENDS_PER_PERFUME))
    low, high = (int(catalogue.size * share) for share in TREND_RANKS)
    length = np.minimum(rng.integers(TREND_DAYS[0], TREND_DAYS[1] + 1, count), plan.days)
    first = (rng.random(count) * (plan.days - length + 1)).astype(np.int64)
    first[0] = plan.days - length[0]
    return Trends(
        perfume=rng.choice(np.arange(low, high), count, replace=False),
        first=first,
        last=first + length - 1,
        factor=rng.uniform(*TREND_FACTORS, count),
    )


def trend_rows(world: World) -> pa.Table:
    """The planted trends."""
    trends, start = world.trends, np.datetime64(world.plan.start)
    return pa.table(
        {
            "perfume_id": choose(world.catalogue.perfume_ids, trends.perfume).dictionary_decode(),
            "starts_on": pa.array(start + trends.first.astype("timedelta64[D]")),
            "ends_on": pa.array(start + trends.last.astype("timedelta64[D]")),
            "weight_factor": trends.factor,
            "share_before": world.catalogue.weights[trends.perfume],
        }
    )


def perfume_rows(world: World) -> pa.Table:
    """Popularity and quality of each perfume."""
    catalogue = world.catalogue
    return pa.table(
        {"perfume_id": catalogue.perfume_ids, "share_of_views": catalogue.weights, "mean_rating": catalogue.quality}
    )
