"""Draw the sessions of a day: who comes, when, which scenarios, about which perfumes; then lay out their events.

users of a chunk -> `Sessions` -> `Blocks` (scenarios) -> `Events`, each a handful of parallel arrays in session order.
Session starts are moved apart so that no user is in two sessions at once, with more than 30 minutes between.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import shapes
from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.new_smell.shown import Lists, answer_lists
from ingestion.simulator.new_smell.users import ANONYMOUS, EXPLORER, FAVOURITE_SHARE, favourite, recall, remember
from ingestion.simulator.new_smell.world import World
from ingestion.simulator.plan import DAY_MS, Ints, Mask

ANONYMOUS_SHARE = 0.18
"""Sessions of visitors who never sign in, for each session of a user."""
SIGNS_IN_SHARE = 0.10
"""Share of users' sessions whose first scenario happens before signing in."""
OTHER_DEVICE_SHARE = 0.15
MORE_SESSIONS = 0.25
MOST_SESSIONS = 4
BOUNCE_SHARE = 0.22
MEDIAN_BLOCKS, BLOCKS_SIGMA, MOST_BLOCKS = 4.0, 0.8, 60
MEDIAN_GAP_MS, GAP_SIGMA, SHORTEST_GAP_MS, LONGEST_GAP_MS = 14_000, 1.25, 400, 25 * 60_000
LONGEST_SESSION_MS = 4 * 3_600_000
APART_MS = 31 * 60_000
BROWSES_ANYWHERE = 0.6
"""Share of an explorer's pages that are chosen without regard to popularity."""


@dataclass
class Sessions:
    """One entry per session, by user and time; user -1 never signs in."""

    user: Ints
    style: Ints
    device: Ints
    start: Ints
    signs_in: Mask
    """Whether the first scenario comes before signing in."""
    blocks: Ints
    """Number of scenarios."""


@dataclass
class Blocks:
    """One entry per scenario of a session."""

    session: Ints
    user: Ints
    is_first: Mask
    scenario: Ints
    perfume: Ints
    second: Ints
    stars: Ints
    """Stars of the rating before, in scenarios that rate again."""
    first_event: Ints
    """Number of the first event in session order."""
    lists: Lists


@dataclass
class Events:
    """One entry per event, in the order of time."""

    session: Ints
    block: Ints
    step: Ints
    kind: Ints
    perfume: Ints
    """Perfume it is about, or -1."""
    at: Ints
    dwell: Ints
    """Milliseconds to the next event of the session, or a plausible time after the last."""
    place: Ints
    """Place here of each event in session order."""

    def at_step(self, blocks: Blocks, block: Ints, step: Ints | int) -> Ints:
        """Places of the events at `step` of each block."""
        return np.asarray(self.place[blocks.first_event[block] + step], np.int64)


def draw_sessions(world: World, rng: np.random.Generator, day: int, low: int, high: int) -> Sessions:
    """Sessions begun on `day` by users from `low` up to `high`, and by visitors in proportion."""
    weekday = world.weekday(day)
    users = world.users.population.active(rng, day, weekday, low, high)
    user = np.repeat(users, np.minimum(1 + rng.poisson(MORE_SESSIONS, len(users)), MOST_SESSIONS))
    visitors = int(rng.poisson(ANONYMOUS_SHARE * len(user)))
    shift = world.users.hour_shift[user] * shapes.HOUR_MS
    start = (shapes.start_in_day(rng, weekday, len(user)) + shift) % DAY_MS
    order = np.lexsort((start, user))
    user = np.concatenate([user[order], np.full(visitors, -1)])
    start = np.concatenate([start[order], shapes.start_in_day(rng, weekday, visitors)])
    count = len(user)
    many = np.minimum(shapes.heavy_tailed(rng, count, MEDIAN_BLOCKS, BLOCKS_SIGMA, MOST_BLOCKS), MOST_BLOCKS)
    blocks = np.where(rng.random(count) < BOUNCE_SHARE, 1, 2 + many.astype(np.int64))
    changes_device = (rng.random(count) < OTHER_DEVICE_SHARE) | (user < 0)
    return Sessions(
        user=user,
        style=np.where(user < 0, ANONYMOUS, world.users.style[user]),
        device=np.where(changes_device, rng.integers(0, 3, count), world.users.device[user]),
        start=world.plan.start_ms + day * DAY_MS + start,
        signs_in=(rng.random(count) < SIGNS_IN_SHARE) & (user >= 0) & (blocks > 1),
        blocks=blocks,
    )


def draw_blocks(world: World, rng: np.random.Generator, day: int, sessions: Sessions) -> Blocks:
    """The scenarios of `sessions`, and what they are about; users' lists are brought up to date."""
    session, place = shapes.spread(sessions.blocks)
    style, user, is_first = sessions.style[session], sessions.user[session], place == 0
    scenario = shapes.draw_by_row(rng, sc.MIX_CDF, style)
    bounces = sessions.blocks[session] == 1
    for cdf, chosen in ((sc.BOUNCE_CDF, is_first & bounces), (sc.ENTRY_CDF, is_first & ~bounces)):
        scenario[chosen] = shapes.draw_by_row(rng, cdf, style[chosen])
    perfume = _perfumes(world, rng, day, style, user)
    lists = answer_lists(rng, scenario, perfume, world.catalogue.size)
    second = _perfumes(world, rng, day, style, user)
    blocks = Blocks(session, user, is_first, scenario, perfume, second, np.zeros_like(user), user, lists)
    _take_from_memory(world, blocks)
    _add_to_memory(world, rng, blocks)
    return blocks


def _perfumes(world: World, rng: np.random.Generator, day: int, style: Ints, user: Ints) -> Ints:
    """A perfume per scenario: by popularity, anywhere in the catalogue, or a favourite."""
    count = len(style)
    perfume = shapes.draw(rng, world.popularity(day), count)
    anywhere = (style == EXPLORER) & (rng.random(count) < BROWSES_ANYWHERE)
    perfume[anywhere] = rng.integers(0, world.catalogue.size, int(anywhere.sum()))
    own = rng.random(count) < FAVOURITE_SHARE[style]
    perfume[own] = favourite(world.users, user[own], rng.random(int(own.sum())))
    return perfume


REMOVALS = (("unwish", "wishlist"), ("collect_remove", "collection"), ("collect_update", "collection"))
ADDITIONS = (("wish", "wishlist"), ("list_wish", "wishlist"), ("collect", "collection"), ("list_collect", "collection"))


def _take_from_memory(world: World, blocks: Blocks) -> None:
    """Removals are about what was added on an earlier day; a user with nothing to remove looks at a perfume."""
    for name, kept in REMOVALS:
        at = np.flatnonzero(blocks.scenario == sc.NUMBER[name])
        ring = getattr(world.memory, kept)
        value, place = recall(ring, blocks.user[at])
        found = value >= 0
        blocks.perfume[at[found]] = value[found]
        blocks.scenario[at[~found]] = sc.NUMBER["view"]
        if name != "collect_update":
            ring[blocks.user[at[found]], place[found]] = -1
    at = np.flatnonzero(blocks.scenario == sc.NUMBER["rate_again"])
    value, place = recall(world.memory.rated, blocks.user[at])
    found = value >= 0
    blocks.perfume[at[found]] = value[found]
    blocks.stars[at[found]] = world.memory.stars[blocks.user[at[found]], place[found]]
    blocks.scenario[at[~found]] = sc.NUMBER["view"]


def _add_to_memory(world: World, rng: np.random.Generator, blocks: Blocks) -> None:
    """What is added today may be removed from tomorrow on; ratings likewise. Fixes the stars given."""
    for name, kept in ADDITIONS:
        at = blocks.scenario == sc.NUMBER[name]
        remember(getattr(world.memory, kept), blocks.user[at], blocks.perfume[at])
    rated = np.flatnonzero(sc.numbers("rate", "rate_again")[blocks.scenario])
    mean = world.catalogue.quality[blocks.perfume[rated]]
    given = np.clip(np.rint(mean + 0.8 * rng.standard_normal(len(rated))), 1, 5).astype(np.int64)
    # the stars before stay readable in the tens
    blocks.stars[rated] = blocks.stars[rated] * 10 + given
    first = blocks.scenario[rated] == sc.NUMBER["rate"]
    at = rated[first]
    place = remember(world.memory.rated, blocks.user[at], blocks.perfume[at])
    world.memory.stars[blocks.user[at], place] = given[first]


def lay_out(world: World, rng: np.random.Generator, sessions: Sessions, blocks: Blocks) -> Events:
    """The events of `blocks` with their times; moves the sessions' starts apart."""
    length = sc.LENGTH[blocks.scenario]
    block, step = shapes.spread(length)
    blocks.first_event = np.cumsum(length) - length
    session = blocks.session[block]
    offset, dwell, longest = _pace(rng, np.bincount(session, minlength=len(sessions.user)))
    _move_apart(world, sessions, longest)
    at = sessions.start[session] + offset
    subject = sc.STEP_SUBJECT[blocks.scenario[block], step]
    perfume = np.where(subject == sc.SECOND, blocks.second[block], blocks.perfume[block])
    perfume[(subject != sc.FIRST) & (subject != sc.SECOND)] = -1
    order = np.argsort(at, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    kind = sc.STEP_TYPE[blocks.scenario[block], step]
    session, block, step, kind, perfume, at, dwell = (
        values[order] for values in (session, block, step, kind, perfume, at, dwell)
    )
    return Events(session, block, step, kind, perfume, at, dwell, place)


def _pace(rng: np.random.Generator, per_session: Ints) -> tuple[Ints, Ints, Ints]:
    """Time since the session's start and until its next event, by event; and the length of each session."""
    count, last = int(per_session.sum()), np.cumsum(per_session) - 1
    gap = (
        shapes.heavy_tailed(rng, count + 1, MEDIAN_GAP_MS, GAP_SIGMA, LONGEST_GAP_MS).astype(np.int64) + SHORTEST_GAP_MS
    )
    dwell = gap[1:].copy()
    gap = gap[:-1]
    gap[last - per_session + 1] = 0
    offset = shapes.running_sum(gap, per_session)
    # the rare endless session is pressed together: times keep their order, gaps only shrink
    squeeze = np.minimum(1.0, LONGEST_SESSION_MS / np.maximum(offset[last], 1))
    by_event = np.repeat(squeeze, per_session)
    offset = (offset * by_event).astype(np.int64)
    return offset, (dwell * by_event).astype(np.int64), offset[last]


def _move_apart(world: World, sessions: Sessions, length: Ints) -> None:
    """Delay each session until its user's last one is long over."""
    free_at, user = world.memory.free_at, sessions.user
    known = np.flatnonzero(user >= 0)
    _, first, many = np.unique(user[known], return_index=True, return_counts=True)
    for turn in range(int(many.max(initial=0))):
        at = known[first[many > turn] + turn]
        sessions.start[at] = np.maximum(sessions.start[at], free_at[user[at]])
        free_at[user[at]] = sessions.start[at] + length[at] + APART_MS
