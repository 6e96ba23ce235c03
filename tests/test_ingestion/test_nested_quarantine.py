"""A row nested in another can be mended, accepted and replayed alone, into the row it belongs to."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import Entity, Rule, System, load_contracts
from ingestion.ledger import LoadResult
from ingestion.load import load_entity, load_system
from ingestion.quarantine import QuarantineError, fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.documents import MASTERX, folder, session, user, write_bson
from tests.documents import load as load_documents
from tests.events import write_jsonl

VISUALIZER: System = load_contracts()["emotion_visualizer"]
ENTRIES: Entity = VISUALIZER.entity("emotion_entries")
EMOTIONS: Entity = VISUALIZER.entity("emotion_entry_emotions")
Row = dict[str, Any]


def entry(number: int, *emotions: str, **changes: Any) -> Row:
    row: Row = dict.fromkeys(ENTRIES.source_columns)
    row |= {
        "id": f"00000000-0000-0000-0000-00000000000{number}", "user_id": "user-1", "source": "manual",
        "situation": "at home", "intensity": 0.5, "created_at": "2025-01-02T10:00:00Z",
        "emotions": json.dumps(emotions),
    }  # fmt: skip
    return row | changes


def load(settings: Settings, folder: Path, *rows: Row) -> dict[str, LoadResult]:
    address = write_jsonl(folder, rows, ENTRIES.source).parent
    results = load_system(settings.with_sources({VISUALIZER.name: str(address)}), VISUALIZER)
    return {result.entity: result for result in results}


def words(warehouse: Warehouse) -> list[tuple[int, str]]:
    with warehouse.connect("owner") as connection:
        query = f"select emotion_position, emotion from {EMOTIONS.table} order by entry_id, emotion_position"
        return connection.execute(query).fetchall()


def found(warehouse: Warehouse) -> list[tuple[int, str, list[str]]]:
    with warehouse.connect("steward") as connection:
        query = "select quarantine_id, status, reasons from ops.quarantine order by quarantine_id"
        return connection.execute(query).fetchall()


def test_a_mended_element_joins_those_of_its_entry(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry", "fear"))
    ((number, _, reasons),) = found(warehouse)
    assert reasons == ["in:emotion"]
    fix(settings, number, {"emotion": "anger"})
    (result,) = replay(settings, VISUALIZER, EMOTIONS)
    assert (result.extracted, result.inserted) == (1, 1)
    assert words(warehouse) == [(0, "joy"), (1, "anger"), (2, "fear")]


def test_its_entry_counts_as_written_by_the_replay(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry"), entry(2, "joy"))
    fix(settings, found(warehouse)[0][0], {"emotion": "anger"})
    (result,) = replay(settings, VISUALIZER, EMOTIONS)
    with warehouse.connect("owner") as connection:
        query = f"select _load_id = %s from {ENTRIES.table} order by entry_id"
        assert connection.execute(query, [result.load_id]).fetchall() == [(True,), (False,)]


def test_an_element_whose_entry_is_not_there_waits_on_as_it_was_decided(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry"), entry(2, "sad"))
    for number, _, _ in found(warehouse):
        fix(settings, number, {"emotion": "anger"})
    with warehouse.connect("owner") as connection:
        connection.execute(f"delete from {ENTRIES.table} where entry_id::text like '%%1'".encode())
    (result,) = replay(settings, VISUALIZER, EMOTIONS)
    assert (result.inserted, result.quarantined) == (1, 1)
    assert [row[1:] for row in found(warehouse)] == [
        ("fixed", ["in:emotion", "parent_missing"]),
        ("replayed", ["in:emotion"]),
    ]


def test_an_element_of_an_entry_that_came_anew_is_closed(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "one", entry(1, "joy", "angry"), entry(2, "sad"))
    fix(settings, found(warehouse)[0][0], {"emotion": "anger"})
    results = load(settings, tmp_path / "two", entry(1, "fear"))
    assert results[EMOTIONS.name].superseded == 1
    replay(settings, VISUALIZER, EMOTIONS)
    assert [status for _, status, _ in found(warehouse)] == ["superseded", "open"]
    assert words(warehouse) == [(0, "fear")]


def test_a_replay_finds_an_entry_that_came_anew_as_well(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "one", entry(1, "joy", "angry"))
    fix(settings, found(warehouse)[0][0], {"emotion": "anger"})
    load(settings, tmp_path / "two", entry(1, "fear", intensity=0.6))
    with warehouse.connect("owner") as connection:
        connection.execute("update ops.quarantine set status = 'fixed'")
    assert replay(settings, VISUALIZER, EMOTIONS)[0].superseded == 1
    assert words(warehouse) == [(0, "fear")]


def test_a_mended_element_stays_while_its_bad_form_comes_again(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    bad = entry(1, "joy", "angry")
    load(settings, tmp_path / "one", bad)
    fix(settings, found(warehouse)[0][0], {"emotion": "anger"})
    replay(settings, VISUALIZER, EMOTIONS)
    load(settings, tmp_path / "two", bad, entry(2, "fear"))
    assert words(warehouse) == [(0, "joy"), (1, "anger"), (0, "fear")]
    load(settings, tmp_path / "three", entry(1, "joy"))
    assert words(warehouse) == [(0, "joy"), (0, "fear")]


def test_an_element_may_be_accepted_as_it_stands(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry"))
    fix(settings, found(warehouse)[0][0], {})
    replay(settings, VISUALIZER, EMOTIONS)
    assert words(warehouse) == [(0, "joy"), (1, "angry")]


def test_a_value_that_the_rule_refuses_is_refused_at_once(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry"))
    for value in ("furious", None):
        with pytest.raises(QuarantineError, match="in:emotion" if value else "not_null:emotion") as caught:
            fix(settings, found(warehouse)[0][0], {"emotion": value})
        assert "furious" not in str(caught.value)


def test_a_whole_replay_takes_parents_in_before_what_is_nested_in_them(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "angry", intensity=7))
    fix(settings, found(warehouse)[0][0], {"intensity": "0.7"})
    for entity in VISUALIZER.entities:
        replay(settings, VISUALIZER, entity)
    assert words(warehouse) == [(0, "joy")]
    fix(settings, found(warehouse)[-1][0], {"emotion": "anger"})
    replay(settings, VISUALIZER, EMOTIONS)
    assert words(warehouse) == [(0, "joy"), (1, "anger")]


def test_a_rebuild_has_the_replayed_elements_too(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    bad = entry(1, "joy", "angry")
    load(settings, tmp_path / "one", bad, entry(2, "glad"))
    fix(settings, found(warehouse)[0][0], {"emotion": "anger"})
    fix(settings, found(warehouse)[1][0], {})
    replay(settings, VISUALIZER, EMOTIONS)
    load(settings, tmp_path / "two", bad, entry(3, "fear"))
    with warehouse.connect("owner") as connection:
        query = f"select entry_id, _load_id from {ENTRIES.table} order by 1"
        before = words(warehouse), connection.execute(query).fetchall(), [row[1:] for row in found(warehouse)]
    rebuild(settings)
    with warehouse.connect("owner") as connection:
        after = words(warehouse), connection.execute(query).fetchall(), [row[1:] for row in found(warehouse)]
    assert after == before


def test_the_same_emotion_twice_in_one_entry_is_two_rows(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, tmp_path / "in", entry(1, "joy", "joy"))
    assert words(warehouse) == [(0, "joy"), (1, "joy")]


def test_a_unique_rule_on_nested_rows_has_the_later_element_wait(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rule = Rule("emotion_repeated", "unique", "entry_id", ("entry_id", "emotion"))
    strict = replace(EMOTIONS, rules=(*EMOTIONS.rules, rule))
    system = replace(VISUALIZER, entities=tuple(strict if e is EMOTIONS else e for e in VISUALIZER.entities))
    rows = [entry(1, "joy", "joy"), entry(2, "joy")]
    source = settings.with_sources({VISUALIZER.name: str(write_jsonl(tmp_path, rows, ENTRIES.source).parent)})
    results = {result.entity: result for result in load_entity(source, system, ENTRIES)}
    assert (results[ENTRIES.name].inserted, results[EMOTIONS.name].quarantined) == (2, 1)
    assert words(warehouse) == [(0, "joy"), (0, "joy")]
    assert [row[1:] for row in found(warehouse)] == [("open", ["emotion_repeated"])]


@pytest.mark.parametrize("allows", [True, False])
def test_an_element_of_somebody_who_has_withdrawn_their_consent_stays_outside(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, allows: bool
) -> None:
    felt = session(1)
    felt["emotional_journey"]["emotional_states_timeline"][0]["intensity"] = 7.0
    load_documents(settings, folder(tmp_path / "one", [felt]))
    people = [user(number) for number in range(7)]
    people[1]["preferences"]["privacy_settings"]["emotional_data_usage"] = allows
    load_documents(settings, write_bson(tmp_path / "two", people, "users").parent)
    number = found(warehouse)[0][0]
    fix(settings, number, {"intensity": "0.7"})
    (result,) = replay(settings, MASTERX, MASTERX.entity("learning_session_emotions"))
    assert (result.extracted, result.inserted, result.erased) == (1, int(allows), int(not allows))
