"""What waits in the quarantine of a deleted person leaves with the person, also where it waits alone."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import create_prisma_tables, event, insert_events, load


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """The application's tables, with seven users, in the warehouse's own database."""
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        connection.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null)')
        connection.execute("""insert into "User" select 'user-' || g, '2025-01-01' from generate_series(0, 6) g""")
        yield connection


def test_a_nested_row_that_waits_alone_leaves_with_the_person_it_is_about(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    shown = json.dumps({"shownPerfumeIds": ["p1", {"no": "item"}]})
    insert_events(source, [event(1, eventData=shown), event(2, eventData=shown)])
    load(settings, settings.database_url)
    source.execute("""delete from "User" where id = 'user-1'""")
    load(settings, settings.database_url)
    with warehouse.connect("owner") as connection:
        waiting = connection.execute("select payload ->> 'event_id' from ops.quarantine").fetchall()
    assert waiting == [("event-2",)]
