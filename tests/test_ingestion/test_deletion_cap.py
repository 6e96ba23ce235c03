"""A source that has lost too many rows stops the load of these rows, and of nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from ingestion.errors import MassDeletionError
from ingestion.load import load_entity
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged

USERS = NEW_SMELL.entity("users")


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A live database with 7 users and 100 events without a user, loaded once."""
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        create_prisma_tables(connection)
        connection.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null)')
        connection.execute("""insert into "User" select 'user-' || n, '2024-01-01' from generate_series(0, 6) as n""")
        insert_events(connection, [event(n, userId=None) for n in range(100)])
        load(settings, settings.database_url)
        yield connection


def delete_events(source: psycopg.Connection, count: int) -> None:
    source.execute(
        'delete from "UserInteractionEvent" where id in'
        ' (select id from "UserInteractionEvent" order by id collate "C" limit %s)',
        [count],
    )


def rows(warehouse: Warehouse) -> tuple[int, int]:
    """Users and events in staging."""
    with warehouse.connect("owner") as connection:
        return len(staged(connection, USERS)), len(staged(connection))


@pytest.mark.parametrize(("gone", "left"), [(19, 81), (20, 100), (50, 100), (99, 100), (100, 100)])
def test_more_than_the_cap_and_twenty_rows_stay(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, gone: int, left: int
) -> None:
    delete_events(source, gone)
    if left == 100:
        with pytest.raises(MassDeletionError, match=rf"{gone} of 100 .* --allow-deletions new_smell\.user_interaction"):
            load(settings, settings.database_url)
    else:
        load(settings, settings.database_url)
    assert rows(warehouse) == (7, left)


def test_an_entity_that_stops_changes_nothing_and_others_load(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    delete_events(source, 30)
    insert_events(source, [event(500, userId=None)])
    source.execute("""insert into "User" values ('user-8', '2024-01-01')""")
    with pytest.raises(MassDeletionError):
        load(settings, settings.database_url)
    assert rows(warehouse) == (8, 100)


def test_the_flag_lets_an_entity_through_and_no_other(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    delete_events(source, 30)
    source.execute('delete from "User"')
    allowing = replace(settings, allowed_deletions=("new_smell.user_interaction_events",))
    with pytest.raises(MassDeletionError, match="users"):
        load(allowing, settings.database_url)
    assert rows(warehouse) == (7, 70)


def test_rows_that_are_seen_again_are_as_if_they_had_never_been_away(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "User" rename to away')
    source.execute('create table "User" (like away)')
    with pytest.raises(MassDeletionError, match="7 of 7"):
        load(settings, settings.database_url)
    source.execute('drop table "User"')
    source.execute('alter table away rename to "User"')
    load(settings, settings.database_url)
    assert rows(warehouse) == (7, 100)


@pytest.mark.parametrize(("gone", "left"), [(1, 6), (3, 4), (4, 7), (7, 7)])
def test_most_people_are_never_erased_at_once(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection, gone: int, left: int
) -> None:
    source.execute("""delete from "User" where id < 'user-' || %s""", [gone])
    if left == 7:
        with pytest.raises(MassDeletionError, match=rf"{gone} of 7 .* 0 rows about them"):
            load(settings, settings.database_url)
    else:
        load(settings, settings.database_url)
    assert rows(warehouse)[0] == left


def test_one_person_of_few_leaves_with_everything_about_them(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    insert_events(source, [event(700 + n, userId="user-0") for n in range(19)])
    load(settings, settings.database_url)
    source.execute("""delete from "User" where id = 'user-0'""")
    load(settings, settings.database_url)
    assert rows(warehouse) == (6, 100)


def test_a_table_filled_with_other_keys_has_lost_all_it_had(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute("""update "User" set id = 'new-' || id""")
    with pytest.raises(MassDeletionError, match="7 of 7"):
        load(settings, settings.database_url)
    assert rows(warehouse) == (7, 100)


def test_the_cap_is_the_contracts(settings: Settings, warehouse: Warehouse, source: psycopg.Connection) -> None:
    entity = replace(EVENTS, deleted_share_cap=0.5)
    named = settings.with_sources({"new_smell": str(settings.database_url)})
    delete_events(source, 50)
    assert load_entity(named, NEW_SMELL, entity)[0].deleted == 50
    delete_events(source, 26)
    with pytest.raises(MassDeletionError, match="cap 50%"):
        load_entity(named, NEW_SMELL, entity)
