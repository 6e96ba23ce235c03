"""Searches of a day: what was asked, found, shown and clicked.

A click leads to the scenario's perfume, so that perfume stands at the clicked position of the shown results.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import shapes
from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.new_smell.catalogue import SYSTEM, TYPES, Catalogue
from ingestion.simulator.new_smell.sessions import Blocks, Events
from ingestion.simulator.new_smell.shown import BIAS, LIST_LENGTH, POSITIONS, shown_perfumes
from ingestion.simulator.new_smell.world import World
from ingestion.simulator.plan import Ints, Mask
from ingestion.simulator.texts import choose, json_strings, lists

QUERY_TYPES = ("text", "voice", "filter_only")
QUERY_TYPE_SHARES = np.array([0.90, 0.06, 0.04])
FILTER_ONLY = 2
FILTER_SHARE = 0.2
FILTER_SETS = 60
FOUND_SHARE = 0.7
SUGGESTION_SHARE = 0.1
SEARCH_TYPES = ("initial", "refinement", "suggestion_click")
MEDIAN_RESULTS, RESULTS_SIGMA, MOST_RESULTS = 14.0, 1.0, 5000


@dataclass
class Searches:
    """One entry per search, in the order of time."""

    event: Ints
    number_of: Ints
    """Search number by event; -1 for other events."""
    query: Ints
    """Number of the text; -1 where only filters were set."""
    kind: Ints
    how: Ints
    """Initial, a refinement or a suggestion."""
    previous: Ints
    """Search it refines, or -1."""
    filters: Ints
    results: Ints
    shown: Ints
    perfumes: Ints
    """Search x place."""
    clicked: Ints
    """Clicked position from 0, or -1."""
    click_event: Ints
    found: Mask


def draw_searches(world: World, rng: np.random.Generator, blocks: Blocks, events: Events) -> Searches:
    """Fill in the searches among `events`."""
    at = np.flatnonzero(events.kind == sc.TYPE["SEARCH_PERFORMED"])
    count, block, step = len(at), events.block[at], events.step[at]
    number_of = np.full(len(events.at), -1)
    number_of[at] = np.arange(count)
    scenario = blocks.scenario[block]
    refines = (scenario == sc.NUMBER["search_refined"]) & (step > 0)
    clicks = (scenario == sc.NUMBER["search_click"]) | refines
    first = number_of[events.at_step(blocks, block, 0)]
    clicked = np.where(clicks, shapes.draw(rng, shapes.cumulative(BIAS), count), -1)
    more = shapes.heavy_tailed(rng, count, MEDIAN_RESULTS, RESULTS_SIGMA, MOST_RESULTS).astype(np.int64)
    results = np.where(scenario == sc.NUMBER["search_none"], 0, np.maximum(clicked, 0) + 1 + more)
    kind = np.where(refines, 0, shapes.draw(rng, shapes.cumulative(QUERY_TYPE_SHARES), count))
    query = np.where(kind == FILTER_ONLY, -1, shapes.draw(rng, world.catalogue.query_cdf, count))
    filtered = (rng.random(count) < FILTER_SHARE) | (kind == FILTER_ONLY)
    suggested = rng.random(count) < SUGGESTION_SHARE
    step_apart = rng.integers(1, world.catalogue.size // (2 * LIST_LENGTH), count)
    return Searches(
        event=at,
        number_of=number_of,
        query=query,
        kind=kind,
        how=np.where(refines, 1, np.where(suggested & (query >= 0), 2, 0)),
        previous=np.where(refines, first, -1),
        filters=np.where(filtered, rng.integers(1, FILTER_SETS, count), 0),
        results=results,
        shown=np.minimum(results, LIST_LENGTH),
        perfumes=shown_perfumes(blocks.perfume[block], np.maximum(clicked, 0), step_apart, world.catalogue.size),
        clicked=clicked,
        click_event=np.where(clicks, events.at_step(blocks, block, np.where(clicks, step + 1, 0)), -1),
        found=clicks & (rng.random(count) < FOUND_SHARE),
    )


def filter_sets(world: World) -> pa.Array:
    """JSON of the filters that are in use; the first is none."""
    catalogue, rng = world.catalogue, world.plan.rng(SYSTEM, "filters")
    houses, notes = catalogue.house_ids.to_pylist(), catalogue.note_ids.to_pylist()
    sets = ["{}"]
    for number in range(1, FILTER_SETS):
        parts = []
        if number % 2:
            parts.append(f'"houses":["{houses[rng.integers(len(houses))]}"]')
        if number % 3 == 0:
            first, second = rng.choice(len(notes), 2, replace=False)
            parts.append(f'"notes":["{notes[first]}","{notes[second]}"]')
        if number % 5 == 0 or not parts:
            low = int(rng.integers(1, 20)) * 5
            parts.append(f'"priceRange":{{"min":{low},"max":{low + int(rng.integers(1, 40)) * 5}}}')
        if number % 7 == 0:
            parts.append(f'"perfumeType":["{TYPES[rng.integers(len(TYPES))]}"],"tradeable":true')
        sets.append("{" + ",".join(parts) + "}")
    return pa.array(sets)


def query_members(catalogue: Catalogue) -> pa.Array:
    """The members of the event's JSON that follow from each text; the last is for no text."""
    members = []
    for text in (*catalogue.queries, ""):
        words = ",".join(f'"{word}"' for word in text.split())
        members.append(f'"query":"{text}","queryLength":{len(text)},"queryWords":[{words}]')
    return pa.array(members)


def shown_json(world: World, searches: Searches) -> pa.Array:
    """The shown perfumes of each search as a JSON array."""
    shown = searches.perfumes[searches.shown[:, None] > POSITIONS]
    return json_strings(lists(choose(world.catalogue.perfume_ids, shown), searches.shown))
