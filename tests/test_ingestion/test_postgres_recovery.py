"""Whatever the cursor does: what the source holds and nobody knows is found by counting, and loaded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.contracts import load_contracts
from ingestion.ledger import LoadResult
from ingestion.load import describe, load_entity
from ingestion.settings import Settings
from ingestion.sources import postgres
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged, write_jsonl

VOICE = load_contracts()["voice_patterns"]
ITEMS = NEW_SMELL.entity("user_interaction_event_items")


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        yield connection


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that takes every row that was there before for known."""
    monkeypatch.setattr(postgres, "IS_NEW", "age(row_.xmin) < 0 and age('{oldest}'::xid) < 0")


def load_events(settings: Settings) -> LoadResult:
    return load(settings, settings.database_url)[EVENTS.name]


def watermark(warehouse: Warehouse) -> dict[str, Any]:
    with warehouse.connect("loader") as connection:
        row = connection.execute("select watermark from ops.watermarks where entity = %s", [EVENTS.name]).fetchone()
        assert row is not None
        return dict(row[0])


def test_rows_that_the_cursor_passes_over_are_loaded_and_counted_as_recovered(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, blind: None
) -> None:
    shown = json.dumps({"shownPerfumeIds": ["a", "b"]})
    insert_events(source, [event(n) for n in range(5)])
    load_events(settings)
    insert_events(source, [event(5, eventData=shown), event(6), event(7, duration=-1)])
    result = load_events(settings)
    assert (result.extracted, result.inserted, result.quarantined, result.recovered) == (3, 2, 1, 3)
    assert "3 recovered" in describe(result)
    with warehouse.connect("owner") as connection:
        assert len(staged(connection)) == 7
        assert len(staged(connection, ITEMS)) == 2
        kept = connection.execute("select recovered from ops.loads where load_id = %s", [result.load_id])
        assert (3,) in kept.fetchall()
    assert load_events(settings).load_id is None


def test_rows_passed_over_and_rows_deleted_are_both_found(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, blind: None
) -> None:
    insert_events(source, [event(n) for n in range(10)])
    load_events(settings)
    insert_events(source, [event(n) for n in range(10, 13)])
    source.execute("""delete from "UserInteractionEvent" where id in ('event-1')""")
    result = load_events(settings)
    assert (result.inserted, result.recovered, result.deleted) == (3, 3, 1)


def test_what_an_earlier_version_lost_comes_with_the_next_load(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    insert_events(source, [event(n) for n in range(6)])
    load_events(settings)
    old = watermark(warehouse)
    with warehouse.connect("owner") as connection:
        connection.execute(f"delete from {EVENTS.table} where event_id in ('event-2', 'event-4')")
        kept = json.dumps({"snapshot": old["snapshot"], "rows": 6})
        connection.execute("update ops.watermarks set watermark = %s where entity = %s", [kept, EVENTS.name])
    result = load_events(settings)
    assert (result.extracted, result.inserted, result.recovered) == (2, 2, 2)
    assert watermark(warehouse)["identity"] == old["identity"]
    assert load_events(settings).load_id is None


def test_quarantined_rows_are_known_and_not_read_again(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    insert_events(source, [event(1), event(2, duration=-1)])
    load_events(settings)
    source.execute("""update "UserInteractionEvent" set duration = -2 where id in ('event-1', 'event-2')""")
    load_events(settings)
    insert_events(source, [event(3)])
    result = load_events(settings)
    assert (result.extracted, result.inserted, result.recovered) == (1, 1, 0)
    assert watermark(warehouse)["outside"] == 0


def test_rows_of_an_erased_person_stay_outside_and_are_not_looked_for_each_time(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null, email text)')
    source.execute("""insert into "User" select 'user-' || n, '2024-01-01' from generate_series(0, 6) as n""")
    insert_events(source, [event(n) for n in range(14)])
    load_events(settings)
    source.execute("""delete from "User" where id = 'user-1'""")
    load(settings, settings.database_url)
    insert_events(source, [event(20)])
    first = load_events(settings)
    assert (first.extracted, first.inserted, first.erased, first.recovered) == (3, 1, 2, 0)
    insert_events(source, [event(21), event(22)])
    second = load_events(settings)
    assert (second.extracted, second.inserted, second.erased, second.recovered) == (2, 1, 1, 0)
    assert watermark(warehouse)["outside"] == 3


def test_rows_of_other_sources_are_not_taken_for_the_own(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, blind: None, tmp_path: Any
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(n) for n in (1, 2, 50)]).parent)
    insert_events(source, [event(n) for n in range(5)])
    load_events(settings)
    insert_events(source, [event(n) for n in range(5, 7)])
    load(settings, write_jsonl(tmp_path / "more", [event(n) for n in (60, 61)]).parent)
    result = load_events(settings)
    assert (result.inserted, result.recovered, result.deleted) == (2, 2, 0)


def test_two_rows_with_one_key_are_counted_once_and_looked_for_once(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserInteractionEvent" drop constraint "UserInteractionEvent_pkey"')
    insert_events(source, [event(1), event(1), event(2)])
    load_events(settings)
    assert watermark(warehouse)["outside"] == 1
    insert_events(source, [event(3)])
    assert (load_events(settings).recovered, watermark(warehouse)["outside"]) == (0, 1)


def test_of_a_table_that_its_application_purges_nothing_is_taken_out_and_nothing_is_lost(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, blind: None
) -> None:
    source.execute((Path(__file__).parent.parent / "data" / "voice_patterns.sql").read_text().encode())
    source.execute("insert into users (anonymous_id) values ('a')")
    found = settings.with_sources({"voice_patterns": str(settings.database_url)})
    results = []
    for days in ((1, 6), (3, 9), (8, 12)):
        source.execute(
            "insert into voice_sessions (user_id, session_start, voice_emotion) select user_id, day, 'sad' from users,"
            " generate_series(%s::integer, %s::integer) as n, make_timestamp(2025, 1, n, 0, 0, 0) as day",
            days,
        )
        source.execute(
            "delete from voice_sessions where session_start < make_timestamp(2025, 1, %s, 0, 0, 0)", [days[0]]
        )
        results.append(load_entity(found, VOICE, VOICE.entity("voice_sessions"))[0])
    assert [(r.inserted, r.recovered, r.deleted) for r in results] == [(6, 0, 0), (7, 7, 0), (5, 5, 0)]
    with warehouse.connect("owner") as connection:
        assert connection.execute("select count(*) from staging.voice_patterns__voice_sessions").fetchone() == (18,)
