"""Changes of a source's tables are noticed, followed where that is safe, and stop just their entity where not."""

from collections.abc import Iterator

import psycopg
import pytest

from ingestion.contracts import load_contracts
from ingestion.drift import accept, is_wider
from ingestion.errors import SchemaDriftError, SourceError
from ingestion.settings import Settings
from ingestion.sources.postgres import PostgresSource
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load

SESSIONS = NEW_SMELL.entity("user_sessions")


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        insert_events(connection, [event(1)])
        load(settings, settings.database_url)
        yield connection


def events_of(warehouse: Warehouse) -> list[tuple[str, str]]:
    with warehouse.connect("steward") as connection:
        return connection.execute("select kind, detail from ops.schema_events order by event_id").fetchall()


def test_a_new_column_is_reported_once_and_ignored(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserInteractionEvent" add column mood text')
    load(settings, settings.database_url)
    load(settings, settings.database_url)
    assert events_of(warehouse) == [("column_added", "mood text: not in the contract, ignored")]


def test_a_widened_type_is_followed(settings: Settings, warehouse: Warehouse, source: psycopg.Connection) -> None:
    source.execute('alter table "UserInteractionEvent" alter column duration type bigint')
    insert_events(source, [event(2, duration=80_000_000)])
    # the table was rewritten: every row arrives again
    assert load(settings, settings.database_url)[EVENTS.name].inserted == 1
    assert events_of(warehouse) == [("type_widened", "duration from int4 to int8")]


def test_a_narrowed_type_stops_its_entity_while_others_go_on_until_it_is_accepted(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserSession" alter column "pageViews" type smallint')
    insert_events(source, [event(2)])
    with pytest.raises(SchemaDriftError, match="pageViews from int4 to int2 became narrower"):
        load(settings, settings.database_url)
    with warehouse.connect("loader") as connection:
        assert connection.execute(f"select count(*) from {EVENTS.table}").fetchone() == (2,)
        accept(connection, SESSIONS, PostgresSource(str(settings.database_url), load_contracts()["new_smell"]))
    load(settings, settings.database_url)


def test_a_missing_column_stops_its_entity_while_others_go_on(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserSession" drop column os')
    insert_events(source, [event(2)])
    with pytest.raises(SourceError, match="column os is missing"):
        load(settings, settings.database_url)
    with warehouse.connect("owner") as connection:
        assert connection.execute(f"select count(*) from {EVENTS.table}").fetchone() == (2,)
    assert [kind for kind, _ in events_of(warehouse)] == ["unreadable"]


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [("int4", "int8", True), ("int8", "int4", False), ("varchar", "text", True), ("text", "int4", False)],
)
def test_wider_means_every_value_still_fits(before: str, after: str, wider: bool) -> None:
    assert is_wider(before, after) is wider
