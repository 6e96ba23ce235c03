"""Who uses New Smell: how often, in which style, with which favourites, since when and until when.

All of it is planted: `truth_rows` writes it down. Per user a few numbers are kept in memory; the rest follows from the
user's number.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, shapes
from ingestion.simulator.new_smell.catalogue import PERFUMES_PER_HOUSE, SYSTEM, Catalogue
from ingestion.simulator.plan import DAY_MS, Floats, Ints, Plan
from ingestion.simulator.texts import choose, lists

STYLES = ("casual", "explorer", "focused", "trader", "anonymous")
CASUAL, EXPLORER, FOCUSED, TRADER, ANONYMOUS = range(len(STYLES))
STYLE_SHARES = np.array([0.40, 0.25, 0.25, 0.10])
MEDIAN_RATE = np.array([0.02, 0.24, 0.24, 0.26])
"""Sessions a day of the median user of a style: a casual one comes less than three times in 30 days."""
RATE_SIGMA = 0.8
LOWEST_RATE = np.array([0.004, 0.18, 0.18, 0.18])
HIGHEST_RATE = np.array([0.03, 4.0, 4.0, 4.0])
CHURN_SHARE = 0.25
OLD_SHARE = 0.6
"""Share of users who signed up before the first day."""
FAVOURITES = 4
FAVOURITE_SHARE = np.array([0.20, 0.03, 0.85, 0.40, 0.0])
"""Chance that a perfume page opened freely is a favourite's, by style."""
HOUR_SHIFTS = np.array([-3, 0, 2])
HOUR_SHIFT_SHARES = np.array([0.2, 0.6, 0.2])
REMEMBERED = 4
"""Perfumes a user's lists remember, so that what is removed was added before."""


@dataclass(frozen=True)
class Users:
    """Attributes by user number."""

    ids: pa.Array
    population: shapes.Population
    style: Ints
    hour_shift: Ints
    device: Ints
    favourites: Ints
    """User x favourite: two perfumes of the preferred house, then two by popularity."""
    house: Ints
    signed_up_ms: Ints

    @property
    def size(self) -> int:
        """Number of users."""
        return len(self.style)


def make_users(plan: Plan, catalogue: Catalogue) -> Users:
    """The users of a plan."""
    rng = plan.rng(SYSTEM, "users")
    numbers = np.arange(plan.users)
    style = rng.choice(len(STYLE_SHARES), plan.users, p=STYLE_SHARES)
    rate = shapes.heavy_tailed(rng, plan.users, 1.0, RATE_SIGMA, np.inf) * MEDIAN_RATE[style]
    rate = np.clip(rate, LOWEST_RATE[style], HIGHEST_RATE[style])
    begins, stops = shapes.lifetimes(rng, plan.users, plan.days, CHURN_SHARE, OLD_SHARE)
    house, favourites = _favourites(rng, plan.users, catalogue)
    return Users(
        ids=ids.cuids(plan.salt(SYSTEM, "user"), numbers),
        population=shapes.Population(rate, begins, stops, plan.days),
        style=style,
        hour_shift=rng.choice(HOUR_SHIFTS, plan.users, p=HOUR_SHIFT_SHARES),
        device=rng.choice(3, plan.users, p=[0.62, 0.08, 0.30]),
        favourites=favourites,
        house=house,
        # at midnight: nothing of a user happens before
        signed_up_ms=plan.start_ms + begins * DAY_MS,
    )


def _favourites(rng: np.random.Generator, users: int, catalogue: Catalogue) -> tuple[Ints, Ints]:
    """Preferred house and favourites; by popularity, not all alike."""
    cdf = shapes.cumulative(catalogue.weights)
    house = catalogue.house_of[shapes.draw(rng, cdf, users)]
    by_house = np.argsort(catalogue.house_of, kind="stable")
    first = np.searchsorted(catalogue.house_of[by_house], house)
    width = catalogue.size // (catalogue.size // PERFUMES_PER_HOUSE)
    places = rng.integers(0, width // 2, (users, 2)) + np.array([0, width // 2])
    own = by_house[np.minimum(first[:, None] + places, catalogue.size - 1)]
    popular = shapes.draw(rng, cdf, users * 2).reshape(users, 2)
    return house, np.concatenate([own, popular], axis=1)


class Memory:
    """What the days hand on: lists of each user, when each is free again, and the counts the truth reports."""

    COUNTS = (
        "sessions",
        "events",
        "perfume_views",
        "searches",
        "ratings",
        "reviews",
        "wishlist_size",
        "collection_size",
    )

    def __init__(self, users: int) -> None:
        self.wishlist = np.full((users, REMEMBERED), -1, np.int32)
        self.collection = np.full((users, REMEMBERED), -1, np.int32)
        self.rated = np.full((users, REMEMBERED), -1, np.int32)
        self.stars = np.zeros((users, REMEMBERED), np.int8)
        self.free_at = np.zeros(users, np.int64)
        self.last_event_ms = np.zeros(users, np.int64)
        self.counts = {name: np.zeros(users, np.int32) for name in self.COUNTS}
        self.events = self.sessions = self.searches = self.lists = 0


def remember(ring: np.ndarray, users: Ints, values: Ints) -> Ints:
    """Put each value into its user's ring, over an empty place or the one its number points to; returns the places."""
    empty = ring[users] < 0
    place = np.where(empty.any(axis=1), empty.argmax(axis=1), values % ring.shape[1])
    ring[users, place] = values
    return np.asarray(place, np.int64)


def recall(ring: np.ndarray, users: Ints) -> tuple[Ints, Ints]:
    """A value of each user's ring (-1: there is none) and its place; a user named twice recalls only once."""
    full = ring[users] >= 0
    place = full.argmax(axis=1)
    value = np.where(full.any(axis=1), ring[users, place], -1)
    _, first = np.unique(users, return_index=True)
    again = np.ones(len(users), dtype=bool)
    again[first] = False
    return np.where(again, -1, value).astype(np.int64), place


def truth_rows(plan: Plan, users: Users, catalogue: Catalogue, memory: Memory) -> pa.Table:
    """What was planted in each user and what they did: rows made dirty are not counted."""
    population = users.population
    size = users.size
    stopped = np.datetime64(plan.start) + population.stops.astype("timedelta64[D]")
    last = memory.last_event_ms.astype("datetime64[ms]")
    columns: dict[str, object] = {
        "user_id": users.ids,
        "browsing_style": choose(STYLES, users.style).dictionary_decode(),
        "daily_rate": population.rate,
        "signed_up_at": pa.array(users.signed_up_ms).cast(pa.timestamp("ms", "UTC")),
        "is_churned": population.churned,
        "stopped_on": pa.array(stopped, mask=~population.churned),
        "last_event_at": pa.array(last, pa.timestamp("ms", "UTC"), mask=memory.last_event_ms == 0),
        "hour_shift": users.hour_shift,
        "preferred_house_id": choose(catalogue.house_ids, users.house).dictionary_decode(),
        "favourite_perfume_ids": lists(
            choose(catalogue.perfume_ids, users.favourites.ravel()), np.full(size, FAVOURITES)
        ),
    }
    # an addition may have been made dirty and its removal not: what is left is then nothing
    counted = {name: np.maximum(counts, 0) for name, counts in memory.counts.items()}
    return pa.table(columns | counted)


def favourite(users: Users, numbers: Ints, chance: Floats) -> Ints:
    """A favourite of each user; the first one the likeliest."""
    place = np.minimum((chance**1.5 * FAVOURITES).astype(np.int64), FAVOURITES - 1)
    return users.favourites[numbers, place]
