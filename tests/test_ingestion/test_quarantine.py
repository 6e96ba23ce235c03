"""A steward mends rows or a rule changes, and a replay takes in what passes now."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import Column, Entity, Rule, System
from ingestion.quarantine import QuarantineError, fix, replay
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl

ITEMS = NEW_SMELL.entity("user_interaction_event_items")


def rows_of(warehouse: Warehouse) -> dict[str, tuple[int, str, list[str], list[Any]]]:
    with warehouse.connect("steward") as connection:
        found = connection.execute("select source_key, quarantine_id, status, reasons, trail from ops.quarantine")
        return {key: (number, status, reasons, trail) for key, number, status, reasons, trail in found}


def test_a_mended_row_is_taken_in_with_all_that_is_nested_in_it(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    data = json.dumps({"shownPerfumeIds": ["a", "b"], "viewDuration": 5})
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?", eventData=data), event(2)]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {"event_type": "PERFUME_VIEW"})
    result = {r.entity: r for r in replay(settings, NEW_SMELL, EVENTS)}
    assert (result[EVENTS.name].inserted, result[ITEMS.name].inserted) == (1, 2)
    with warehouse.connect("owner") as connection:
        assert [row[0] for row in staged(connection)] == ["event-1", "event-2"]
        assert [row[3] for row in staged(connection, ITEMS)] == ["a", "b"]
    _, status, _, trail = rows_of(warehouse)["event-1"]
    assert (status, [step["action"] for step in trail]) == ("replayed", ["fixed", "replayed"])


def test_a_row_that_is_still_bad_stays_with_its_new_reasons(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?", duration="soon")]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {"event_type": "PAGE_VIEW"})
    result = replay(settings, NEW_SMELL, EVENTS)[0]
    assert (result.extracted, result.inserted, result.quarantined) == (1, 0, 1)
    assert rows_of(warehouse)["event-1"][1:3] == ("open", ["type:duration_ms"])


def test_open_and_fixed_rows_are_counted_together(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(n, eventType="?") for n in range(6)]).parent)
    fix(settings, rows_of(warehouse)["event-3"][0], {"event_type": "PAGE_VIEW"})
    result = replay(settings, NEW_SMELL, EVENTS)[0]
    assert (result.extracted, result.inserted, result.quarantined) == (6, 1, 5)


def test_a_fixed_row_that_fails_beside_an_open_copy_of_it_expires_as_its_duplicate(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    bad = event(1, eventType="?", duration="soon")
    load(settings, write_jsonl(tmp_path / "one", [bad]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {"event_type": "PAGE_VIEW"})
    with warehouse.connect("owner") as connection:
        # as versions before 2026-12 left it: the row came again while it was fixed
        columns = "system, entity, source_key, payload, reasons, rule_version, fingerprint"
        connection.execute(
            f"insert into ops.quarantine (load_id, seen_load_id, {columns})"
            f" select load_id + 1, load_id + 1, {columns} from ops.quarantine"
        )
    for _ in range(2):
        replay(settings, NEW_SMELL, EVENTS)
    with warehouse.connect("steward") as connection:
        query = "select status, trail -> -1 ->> 'action' from ops.quarantine order by quarantine_id"
        assert connection.execute(query).fetchall() == [("expired", "duplicate"), ("open", "tried")]


def relaxed(system: System, column: str, rule: Rule) -> tuple[System, Entity]:
    """The contract with `rule` in place of the column's rules."""

    def changed(c: Column) -> Column:
        return replace(c, rules=(rule,)) if c.name == column else c

    entity = replace(EVENTS, columns=tuple(changed(c) for c in EVENTS.columns))
    entities = tuple(entity if e.name == EVENTS.name else e for e in system.entities)
    return replace(system, entities=entities), entity


def test_after_a_rule_change_a_replay_moves_just_what_now_passes(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(1, deviceType="watch"), event(2, deviceType="fridge"), event(3, deviceType="mobile")]
    load(settings, write_jsonl(tmp_path / "in", rows).parent)
    wider = Rule("in:device_type", "in", "device_type", ("mobile", "tablet", "desktop", "watch"))
    result = replay(settings, *relaxed(NEW_SMELL, "device_type", wider))[0]
    assert (result.inserted, result.quarantined) == (1, 1)
    found = rows_of(warehouse)
    assert (found["event-1"][1], found["event-2"][1]) == ("replayed", "open")


def test_a_conflict_stays_until_the_steward_accepts_it(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1), event(1, path="/other")]).parent)
    assert replay(settings, NEW_SMELL, EVENTS)[0].quarantined == 1
    fix(settings, rows_of(warehouse)["event-1"][0], {})
    assert replay(settings, NEW_SMELL, EVENTS)[0].updated == 1
    with warehouse.connect("owner") as connection:
        assert [row[EVENTS.column_names.index("path")] for row in staged(connection)] == ["/other"]


def accepted(warehouse: Warehouse) -> list[tuple[str, str]]:
    with warehouse.connect("steward") as connection:
        query = "select source_key, status from ops.quarantine order by source_key"
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "changes",
    [
        {"eventType": "?"},
        {"deviceType": "fridge", "path": None},
        {"timestamp": "1985-01-01T00:00:00Z"},
        {"path": "/a\x00b"},
        {"eventType": "RATING_COMPLETED", "value": 17},
    ],
)
def test_a_row_is_taken_in_as_it_stands_whatever_rule_it_breaks(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, changes: dict[str, Any]
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, **changes), event(2)]).parent)
    assert accepted(warehouse) == [("event-1", "open")]
    fix(settings, rows_of(warehouse)["event-1"][0], {})
    assert replay(settings, NEW_SMELL, EVENTS)[0].inserted == 1
    assert accepted(warehouse) == [("event-1", "replayed")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"duration": "soon"}, "type:duration_ms"),
        ({"timestamp": "soon"}, "type:occurred_at"),
        ({"timestamp": None}, "not_null:occurred_at"),
        ({"eventData": "{"}, "json:eventData"),
        ({"eventData": '{"viewDuration": [1]}'}, "type:eventData.viewDuration"),
        ({"id": None}, "not_null:event_id"),
    ],
)
def test_a_row_that_cannot_stand_in_its_table_is_not_accepted(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, **changes), event(2)]).parent)
    ((number, status, _, _),) = rows_of(warehouse).values()
    with pytest.raises(QuarantineError, match=code) as caught:
        fix(settings, number, {})
    assert "\n" not in str(caught.value) and "soon" not in str(caught.value)
    assert status == "open"


def test_a_row_that_is_mended_after_it_was_accepted_is_judged_again(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?")]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {})
    fix(settings, rows_of(warehouse)["event-1"][0], {"path": "/other"})
    assert replay(settings, NEW_SMELL, EVENTS)[0].quarantined == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event_type": "NO SUCH TYPE"}, "in:event_type"),
        ({"path": None}, "not_null:path"),
        ({"occurred_at": "1985-01-01"}, "between:occurred_at"),
        ({"event_type": "RATING_COMPLETED", "value": "17"}, "rating_value_out_of_range"),
    ],
)
def test_values_that_a_rule_refuses_are_refused_at_once(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, changes: dict[str, str | None], code: str
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?")]).parent)
    with pytest.raises(QuarantineError, match=code):
        fix(settings, rows_of(warehouse)["event-1"][0], changes)
    assert rows_of(warehouse)["event-1"][1] == "open"


def test_a_mended_column_takes_away_only_what_was_wrong_with_it(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    data = json.dumps({"viewDuration": [1]})
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?", eventData=data)]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {"event_type": "PAGE_VIEW"})
    replay(settings, NEW_SMELL, EVENTS)
    assert rows_of(warehouse)["event-1"][1:3] == ("open", ["type:eventData.viewDuration"])
    fix(settings, rows_of(warehouse)["event-1"][0], {"view_duration_ms": "5"})
    replay(settings, NEW_SMELL, EVENTS)
    assert rows_of(warehouse)["event-1"][1] == "replayed"


def test_a_replay_without_anything_to_do_enters_no_load(settings: Settings, warehouse: Warehouse) -> None:
    assert replay(settings, NEW_SMELL, EVENTS)[0].load_id is None


def test_what_cannot_be_mended_is_said_in_one_line(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "in", [event(1, eventType="?"), event(2)])
    path.write_text(path.read_text() + "{broken\n")
    load(settings, path.parent)
    found = rows_of(warehouse)
    unreadable = next(number for number, _, reasons, _ in found.values() if reasons == ["unreadable_row"])
    for number, changes, message in [
        (10**9, {}, "no row 1000000000"),
        (found["event-1"][0], {"event_typ": "x"}, "no column 'event_typ'"),
        (found["event-1"][0], {"duration_ms": "soon"}, "'soon' is no bigint"),
        (unreadable, {}, "was never readable"),
    ]:
        with pytest.raises(QuarantineError, match=message):
            fix(settings, number, changes)


def test_a_raw_identifier_given_by_the_steward_is_not_kept(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, sessionId=None), event(2, sessionId="session-9")]).parent)
    fix(settings, rows_of(warehouse)["event-1"][0], {"session_key": "session-9"})
    replay(settings, NEW_SMELL, EVENTS)
    with warehouse.connect("owner") as connection:
        first, second = staged(connection)
        assert first[EVENTS.column_names.index("session_key")] == second[EVENTS.column_names.index("session_key")]
        assert "session-9" not in repr(connection.execute("select q.* from ops.quarantine q").fetchall())


def test_a_conflict_beside_a_row_of_somebody_who_is_erased_is_settled_as_its_own(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(1, eventType="?", userId="user-1"), event(2), event(2, path="/other")]
    load(settings, write_jsonl(tmp_path / "in", rows).parent)
    with warehouse.connect("owner") as connection:
        connection.execute(
            "insert into ops.erasures (system, user_key, load_id) select system, (payload ->> 'user_key')::uuid, 1"
            " from ops.quarantine where source_key = 'event-1'"
        )
        connection.execute("update ops.quarantine set payload = jsonb_set(payload, '{event_type}', '\"PAGE_VIEW\"')")
    result = replay(settings, NEW_SMELL, EVENTS)[0]
    assert (result.extracted, result.erased, result.quarantined) == (2, 1, 1)
    assert accepted(warehouse) == [("event-1", "replayed"), ("event-2", "open")]
