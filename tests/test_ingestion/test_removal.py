"""Rows and people deleted at a live source leave the warehouse."""

import json
from pathlib import Path

import psycopg

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged, write_jsonl

ITEMS = NEW_SMELL.entity("user_interaction_event_items")
USERS = NEW_SMELL.entity("users")


def live(settings: Settings) -> psycopg.Connection:
    source = psycopg.connect(str(settings.database_url))
    create_prisma_tables(source)
    source.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null, email text)')
    source.execute("""insert into "User" select 'user-' || n, '2024-01-01', n || '@example.org'
        from generate_series(0, 6) as n""")
    shown = json.dumps({"shownPerfumeIds": ["a", "b"]})
    insert_events(source, [event(n, eventData=shown) for n in range(14)])
    source.commit()
    return source


def test_a_deleted_row_goes_with_what_is_nested_in_it(settings: Settings, warehouse: Warehouse) -> None:
    with live(settings) as source:
        load(settings, settings.database_url)
        source.execute('delete from "UserInteractionEvent" where id in (%s, %s)', ["event-3", "event-5"])
        insert_events(source, [event(99)])
        source.commit()
        result = load(settings, settings.database_url)[EVENTS.name]
    assert (result.inserted, result.deleted) == (1, 2)
    with warehouse.connect("owner") as connection:
        keys = {row[0] for row in staged(connection)}
        assert len(keys) == 13
        assert {row[0] for row in staged(connection, ITEMS)} == keys - {"event-99"}


def test_a_deleted_person_goes_with_all_rows_and_stays_away(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    with live(settings) as source:
        insert_events(source, [event(50, userId="user-1", duration=-5)])
        source.commit()
        load(settings, settings.database_url)
        source.execute("""delete from "User" where id = 'user-1'""")
        source.commit()
        results = load(settings, settings.database_url)
    assert results[USERS.name].deleted == 1
    with warehouse.connect("owner") as connection:
        assert {row[0] for row in staged(connection)} == {f"event-{n}" for n in range(14) if n % 7 != 1}
        assert connection.execute("select count(*) from ops.quarantine").fetchone() == (0,)
        again = load(settings, write_jsonl(tmp_path / "in", [event(1), event(71), event(72)]).parent)
        assert (again[EVENTS.name].erased, again[EVENTS.name].inserted) == (2, 1)


def test_rows_of_another_source_are_not_taken_out(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(n) for n in range(200, 220)]).parent)
    with live(settings) as source:
        load(settings, settings.database_url)
        source.execute('delete from "UserInteractionEvent"')
        source.commit()
        assert load(settings, settings.database_url)[EVENTS.name].deleted == 0
    with warehouse.connect("owner") as connection:
        assert len(staged(connection)) == 34


def test_a_source_without_changes_is_not_compared(settings: Settings, warehouse: Warehouse) -> None:
    with live(settings):
        load(settings, settings.database_url)
        assert {result.load_id for result in load(settings, settings.database_url).values()} == {None}
