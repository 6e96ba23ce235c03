"""The bundled sample of New Smell: the published facts hold in it.

Data flow: ingestion/sample/new_smell -> rows of dicts -> facts the data sets state of themselves.

    pytest tests/test_ingestion/test_sample_new_smell.py
"""

import json
from collections import Counter
from functools import partial
from typing import Any

import pytest

from ingestion.contracts import Column, load_contracts
from ingestion.settings import PROJECT_ROOT
from tests import sample

rows = partial(sample.rows, "new_smell")
NEW_SMELL = load_contracts(PROJECT_ROOT)["new_smell"]
TRACKED = 834


def tracked() -> list[dict[str, Any]]:
    return rows("UserInteractionEvent")[:TRACKED]


def test_every_entity_of_the_contract_has_a_file():
    assert {sample.source_of(path) for path in sample.files("new_smell")} == {e.source for e in NEW_SMELL.entities}


def test_event_data_has_only_keys_the_contract_reads():
    events = NEW_SMELL.entity("user_interaction_events")
    items = NEW_SMELL.entity("user_interaction_event_items")
    paths = [column.source for column in events.columns if in_event_data(column)]
    paths += [path for stream in items.streams for _, path in stream.paths]
    used = {key for row in rows("UserInteractionEvent") for key in json.loads(row["eventData"])}
    assert used <= {str(path).split(".")[1] for path in paths}


def in_event_data(column: Column) -> bool:
    return column.source_column == "eventData" and column.source != "eventData"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("UserInteractionEvent", TRACKED + 4501),
        ("UserSession", 63),
        ("SearchQuery", 4501),
        ("RecommendationFeedback", 4 * 10_000),
        ("Perfume", 6 + 34 + 46),
        ("PerfumeHouse", 1),
        ("Note", 0),
        ("PerfumeNote", 0),
        ("User", 59),
    ],
)
def test_row_counts_are_those_of_the_published_data(source: str, count: int):
    assert len(rows(source)) == count


def test_the_ten_tracker_events_without_a_session_id_are_kept():
    assert sum(row["sessionId"] is None for row in tracked()) == 10


def test_the_tracker_events_are_mapped_by_the_documented_table():
    assert Counter(row["eventType"] for row in tracked()) == {
        "PERFUME_VIEW": 179,
        "PAGE_VIEW": 100 + 57 + 1,
        "SIMILAR_CLICKED": 35,
        "WISHLIST_ADD": 38,
        "WISHLIST_REMOVE": 15,
        "PURCHASE_INITIATED": 44,
        "NAVIGATION_CLICK": 34 + 2 + 1,
        "PURCHASE_COMPLETED": 15 + 14,
        "refund": 1,
        None: 410 - 57 - 41 - 14,
    }


def test_every_search_is_also_an_event():
    searched = [row["id"].removeprefix("search-") for row in rows("SearchQuery")]
    events = rows("UserInteractionEvent")[TRACKED:]
    assert [row["id"].removeprefix("event-") for row in events] == searched


def test_the_empty_queries_are_kept_as_empty_texts():
    assert sum(row["queryText"] == "" for row in rows("SearchQuery")) == 533


def test_the_searches_are_by_891_users():
    assert len({row["userId"] for row in rows("SearchQuery")}) == 891


def test_a_search_logged_twice_is_the_same_row_twice():
    first_seen: dict[str, dict[str, Any]] = {}
    repeats = [r for r in rows("SearchQuery") if first_seen.setdefault(r["id"], r) is not r]
    assert len(repeats) == 19
    assert all(row == first_seen[row["id"]] for row in repeats)


def test_the_clicks_on_recommendations_are_the_published_ones():
    clicked = [row for row in rows("RecommendationFeedback") if row["clicked"]]
    assert Counter((r["algorithm"], r["perfumeId"].split("-")[0]) for r in clicked) == {
        ("bts", "men"): 69,
        ("bts", "women"): 46,
        ("random", "men"): 46,
        ("random", "women"): 46,
    }


def test_a_recommendation_names_a_perfume_of_the_catalogue():
    catalogue = {row["id"] for row in rows("Perfume")}
    assert {row["perfumeId"] for row in rows("RecommendationFeedback")} <= catalogue


def test_a_list_shows_a_perfume_and_a_position_once():
    shown = rows("RecommendationFeedback")
    assert len({(row["recommendationId"], row["perfumeId"]) for row in shown}) == len(shown)
    assert len({(row["recommendationId"], row["position"]) for row in shown}) == len(shown)


def test_a_session_row_id_does_not_give_the_session_id_away():
    assert [row["id"] for row in rows("UserSession")] == [f"session-{n:03}" for n in range(1, 64)]


def test_the_two_visitors_whose_first_session_is_not_logged_have_no_sign_up():
    assert sum(row["createdAt"] == "" for row in rows("User")) == 2
