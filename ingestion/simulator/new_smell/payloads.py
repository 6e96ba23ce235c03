"""The events' JSON, in the shapes of the document's event interfaces.

Events are grouped by the shape of their data; each group's texts are joined from columns at once and put back at the
events' places.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.new_smell.catalogue import NOTES_PER_LEVEL, PYRAMID
from ingestion.simulator.new_smell.pages import DEVICES, VIEWPORTS, Pages, make_pages
from ingestion.simulator.new_smell.searches import SEARCH_TYPES, Searches, filter_sets, query_members, shown_json
from ingestion.simulator.new_smell.sessions import Blocks, Events, Sessions
from ingestion.simulator.new_smell.world import World
from ingestion.simulator.plan import Ints
from ingestion.simulator.texts import choose, digits, join, scattered

RATINGS = ("overall", "longevity", "sillage", "priceValue", "gender")
RATING_SOURCES = ("detail_page", "collection", "prompt")
COLLECTION_SOURCES = ("detail_page", "wishlist_convert", "import")
TRADE_PREFERENCES = ("cash", "trade", "both")
BOTTLES = ("30 ml", "50 ml", "75 ml", "100 ml")
REASONS = ("same_house", "shared_notes", "same_family", "bought_together")
REVIEWS = tuple(
    f"{opening} {middle} {end}"
    for opening in ("Lovely opening.", "Not what I hoped for.", "My new signature.", "A safe blind buy.")
    for middle in ("The heart is warm and soft", "It turns sharp after an hour", "Close to the skin all day")
    for end in ("and it lasts until evening.", "but the price is steep.", "and people notice it.")
)


@dataclass(frozen=True)
class Wording:
    """Texts that are made once."""

    pages: Pages
    filters: pa.Array
    queries: pa.Array
    """Members of the JSON of each search text; the last is for no text."""
    texts: pa.Array
    """The search texts themselves, likewise."""
    ends_of_views: pa.Array
    """Source and viewport, by source and device."""


def make_wording(world: World) -> Wording:
    """The texts of a world."""
    ends = [
        f'"source":"{source}","viewport":{{"width":{width},"height":{height}}},"deviceType":"{device}"}}'
        for source in sc.SOURCES
        for device, (width, height) in zip(DEVICES, VIEWPORTS, strict=True)
    ]
    catalogue = world.catalogue
    queries = query_members(catalogue)
    texts = pa.array([*catalogue.queries, ""])
    return Wording(make_pages(catalogue), filter_sets(world), queries, texts, pa.array(ends))


@dataclass
class Batch:
    """One day of one chunk of users."""

    world: World
    rng: np.random.Generator
    wording: Wording
    sessions: Sessions
    blocks: Blocks
    events: Events
    searches: Searches

    def whole(self, low: int, high: int, at: Ints) -> pa.Array:
        """Random whole numbers as text, one per event of `at`."""
        return digits(self.rng.integers(low, high, len(at)))

    def one_of(self, values: tuple[str, ...], at: Ints) -> pa.DictionaryArray:
        """Random choices, one per event of `at`."""
        return choose(values, self.rng.integers(0, len(values), len(at)))

    def search_of(self, at: Ints, step: Ints | int) -> Ints:
        """Search made at `step` of the scenario of each event of `at`."""
        return np.asarray(
            self.searches.number_of[self.events.at_step(self.blocks, self.events.block[at], step)], np.int64
        )


def payloads(batch: Batch) -> pa.Array:
    """The JSON of every event."""
    parts = []
    for shape, kinds in SHAPES:
        at = np.flatnonzero(kinds[batch.events.kind])
        if len(at):
            parts.append((at, shape(batch, at)))
    return scattered(len(batch.events.at), parts, "{}")


def _views(batch: Batch, at: Ints) -> pa.Array:
    events, rng = batch.events, batch.rng
    source = sc.STEP_SOURCE[batch.blocks.scenario[events.block[at]], events.step[at]]
    source = np.where(source < 0, rng.choice(4, len(at), p=[0.6, 0.0, 0.2, 0.2]), source)
    source = np.where(source == 3, 4 - rng.integers(0, 2, len(at)), source)  # social or external
    end = choose(batch.wording.ends_of_views, source * len(DEVICES) + batch.sessions.device[events.session[at]])
    title = choose(batch.wording.pages.titles, page_of(batch)[at])
    dwell = events.dwell[at]
    wait = (dwell * rng.random(len(at))).astype(np.int64)
    numbers = join('","viewDuration":', digits(dwell), ',"scrollDepth":', batch.whole(0, 101, at))
    return join('{"title":"', title, numbers, ',"timeToInteraction":', digits(wait), ",", end)


def page_of(batch: Batch) -> Ints:
    """Page of every event."""
    events, catalogue = batch.events, batch.world.catalogue
    subject = sc.STEP_SUBJECT[batch.blocks.scenario[events.block], events.step]
    house = np.where(subject == sc.HOUSE, catalogue.house_of[batch.blocks.perfume[events.block]], -1)
    searches = batch.searches
    query = np.full(len(events.at), -1)
    query[searches.event] = searches.query
    return batch.wording.pages.index(events.kind, events.perfume, house, query)


def _searches(batch: Batch, at: Ints) -> pa.Array:
    searches = batch.searches
    results, has = digits(searches.results), choose(("false", "true"), (searches.results > 0).astype(np.int64))
    before = choose(batch.wording.texts, np.where(searches.previous >= 0, searches.query[searches.previous], -1))
    previous = join(',"previousQuery":"', before, '"').fill_null("")
    suggested = choose(("false", "true"), (searches.how == SEARCH_TYPES.index("suggestion_click")).astype(np.int64))
    counts = join(',"resultsCount":', results, ',"resultsShown":', digits(searches.shown), ',"hasResults":', has)
    how = join(',"searchType":"', choose(SEARCH_TYPES, searches.how), '"', previous, ',"suggestionUsed":', suggested)
    query = choose(batch.wording.queries, searches.query % len(batch.wording.texts))
    filters = join(',"filters":', choose(batch.wording.filters, searches.filters))
    return join("{", query, filters, counts, how, ',"shownPerfumeIds":', shown_json(batch.world, searches), "}")


def _result_clicks(batch: Batch, at: Ints) -> pa.Array:
    search = batch.search_of(at, batch.events.step[at] - 1)
    query = choose(batch.wording.queries, batch.searches.query[search] % len(batch.wording.texts))
    return join("{", query, ',"position":', digits(batch.searches.clicked[search] + 1), "}")


def _refinements(batch: Batch, at: Ints) -> pa.Array:
    first = batch.searches.query[batch.search_of(at, 0)]
    text = choose(batch.wording.texts, first % len(batch.wording.texts))
    return join('{"previousQuery":"', text, '"}')


def _filters(batch: Batch, at: Ints) -> pa.Array:
    number = batch.rng.integers(1, len(batch.wording.filters), len(at))
    return join('{"filters":', choose(batch.wording.filters, number), "}")


def _ratings(batch: Batch, at: Ints) -> pa.Array:
    given, before = stars(batch, at)
    rest = batch.rng.integers(1, 6, (len(RATINGS), len(at)))
    rated = batch.rng.integers(1, len(RATINGS) + 1, len(at))
    members = [join('{"ratings":{"overall":', digits(given))]
    for place, name in enumerate(RATINGS[1:], 2):
        text = join(f',"{name}":', digits(rest[place - 1]))
        members.append(choose(text, np.where(rated >= place, np.arange(len(at)), -1)).dictionary_decode().fill_null(""))
    again = choose(("false", "true"), (before > 0).astype(np.int64))
    old = join(',"previousRatings":{"overall":', digits(before), "}")
    old = choose(old, np.where(before > 0, np.arange(len(at)), -1)).dictionary_decode().fill_null("")
    took = join('},"timeToComplete":', batch.whole(2, 90, at), ',"categoriesRated":', digits(rated))
    edited = join(',"edited":', batch.one_of(("false", "false", "true"), at), ',"hadPreviousRating":', again, old)
    return join(*members, took, edited, ',"source":"', batch.one_of(RATING_SOURCES, at), '"}')


def stars(batch: Batch, at: Ints) -> tuple[Ints, Ints]:
    """Stars given at each rating event, and before (0: none)."""
    both = batch.blocks.stars[batch.events.block[at]]
    return both % 10, both // 10


def _reviews(batch: Batch, at: Ints) -> pa.Array:
    return join('{"reviewText":"', batch.one_of(REVIEWS, at), '"}')


def _collections(batch: Batch, at: Ints) -> pa.Array:
    updates = batch.events.kind[at] == sc.TYPE["COLLECTION_UPDATE"]
    changed = choose(("", ',"changedFields":["price"]', ',"changedFields":["price","available"]'),
                     np.where(updates, batch.rng.integers(1, 3, len(at)), 0))  # fmt: skip
    source = batch.rng.integers(0, len(COLLECTION_SOURCES), len(at))
    waited = choose(("", ',"timeInWishlist":86400', ',"timeInWishlist":604800'),
                    np.where(source == 1, batch.rng.integers(1, 3, len(at)), 0))  # fmt: skip
    amounts = join('{"amount":"', batch.one_of(BOTTLES, at), '","available":"', batch.one_of(BOTTLES, at))
    terms = join('","price":"', batch.whole(10, 300, at), '","tradePreference":"', batch.one_of(TRADE_PREFERENCES, at))
    return join(amounts, terms, '","source":"', choose(COLLECTION_SOURCES, source), '"', waited, changed, "}")


def _where_on_page(batch: Batch, at: Ints) -> pa.Array:
    return join(
        ',"pageScrollPosition":', batch.whole(0, 4000, at), ',"timeOnPage":', digits(batch.events.dwell[at]), "}"
    )


def _images(batch: Batch, at: Ints) -> pa.Array:
    zoomed = choose(("false", "true"), (batch.events.kind[at] == sc.TYPE["IMAGE_ZOOMED"]).astype(np.int64))
    seen = join('{"imageIndex":', batch.whole(0, 6, at), ',"viewDuration":', digits(batch.events.dwell[at]))
    return join(seen, ',"zoomed":', zoomed, _where_on_page(batch, at))


def _notes(batch: Batch, at: Ints) -> pa.Array:
    level = note_place(batch, at) // NOTES_PER_LEVEL
    opened = join('{"noteType":"', choose(PYRAMID, level), '","expandDuration":', digits(batch.events.dwell[at]))
    return join(opened, _where_on_page(batch, at))


def note_place(batch: Batch, at: Ints) -> Ints:
    """Which note of the perfume each event is about; the same for all events of a scenario."""
    notes = batch.world.catalogue.notes_of.shape[1]
    return np.asarray(batch.blocks.second[batch.events.block[at]] % notes, np.int64)


def _similar(batch: Batch, at: Ints) -> pa.Array:
    target = choose(batch.world.catalogue.perfume_ids, batch.blocks.second[batch.events.block[at]])
    clicked = join('{"targetPerfumeId":"', target, '","position":', batch.whole(1, 13, at))
    return join(clicked, ',"similarityReason":"', batch.one_of(REASONS, at), '"', _where_on_page(batch, at))


SHAPES: tuple[tuple[Callable[[Batch, Ints], pa.Array], np.ndarray], ...] = (
    (_views, sc.types("PAGE_VIEW", "PERFUME_VIEW", "HOUSE_VIEW", "COLLECTION_VIEW")),
    (_searches, sc.types("SEARCH_PERFORMED")),
    (_result_clicks, sc.types("SEARCH_RESULT_CLICKED")),
    (_refinements, sc.types("SEARCH_REFINED")),
    (_filters, sc.types("FILTER_APPLIED", "FILTER_REMOVED")),
    (_ratings, sc.types("RATING_COMPLETED", "RATING_UPDATED")),
    (_reviews, sc.types("REVIEW_SUBMITTED", "REVIEW_UPDATED")),
    (_collections, sc.types("COLLECTION_ADD", "COLLECTION_UPDATE", "COLLECTION_REMOVE")),
    (_images, sc.types("IMAGE_VIEWED", "IMAGE_ZOOMED")),
    (_notes, sc.types("NOTES_EXPANDED", "NOTES_COLLAPSED")),
    (_similar, sc.types("SIMILAR_CLICKED")),
)
