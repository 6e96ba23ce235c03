"""Rows of one day: events, sessions, searches and recommendation feedback, as columns of the source's tables."""

from functools import partial

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, shapes
from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.new_smell import tables
from ingestion.simulator.new_smell.catalogue import SYSTEM
from ingestion.simulator.new_smell.pages import (
    AGENTS,
    AGENTS_PER_DEVICE,
    COUNTRIES,
    DEVICES,
    REFERRER_SHARES,
    REFERRERS,
    SITE,
)
from ingestion.simulator.new_smell.payloads import Batch, note_place, page_of, payloads, stars
from ingestion.simulator.new_smell.searches import QUERY_TYPES
from ingestion.simulator.new_smell.shown import (
    ALGORITHMS,
    FEEDBACK_SOURCES,
    LIST_LENGTH,
    POSITIONS,
    QUALITY,
    shown_perfumes,
)
from ingestion.simulator.plan import Ints, Mask, Rows
from ingestion.simulator.texts import choose, digits, join, where

RATED = sc.types("RATING_COMPLETED", "RATING_UPDATED")
BOUGHT = sc.types("PURCHASE_INITIATED", "PURCHASE_COMPLETED")
NOTED = sc.types("NOTES_EXPANDED", "NOTES_COLLAPSED")
VIEWED = sc.CATEGORY_OF == sc.VIEW
BOUNCED_UP_TO = 1


def day_rows(batch: Batch) -> list[Rows]:
    """All rows of the batch; counts them in the world's memory."""
    memory, world = batch.world.memory, batch.world
    count = len(batch.sessions.user)
    numbers = np.arange(memory.sessions, memory.sessions + count)
    memory.sessions += count
    session_ids = ids.cuids(world.plan.salt(SYSTEM, "session"), numbers)
    pages = page_of(batch)
    return [
        _event_rows(batch, session_ids, pages),
        _session_rows(batch, session_ids, numbers, pages),
        _search_rows(batch, session_ids),
        _feedback_rows(batch),
    ]


def _users_of_events(batch: Batch) -> Ints:
    """User number by event; -1 for visitors and before signing in."""
    events, sessions = batch.events, batch.sessions
    unknown = sessions.signs_in[events.session] & batch.blocks.is_first[events.block]
    return np.where(unknown, -1, sessions.user[events.session])


def _event_rows(batch: Batch, session_ids: pa.Array, pages: Ints) -> Rows:
    events, world, catalogue = batch.events, batch.world, batch.world.catalogue
    count, memory = len(events.at), batch.world.memory
    numbers = np.arange(memory.events, memory.events + count)
    memory.events += count
    views = VIEWED[events.kind]
    columns = {
        "id": ids.cuids(world.plan.salt(SYSTEM, "event"), numbers),
        "userId": choose(world.users.ids, _users_of_events(batch)),
        "sessionId": choose(session_ids, events.session),
        "eventType": choose(sc.EVENT_TYPES, events.kind),
        "eventCategory": choose(tuple(sc.CATEGORIES), sc.CATEGORY_OF[events.kind]),
        "timestamp": events.at,
        "perfumeId": choose(catalogue.perfume_ids, events.perfume),
        "houseId": choose(catalogue.house_ids, _houses(batch)),
        "noteId": choose(catalogue.note_ids, _notes(batch)),
        "eventData": payloads(batch),
        "deviceType": choose(DEVICES, batch.sessions.device[events.session]),
        "userAgent": choose([agent for _, _, agent in AGENTS], _agents(batch)[events.session]),
        "referrer": choose((*REFERRERS, SITE), _referrers(batch)),
        "path": choose(batch.wording.pages.paths, pages),
        "duration": pa.array(events.dwell, mask=~views),
        "value": _values(batch),
    }
    accepted = partial(_count_events, batch)
    return Rows(tables.EVENTS, tables.EVENTS.rows(columns), world.day_of(events.at), when_accepted=accepted)


def _houses(batch: Batch) -> Ints:
    events = batch.events
    subject = sc.STEP_SUBJECT[batch.blocks.scenario[events.block], events.step]
    perfume = np.where(subject == sc.HOUSE, batch.blocks.perfume[events.block], events.perfume)
    return np.where(perfume >= 0, batch.world.catalogue.house_of[perfume], -1)


def _notes(batch: Batch) -> Ints:
    note = np.full(len(batch.events.at), -1)
    at = np.flatnonzero(NOTED[batch.events.kind])
    note[at] = batch.world.catalogue.notes_of[batch.events.perfume[at], note_place(batch, at)]
    return note


def _agents(batch: Batch) -> Ints:
    """User agent by session; a user keeps theirs on each device."""
    user, salt = batch.sessions.user, batch.world.plan.salt(SYSTEM, "agent")
    which = (ids.unit(salt, np.where(user < 0, batch.sessions.start, user)) * AGENTS_PER_DEVICE).astype(np.int64)
    return batch.sessions.device * AGENTS_PER_DEVICE + which


def _entry_referrers(batch: Batch) -> Ints:
    salt = batch.world.plan.salt(SYSTEM, "referrer")
    chance = ids.unit(salt, batch.sessions.start + batch.sessions.user)
    found = np.searchsorted(shapes.cumulative(REFERRER_SHARES), chance, side="right")
    return np.where(found < len(REFERRERS), found, -1)


def _referrers(batch: Batch) -> Ints:
    """The session's own at its first event, the shop itself at the others."""
    referrer = np.full(len(batch.events.at), len(REFERRERS))
    first = _edge(batch, np.minimum, len(batch.events.at))
    referrer[first] = _entry_referrers(batch)
    return referrer


def _edge(batch: Batch, pick: np.ufunc, beyond: int) -> Ints:
    """Place of the first (`minimum`) or last (`maximum`) event of each session."""
    places = np.full(len(batch.sessions.user), beyond)
    pick.at(places, batch.events.session, np.arange(len(batch.events.at)))
    return places


def _values(batch: Batch) -> pa.Array:
    """Stars at ratings, the price at purchases."""
    kind = batch.events.kind
    value = np.zeros(len(kind))
    rated, bought = np.flatnonzero(RATED[kind]), np.flatnonzero(BOUGHT[kind])
    value[rated] = stars(batch, rated)[0]
    value[bought] = batch.world.catalogue.price[batch.events.perfume[bought]]
    return pa.array(value, mask=~(RATED | BOUGHT)[kind])


def _session_rows(batch: Batch, session_ids: pa.Array, numbers: Ints, pages: Ints) -> Rows:
    sessions, events, world = batch.sessions, batch.events, batch.world
    last, agent = _edge(batch, np.maximum, -1), _agents(batch)
    views = _per_session(batch, VIEWED)
    ended = events.at[last]
    country = ids.pick(
        COUNTRIES, world.plan.salt(SYSTEM, "country"), np.where(sessions.user < 0, numbers, sessions.user)
    )
    columns = {
        "id": ids.cuids(world.plan.salt(SYSTEM, "session row"), numbers),
        "sessionId": session_ids,
        "userId": choose(world.users.ids, sessions.user),
        "startTime": sessions.start,
        "endTime": ended,
        "duration": (ended - sessions.start) // 1000,
        "deviceType": choose(DEVICES, sessions.device),
        "browser": choose([browser for browser, _, _ in AGENTS], agent),
        "os": choose([system for _, system, _ in AGENTS], agent),
        "location": choose(COUNTRIES, country),
        "referrer": choose(REFERRERS, _entry_referrers(batch)),
        "pageViews": views,
        "perfumesViewed": _perfumes_viewed(batch),
        "interactions": _per_session(batch, ~VIEWED),
        "addedToWishlist": _per_session(batch, sc.types("WISHLIST_ADD")) > 0,
        "addedToCollection": _per_session(batch, sc.types("COLLECTION_ADD")) > 0,
        "completedRating": _per_session(batch, sc.types("RATING_COMPLETED")) > 0,
        "completedReview": _per_session(batch, sc.types("REVIEW_SUBMITTED")) > 0,
        "exitPage": choose(batch.wording.pages.paths, pages[last]),
        "bounced": views <= BOUNCED_UP_TO,
    }
    accepted = partial(_count_sessions, batch)
    return Rows(tables.SESSIONS, tables.SESSIONS.rows(columns), world.day_of(ended), when_accepted=accepted)


def _per_session(batch: Batch, kinds: Mask) -> Ints:
    """Events of `kinds` by session."""
    found = batch.events.session[kinds[batch.events.kind]]
    return np.bincount(found, minlength=len(batch.sessions.user))


def _perfumes_viewed(batch: Batch) -> Ints:
    """Different perfumes looked at, by session."""
    events, size = batch.events, batch.world.catalogue.size
    at = events.kind == sc.TYPE["PERFUME_VIEW"]
    pairs = np.unique(events.session[at] * size + events.perfume[at])
    return np.bincount(pairs // size, minlength=len(batch.sessions.user))


def _search_rows(batch: Batch, session_ids: pa.Array) -> Rows:
    searches, events, world = batch.searches, batch.events, batch.world
    at, clicks, memory = searches.event, searches.clicked >= 0, batch.world.memory
    numbers = np.arange(memory.searches, memory.searches + len(at))
    memory.searches += len(at)
    refined = np.zeros(len(at), dtype=bool)
    refined[searches.previous[searches.previous >= 0]] = True
    perfume = choose(world.catalogue.perfume_ids, batch.blocks.perfume[events.block[at]])
    wait = events.at[searches.click_event] - events.at[at]
    texts = batch.wording.texts
    columns = {
        "id": ids.cuids(world.plan.salt(SYSTEM, "search"), numbers),
        "sessionId": choose(session_ids, events.session[at]),
        "userId": choose(world.users.ids, _users_of_events(batch)[at]),
        "queryText": choose(texts, searches.query % len(texts)),
        "queryType": choose(QUERY_TYPES, searches.kind),
        "filters": choose(batch.wording.filters, searches.filters),
        "resultsCount": searches.results,
        "resultsShown": searches.shown,
        "clickedPositions": where(clicks, join("[", digits(searches.clicked + 1), "]")).fill_null("[]"),
        "clickedPerfumes": where(clicks, join('["', perfume, '"]')).fill_null("[]"),
        "timeToFirstClick": where(clicks, wait),
        "timeOnResults": np.where(clicks, wait, events.dwell[at]),
        "foundDesired": searches.found,
        "refinedQuery": refined,
        "abandoned": ~clicks & ~refined,
        "timestamp": events.at[at],
    }
    return Rows(tables.SEARCHES, tables.SEARCHES.rows(columns), world.day_of(events.at[at]))


def _feedback_rows(batch: Batch) -> Rows:
    lists, blocks, events, world, rng = batch.blocks.lists, batch.blocks, batch.events, batch.world, batch.rng
    count, memory = len(lists.block), batch.world.memory
    numbers = np.arange(memory.lists, memory.lists + count)
    memory.lists += count
    owner, position = np.repeat(np.arange(count), LIST_LENGTH), np.tile(POSITIONS, count)
    shown = shown_perfumes(blocks.perfume[lists.block], np.maximum(lists.clicked, 0), lists.step, world.catalogue.size)
    clicked = lists.clicked[owner] == position
    outcome = blocks.scenario[lists.block][owner]
    at, clicked_at = (events.at[events.at_step(blocks, lists.block, step)] for step in (0, _click_steps(batch)))
    confidence = np.clip(QUALITY[lists.algorithm][owner] + 0.5 * rng.random(len(owner)), 0, 1)
    columns = {
        "id": ids.cuids(world.plan.salt(SYSTEM, "feedback"), numbers[owner] * LIST_LENGTH + position),
        "userId": choose(world.users.ids, blocks.user[lists.block][owner]),
        "perfumeId": choose(world.catalogue.perfume_ids, shown.ravel()),
        "recommendationId": choose(ids.cuids(world.plan.salt(SYSTEM, "list"), numbers), owner),
        "source": choose(FEEDBACK_SOURCES, lists.source[owner]),
        "algorithm": choose(ALGORITHMS, lists.algorithm[owner]),
        "position": position + 1,
        "viewed": (position <= lists.clicked[owner]) | (rng.random(len(owner)) < 1 / (1 + 0.25 * position)),
        "clicked": clicked,
        "addedToWishlist": clicked & (outcome == sc.NUMBER["list_wish"]),
        "addedToCollection": clicked & (outcome == sc.NUMBER["list_collect"]),
        "rated": np.zeros(len(owner), dtype=bool),
        **_opinions(rng, clicked),
        "impressionTime": at[owner],
        "firstInteractionTime": pa.array(clicked_at[owner], mask=~clicked),
        "confidence": np.round(confidence, 3),
        "similarityScore": np.round(rng.random(len(owner)), 3),
    }
    return Rows(tables.FEEDBACK, tables.FEEDBACK.rows(columns), world.day_of(at)[owner])


def _click_steps(batch: Batch) -> Ints:
    return (batch.blocks.lists.clicked >= 0).astype(np.int64)


def _opinions(rng: np.random.Generator, clicked: Mask) -> dict[str, pa.Array | Mask]:
    """Thumbs of a few, mostly up after a click; a few hide or report what they did not click."""
    says, up = rng.random(len(clicked)) < 0.04, rng.random(len(clicked)) < np.where(clicked, 0.9, 0.3)
    return {
        "thumbsUp": pa.array(up, mask=~says),
        "thumbsDown": pa.array(~up, mask=~says),
        "hidPerfume": ~clicked & (rng.random(len(clicked)) < 0.005),
        "reportedIrrelevant": ~clicked & (rng.random(len(clicked)) < 0.002),
    }


COUNTED = (
    ("perfume_views", 1, ("PERFUME_VIEW",)),
    ("searches", 1, ("SEARCH_PERFORMED",)),
    ("ratings", 1, ("RATING_COMPLETED",)),
    ("reviews", 1, ("REVIEW_SUBMITTED",)),
    ("wishlist_size", 1, ("WISHLIST_ADD",)),
    ("wishlist_size", -1, ("WISHLIST_REMOVE",)),
    ("collection_size", 1, ("COLLECTION_ADD",)),
    ("collection_size", -1, ("COLLECTION_REMOVE",)),
)


def _count_events(batch: Batch, accepted: Mask) -> None:
    memory, events = batch.world.memory, batch.events
    user = batch.sessions.user[events.session]
    counts = accepted & (user >= 0)
    np.add.at(memory.counts["events"], user[counts], 1)
    np.maximum.at(memory.last_event_ms, user[counts], events.at[counts])
    for name, sign, kinds in COUNTED:
        at = counts & sc.types(*kinds)[events.kind]
        np.add.at(memory.counts[name], user[at], sign)


def _count_sessions(batch: Batch, accepted: Mask) -> None:
    user = batch.sessions.user[accepted & (batch.sessions.user >= 0)]
    np.add.at(batch.world.memory.counts["sessions"], user, 1)
