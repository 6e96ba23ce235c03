"""A live source moves rows to another day, and a model is built anew while its readers are not.

files of a search and a recommendation -> `load_system`, build -> both moved to another week, loaded and built -> weeks
and days | the summary of searches built anew alone, then one more search -> its readers

    pytest tests/test_transformation/test_moved_rows.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.dbt_builds import build
from tests.events import NEW_SMELL, write_jsonl

AS_OF = date(2025, 3, 11)
SELECTED = ("--select", "+int_weeks_counted", "+recommendation_metrics", "+search_queries", "+int_perfume_days")
WEEKS = "select week_end, measured_searches, impressions from intermediate.int_weeks_counted order by 1"
DAYS = "select shown_date, impressions from behavior.recommendation_metrics order by 1"
PERFUME_DAYS = (
    "select activity_date, recommendation_impressions from intermediate.int_perfume_days"
    " where recommendation_impressions > 0 order by 1"
)
SEARCHES = "select search_id from behavior.search_queries order by 1"
QUERIES = {"weeks": WEEKS, "days": DAYS, "perfume_days": PERFUME_DAYS, "searches": SEARCHES}
MOVE = (
    "update staging.new_smell__search_queries set searched_at = %s, _load_id = (select max(load_id) from ops.loads)"
    " where search_id = 'first'"
)
Found = dict[str, list[Any]]


def search(name: str, moment: str) -> dict[str, Any]:
    return dict.fromkeys(("foundDesired", "refinedQuery", "abandoned"), False) | {
        "id": name, "sessionId": f"session of {name}", "userId": "somebody", "queryText": "iris", "queryType": "text",
        "filters": {}, "resultsCount": 0, "resultsShown": 0, "clickedPositions": [], "clickedPerfumes": [],
        "timestamp": moment,
    }  # fmt: skip


def recommendation(moment: str) -> dict[str, Any]:
    flags = ("clicked", "addedToWishlist", "addedToCollection", "rated", "hidPerfume", "reportedIrrelevant")
    return dict.fromkeys(flags, False) | {
        "id": "shown", "userId": "somebody", "recommendationId": "list", "perfumeId": "perfume", "source": "homepage",
        "algorithm": "nearest", "position": 1, "viewed": True, "confidence": None, "similarityScore": None,
        "thumbsUp": None, "thumbsDown": None, "impressionTime": moment, "firstInteractionTime": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def steps(
    own_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Found]]:
    """What the marts say after each step."""
    folder = tmp_path_factory.mktemp("moved")
    with own_database(folder / "home") as settings:
        Warehouse(settings).up()

        def step(number: int, searches: list[dict[str, Any]], shown: str) -> Found:
            source = folder / f"source {number}"
            write_jsonl(source, searches, "SearchQuery")
            write_jsonl(source, [recommendation(shown)], "RecommendationFeedback")
            load_system(settings.with_sources({"new_smell": str(source)}), NEW_SMELL)
            with Warehouse(settings).connect("owner") as connection:
                # as a live source changes a row; of a file, the first version of a search stays
                connection.execute(MOVE, [searches[0]["timestamp"]])
            build(settings, AS_OF, *SELECTED)
            with Warehouse(settings).connect("owner") as connection:
                return {name: connection.execute(query.encode()).fetchall() for name, query in QUERIES.items()}

        moved = "2025-02-17T10:00:00Z"
        found = {"first": step(1, [search("first", "2025-03-03T10:00:00Z")], "2025-03-03T10:00:00Z")}
        found["moved"] = step(2, [search("first", moved)], moved)
        build(settings, AS_OF, "--full-refresh", "--select", "int_searches_summarised")
        found["one more"] = step(3, [search("first", moved), search("second", moved)], moved)
        yield found


def test_a_search_and_a_recommendation_count_in_their_week(steps: dict[str, Found]) -> None:
    assert steps["first"]["weeks"] == [(date(2025, 3, 8), 1, 1)]


def test_the_week_they_have_left_no_longer_counts_them(steps: dict[str, Found]) -> None:
    assert steps["moved"]["weeks"] == [(date(2025, 2, 22), 1, 1)]


@pytest.mark.parametrize("mart", ["days", "perfume_days"])
def test_the_day_a_recommendation_has_left_no_longer_counts_it(steps: dict[str, Found], mart: str) -> None:
    assert steps["first"][mart] == [(date(2025, 3, 3), 1)]
    assert steps["moved"][mart] == [(date(2025, 2, 17), 1)]


def test_readers_of_searches_go_on_after_these_were_built_anew_alone(steps: dict[str, Found]) -> None:
    assert steps["moved"]["searches"] == [("first",)]
    assert steps["one more"]["searches"] == [("first",), ("second",)]
    assert steps["one more"]["weeks"] == [(date(2025, 2, 22), 2, 1)]
