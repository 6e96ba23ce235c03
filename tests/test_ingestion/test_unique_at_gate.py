"""A value that a `unique` rule allows once: the row that comes later waits in the quarantine, and nothing stops."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion import entity_load, load
from ingestion.contracts import Entity, System, load_contracts
from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.sources import json_files
from ingestion.warehouse import Warehouse
from tests.accounts import USERS, VISUALIZER, loaded, people, person, staged, waiting

Row = dict[str, Any]
NEW_SMELL: System = load_contracts()["new_smell"]
FEEDBACK: Entity = NEW_SMELL.entity("recommendation_feedback")
VOICE: System = load_contracts()["voice_patterns"]
BASELINES: Entity = VOICE.entity("voice_baselines")


def impression(number: int, **changes: Any) -> Row:
    row: Row = dict.fromkeys(FEEDBACK.source_columns)
    row |= {
        "id": f"r{number}", "userId": "user-1", "perfumeId": "p1", "recommendationId": "list-1", "source": "homepage",
        "algorithm": "a", "position": 1, "impressionTime": "2025-06-02T10:00:00Z",
    }  # fmt: skip
    flags = ("viewed", "clicked", "addedToWishlist", "addedToCollection", "rated", "hidPerfume", "reportedIrrelevant")
    return row | dict.fromkeys(flags, False) | changes


def test_an_impression_logged_twice_waits_and_the_others_come_in(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [impression(1), impression(2), impression(3, perfumeId="p2")]
    result = loaded(settings, NEW_SMELL, FEEDBACK, tmp_path / "in", rows)
    assert (result.extracted, result.inserted, result.quarantined) == (3, 2, 1)
    assert waiting(warehouse) == [(["recommendation_repeated"], "open")]


@pytest.mark.parametrize("batches", [["a", "b"], ["ab"]])
def test_the_later_of_two_people_with_one_address_waits(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, batches: list[str]
) -> None:
    rows = {"a": person(1, "one@example.org"), "b": person(2, "one@example.org")}
    for number, batch in enumerate(batches):
        people(settings, tmp_path / str(number), [rows[name] for name in batch])
    assert staged(warehouse) == 1
    assert waiting(warehouse) == [(["unique:email_key"], "open")]


def test_a_person_who_comes_again_unchanged_does_not_wait_for_themselves(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org")])
    result = people(settings, tmp_path / "two", [person(1, "one@example.org"), person(2, "two@example.org")])
    assert (result.unchanged, result.inserted, result.quarantined) == (1, 1, 0)


def test_an_update_to_a_value_that_is_taken_waits_and_the_row_stays_as_it_was(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org"), person(2, "two@example.org")])
    result = people(settings, tmp_path / "two", [person(2, "one@example.org")])
    assert (result.quarantined, staged(warehouse)) == (1, 2)


@pytest.mark.parametrize("mover_first", [True, False])
def test_a_value_that_moves_within_a_batch_is_free_in_whatever_order(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, mover_first: bool
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org")])
    rows = [person(1, "new@example.org"), person(2, "one@example.org")]
    result = people(settings, tmp_path / "two", rows if mover_first else rows[::-1])
    assert (result.updated, result.inserted, result.quarantined) == (1, 1, 0)


def test_two_people_may_swap_their_addresses(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org"), person(2, "two@example.org")])
    result = people(settings, tmp_path / "two", [person(1, "two@example.org"), person(2, "one@example.org")])
    assert (result.updated, result.quarantined) == (2, 0)


def test_what_a_waiting_row_would_have_given_up_is_not_free(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org"), person(2, "two@example.org")])
    result = people(settings, tmp_path / "two", [person(2, "one@example.org"), person(3, "two@example.org")])
    assert (result.quarantined, staged(warehouse)) == (2, 2)


def test_a_row_that_waited_comes_in_with_the_load_that_frees_its_value(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org"), person(2, "one@example.org")])
    assert staged(warehouse) == 1
    people(settings, tmp_path / "two", [person(1, "new@example.org")])
    assert staged(warehouse) == 2
    assert waiting(warehouse) == [(["unique:email_key"], "replayed")]


def baseline(number: int, is_current: bool) -> Row:
    row: Row = dict.fromkeys(BASELINES.source_columns)
    required = {
        column.source: 1 if column.data_type in ("integer", "bigint", "double precision") else "x"
        for column in BASELINES.columns
        if column.source and any(rule.kind == "not_null" for rule in column.rules)
    }
    number_id = f"00000000-0000-0000-0000-00000000000{number}"
    return row | required | {
        "baseline_id": number_id, "user_id": "user-1", "is_current": is_current,
        "established_at": "2025-01-01T10:00:00Z",
    }  # fmt: skip


def test_rows_that_the_rule_does_not_speak_of_do_not_repeat_each_other(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [baseline(1, False), baseline(2, False), baseline(3, True)]
    assert loaded(settings, VOICE, BASELINES, tmp_path / "in", rows).inserted == 3


@pytest.mark.parametrize("loads", [1, 2])
def test_the_current_one_changes_hands_however_the_rows_are_split(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, loads: int
) -> None:
    rows = [baseline(1, True), baseline(2, True), baseline(1, False)]
    for number, part in enumerate([rows] if loads == 1 else [rows[:2], rows[2:]]):
        loaded(settings, VOICE, BASELINES, tmp_path / str(number), part)
    with warehouse.connect("owner") as connection:
        query = f"select is_current from {BASELINES.table} order by baseline_id"
        assert connection.execute(query).fetchall() == [(False,), (True,)]


def test_a_replay_checks_it_too_and_the_steward_may_accept_it(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [person(1, "one@example.org"), person(2, "one@example.org")]
    people(settings, tmp_path / "in", rows)
    assert replay(settings, VISUALIZER, USERS)[0].quarantined == 1
    with warehouse.connect("steward") as connection:
        (number,) = connection.execute("select quarantine_id from ops.quarantine").fetchone() or (0,)
    fix(settings, number, {})
    assert replay(settings, VISUALIZER, USERS)[0].inserted == 1
    # neither of the two waits when it comes again
    again = people(settings, tmp_path / "again", [person(1, "one@example.org", is_active=True)])
    assert (again.updated, again.quarantined) == (1, 0)


def test_a_mended_row_that_takes_a_held_value_waits_on(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    people(settings, tmp_path / "in", [person(1, "one@example.org"), person(2, "no address")])
    with warehouse.connect("steward") as connection:
        (number,) = connection.execute("select quarantine_id from ops.quarantine").fetchone() or (0,)
    fix(settings, number, {"email_key": "one@example.org"})
    replay(settings, VISUALIZER, USERS)
    assert waiting(warehouse) == [(["unique:email_key"], "open")]


def test_rows_beyond_one_batch_wait_as_well(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "BATCH_ROWS", 2)
    monkeypatch.setattr(entity_load, "LEAST_BAD_ROWS", 100)
    rows = [person(n, f"{n % 3}@example.org") for n in range(9)]
    result = people(settings, tmp_path / "in", rows)
    assert (result.inserted, result.quarantined) == (3, 6)


def test_a_rebuild_has_the_same_rows_wait(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org"), person(2, "one@example.org")])
    people(settings, tmp_path / "two", [person(3, "three@example.org"), person(1, "new@example.org")])
    before = waiting(warehouse), staged(warehouse)
    rebuild(settings)
    assert (waiting(warehouse), staged(warehouse)) == before


def test_the_look_up_uses_an_index(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org")])
    with warehouse.connect("owner") as connection:
        query = "select count(*) from pg_indexes where tablename = %s and indexdef like %s"
        found = connection.execute(query, [f"{USERS.system}__{USERS.name}", "%(email_key)%"]).fetchone()
    assert found == (1,)


def test_a_rule_of_several_columns_needs_all_of_them(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    rule = replace(FEEDBACK.unique_rules[0])
    assert rule.args == ("recommendation_id", "user_key", "perfume_id")
    rows = [impression(1), impression(2, userId="user-2"), impression(3, recommendationId="list-2")]
    assert loaded(settings, NEW_SMELL, FEEDBACK, tmp_path / "in", rows).quarantined == 0


def test_a_live_source_frees_and_takes_in_one_load(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    with psycopg.connect(str(settings.database_url), autocommit=True) as source:
        columns = ", ".join(f'"{name}" text' for name in USERS.source_columns if name != "id")
        source.execute(f"create table public.users (id text primary key, {columns})".encode())
        insert = "insert into public.users (id, email, name, created_at) values (%s, %s, 'x', '2025-01-01')"
        source.execute(insert, ["user-1", "one@example.org"])
        live = settings.with_sources({VISUALIZER.name: str(settings.database_url)})
        load.load_entity(live, VISUALIZER, USERS)
        source.execute(insert, ["user-2", "one@example.org"])
        assert load.load_entity(live, VISUALIZER, USERS)[0].quarantined == 1
        source.execute("delete from public.users where id = 'user-1'")
        load.load_entity(live, VISUALIZER, USERS)
    assert staged(warehouse) == 1
    assert waiting(warehouse)[0][1] == "replayed"
