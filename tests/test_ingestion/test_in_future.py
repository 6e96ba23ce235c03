"""An event that lies later than the day after it came is one of a wrong clock: it waits in the quarantine."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.quarantine import QuarantineError, fix, replay
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.documents import INTERACTIONS, MASTERX, SESSIONS, interaction, session
from tests.documents import folder as documents
from tests.documents import load as load_documents
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl

CODE = "in_future:occurred_at"


def quarantined(warehouse: Warehouse) -> dict[str, tuple[int, list[str], str]]:
    with warehouse.connect("steward") as connection:
        query = "select source_key, quarantine_id, reasons, status from ops.quarantine"
        return {key: (number, reasons, status) for key, number, reasons, status in connection.execute(query)}


@pytest.mark.parametrize(
    ("moment", "reasons"),
    [
        ("2080-06-02T12:05:00Z", [CODE]),
        (timedelta(days=2), [CODE]),
        (timedelta(hours=20), None),
        ("1999-01-01T00:00:00Z", None),
        (None, ["not_null:occurred_at"]),
        ("2101-01-01T00:00:00Z", ["between:occurred_at", CODE]),
        ("soon", ["type:occurred_at"]),
    ],
)
def test_a_clock_is_believed_up_to_a_day_ahead(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, moment: timedelta | str | None, reasons: list[str] | None
) -> None:
    if isinstance(moment, timedelta):
        moment = (datetime.now(UTC) + moment).isoformat()
    load(settings, write_jsonl(tmp_path / "in", [event(1), event(2, timestamp=moment)]).parent)
    found = quarantined(warehouse)
    assert ("event-2" in found) == (reasons is not None)
    if reasons is not None:
        assert found["event-2"][1] == reasons


def test_that_its_date_has_passed_does_not_make_an_event_true(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, timestamp="2080-06-02T12:05:00Z")]).parent)
    with warehouse.connect("owner") as connection:
        # as if fifty years had gone by
        past = """'"2024-06-02T12:05:00Z"'"""
        connection.execute(f"update ops.quarantine set payload = jsonb_set(payload, '{{occurred_at}}', {past})")
    assert replay(settings, NEW_SMELL, EVENTS)[0].quarantined == 1
    assert quarantined(warehouse)["event-1"][1:] == ([CODE], "open")


def test_a_steward_sets_the_right_time_or_accepts_the_wrong_one(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(n, timestamp="2080-06-02T12:05:00Z") for n in range(3)]
    load(settings, write_jsonl(tmp_path / "in", rows).parent)
    found = quarantined(warehouse)
    with pytest.raises(QuarantineError, match=CODE):
        fix(settings, found["event-0"][0], {"occurred_at": "2070-01-01"})
    fix(settings, found["event-1"][0], {"occurred_at": "2025-06-02T12:05:00Z"})
    fix(settings, found["event-2"][0], {})
    replay(settings, NEW_SMELL, EVENTS)
    with warehouse.connect("owner") as connection:
        times: list[Any] = [row[EVENTS.column_names.index("occurred_at")].year for row in staged(connection)]
    assert times == [2025, 2080]


def test_a_nested_event_in_the_future_waits_alone(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    late = interaction(datetime(2080, 6, 2, tzinfo=UTC), 0, random.Random(1))
    right = interaction(datetime(2025, 6, 2, tzinfo=UTC), 1, random.Random(1))
    where = documents(tmp_path / "in", [session(1, interactions=0) | {"interactions": [late, right]}])
    result = load_documents(settings, where)
    assert (result[SESSIONS.name].inserted, result[INTERACTIONS.name].quarantined) == (1, 1)
    (found,) = quarantined(warehouse).values()
    assert found[1] == [CODE]


def test_a_nested_event_kept_in_its_bad_parent_stays_in_the_future(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    late = interaction(datetime(2080, 6, 2, tzinfo=UTC), 0, random.Random(1))
    bad = session(1, interactions=0) | {"interactions": [late], "duration_minutes": -5}
    load_documents(settings, documents(tmp_path / "in", [bad]))
    ((number, reasons, _),) = quarantined(warehouse).values()
    with warehouse.connect("owner") as connection:
        inner = """'"2024-06-02T12:05:00Z"'"""
        place = f"{{{INTERACTIONS.name},0,occurred_at}}"
        connection.execute(f"update ops.quarantine set payload = jsonb_set(payload, '{place}', {inner})")
    fix(settings, number, {reasons[0].partition(":")[2]: "5"})
    results = {result.entity: result for result in replay(settings, MASTERX, SESSIONS)}
    assert (results[SESSIONS.name].inserted, results[INTERACTIONS.name].quarantined) == (1, 1)
