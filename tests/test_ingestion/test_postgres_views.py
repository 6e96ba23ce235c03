"""Views, materialized views and inherited tables of a live PostgreSQL are read like tables."""

from collections.abc import Iterator

import psycopg
import pytest

from ingestion.ledger import LoadResult
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged

PERFUMES = NEW_SMELL.entity("perfumes")


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        insert_events(connection, [event(n) for n in range(1000)])
        connection.execute('alter table "UserInteractionEvent" rename to base')
        yield connection


def load_events(settings: Settings) -> LoadResult:
    return load(settings, settings.database_url)[EVENTS.name]


def test_a_view_is_read_whole_and_then_as_far_as_it_changes(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('create view "UserInteractionEvent" as select * from base')
    assert load_events(settings).inserted == 1000
    assert load_events(settings).load_id is None
    source.execute("update base set duration = 7 where id = 'event-3'")
    source.execute("delete from base where id = 'event-5'")
    source.execute("""insert into base select 'late', "userId", "sessionId", "eventType", "eventCategory", timestamp,
        "perfumeId", "houseId", "noteId", "eventData", "deviceType", "userAgent", referrer, path from base limit 1""")
    result = load_events(settings)
    assert (result.inserted, result.updated, result.deleted, result.recovered) == (1, 1, 1, 0)
    assert load_events(settings).load_id is None
    with warehouse.connect("owner") as connection:
        before = staged(connection)
    # the same rows as a table: the same values, and the cursor of a table
    source.execute('drop view "UserInteractionEvent"; alter table base rename to "UserInteractionEvent"')
    assert (load_events(settings).unchanged, load_events(settings).load_id) == (1000, None)
    with warehouse.connect("owner") as connection:
        assert staged(connection) == before


def test_a_view_of_an_optional_table_is_read_too(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    columns = ", ".join(
        f'{"1" if column.data_type != "text" else "null"} as "{name}"'
        for name in PERFUMES.source_columns
        for column in PERFUMES.columns
        if column.source_column == name
    )
    assert columns
    source.execute('alter table base rename to "UserInteractionEvent"')
    source.execute(f'create view "Perfume" as select {columns}'.encode())
    result = load(settings, settings.database_url)[PERFUMES.name]
    assert result.extracted == 1


def test_a_view_that_loses_all_its_rows_is_noticed(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute("""create view "UserInteractionEvent" as select * from base where id in ('event-1', 'event-2')""")
    assert load_events(settings).inserted == 2
    source.execute("delete from base")
    assert load_events(settings).deleted == 2


def test_a_materialized_view_is_read_when_it_was_refreshed(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('create materialized view "UserInteractionEvent" as select * from base')
    assert load_events(settings).inserted == 1000
    source.execute("update base set duration = 7 where id = 'event-3'")
    assert load_events(settings).load_id is None
    source.execute('refresh materialized view "UserInteractionEvent"')
    assert load_events(settings).updated == 1


def test_rows_of_inheriting_tables_are_read(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute("""alter table base rename to "UserInteractionEvent";
        create table more () inherits ("UserInteractionEvent")""")
    assert load_events(settings).inserted == 1000
    source.execute("""with moved as (delete from only "UserInteractionEvent" where id = 'event-3' returning *)
        insert into more select * from moved""")
    result = load_events(settings)
    assert (result.extracted, result.unchanged, result.deleted) == (1, 1, 0)
