"""Whatever the rows and however they arrive, the staging tables are the same."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl

ITEMS = NEW_SMELL.entity("user_interaction_event_items")
TYPES = ["PAGE_VIEW", "PERFUME_VIEW", "RATING_COMPLETED", "SEARCH_PERFORMED", "unheard of"]
Row = dict[str, Any]


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Events with distinct ids, clean and dirty, early and late."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        data = {
            "viewDuration": draw(st.one_of(st.none(), st.integers(-2, 10), st.just("long"))),
            "shownPerfumeIds": draw(st.one_of(st.none(), st.lists(st.text("ab", max_size=2), max_size=3))),
            "ratings": draw(st.one_of(st.none(), st.fixed_dictionaries({"overall": st.integers(0, 6)}))),
        }
        changes = {
            "eventType": draw(st.sampled_from(TYPES)),
            "value": draw(st.one_of(st.none(), st.integers(0, 6), st.floats(allow_nan=True))),
            "userId": draw(st.one_of(st.none(), st.text(max_size=3))),
            "timestamp": draw(st.one_of(st.just("2020-02-30"), st.datetimes().map(str))),
            "path": draw(st.one_of(st.none(), st.text(max_size=5))),
            "eventData": draw(st.one_of(st.just(json.dumps(data)), st.just("{"), st.none())),
        }
        found.append(event(number, **changes))
    return found


def loaded(settings: Settings, warehouse: Warehouse, batches: list[list[Row]]) -> tuple[Any, ...]:
    """What stands in staging and in the quarantine after loading `batches` into an empty warehouse."""
    with tempfile.TemporaryDirectory() as folder, warehouse.connect("owner") as connection:
        for number, batch in enumerate(batches):
            if batch:
                result = load(settings, write_jsonl(Path(folder) / str(number), batch).parent)[EVENTS.name]
                known = result.inserted + result.updated + result.unchanged + result.quarantined + result.erased
                assert result.extracted == len(batch) == known
        bad = connection.execute("select source_key, reasons from ops.quarantine where entity = %s", [EVENTS.name])
        state = staged(connection), staged(connection, ITEMS), sorted(map(repr, bad.fetchall()))
        connection.execute(f"truncate {EVENTS.table}, {ITEMS.table}, ops.loads, ops.quarantine, ops.watermarks")
    return state


@profile(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), generated=rows())
def test_one_load_many_loads_shuffled_and_repeated_give_equal_tables(
    settings: Settings, warehouse: Warehouse, data: st.DataObject, generated: list[Row]
) -> None:
    whole = loaded(settings, warehouse, [generated])
    again = data.draw(st.lists(st.sampled_from(generated), max_size=5))
    shuffled = data.draw(st.permutations(generated + again))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert loaded(settings, warehouse, [shuffled[:cut], shuffled[cut:], generated[:3]]) == whole
