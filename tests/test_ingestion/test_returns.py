"""A person who is at the source again after a deletion is a person again."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import NEW_SMELL, create_prisma_tables, event, insert_events, load, staged, write_jsonl
from tests.test_ingestion.test_rebuild import everything

USERS = NEW_SMELL.entity("users")
BACK = """insert into "User" values ('user-1', '2024-01-01')"""


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A live database with 20 users and two events of each of the first seven; user-1 was deleted after a load."""
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        connection.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null)')
        connection.execute("""insert into "User" select 'user-' || n, '2024-01-01' from generate_series(0, 19) as n""")
        insert_events(connection, [event(n) for n in range(14)])
        load(settings, settings.database_url)
        connection.execute("""delete from "User" where id = 'user-1'""")
        load(settings, settings.database_url)
        yield connection


def known(warehouse: Warehouse) -> tuple[int, list[str]]:
    """How many users, and which events of user-1 (7 n + 1) are in staging."""
    with warehouse.connect("owner") as connection:
        events = {row[0] for row in staged(connection)}
        return len(staged(connection, USERS)), [f"event-{n}" for n in (1, 8, 71, 78) if f"event-{n}" in events]


def test_rows_written_while_away_and_after_the_return_come_in(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    insert_events(source, [event(71)])
    # three rows left with the person: the comparison of keys finds them again, once, and they stay outside
    assert load(settings, settings.database_url)["user_interaction_events"].erased == 3 + 1
    assert known(warehouse) == (19, [])
    source.execute(BACK)
    insert_events(source, [event(78)])
    # events are read before users, so that this load still leaves out the newest
    load(settings, settings.database_url)
    load(settings, settings.database_url)
    assert known(warehouse) == (20, ["event-1", "event-8", "event-71", "event-78"])
    assert {result.load_id for result in load(settings, settings.database_url).values()} == {None}


def test_a_person_may_be_deleted_and_come_back_again(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    for _ in range(2):
        source.execute(BACK)
        for _ in range(2):
            load(settings, settings.database_url)
        assert known(warehouse) == (20, ["event-1", "event-8"])
        source.execute("""delete from "User" where id = 'user-1'""")
        load(settings, settings.database_url)
        assert known(warehouse) == (19, [])
    with warehouse.connect("owner") as connection:
        query = "select count(*), count(returned_load_id) from ops.erasures"
        assert connection.execute(query).fetchone() == (3, 2)


def test_an_old_file_is_no_return(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, tmp_path: Path
) -> None:
    users = [{"id": "user-1", "createdAt": "2024-01-01T00:00:00Z"}]
    write_jsonl(tmp_path / "in", [event(71)])
    results = load(settings, write_jsonl(tmp_path / "in", users, "User").parent)
    assert results["users"].erased == 1
    assert known(warehouse) == (19, [])


def test_who_comes_back_with_a_bad_row_is_back_when_it_is_mended(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "User" alter column "createdAt" drop not null')
    source.execute("""insert into "User" values ('user-1', null)""")
    load(settings, settings.database_url)
    assert known(warehouse) == (19, [])
    fix(settings, 1, {"signed_up_at": "2024-01-01"})
    replay(settings, NEW_SMELL, USERS)
    load(settings, settings.database_url)
    assert known(warehouse) == (20, ["event-1", "event-8"])


def test_deletions_and_returns_are_rebuilt(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute(BACK)
    source.execute("""delete from "User" where id = 'user-2'""")
    for _ in range(2):
        load(settings, settings.database_url)
    before = everything(warehouse)
    rebuild(settings)
    assert everything(warehouse) == before
    # from the lake alone
    with warehouse.connect("owner") as connection:
        connection.execute("truncate ops.loads, ops.quarantine, ops.watermarks, ops.erasures")
    rebuild(settings)
    after = everything(warehouse)
    erased_at = 3
    for books in (before, after):
        books["ops.erasures"] = [row[:erased_at] + row[erased_at + 1 :] for row in books["ops.erasures"]]
    after["ops.source_schemas"] = before["ops.source_schemas"]
    assert after == before
