"""A view is made anew when something it was made from has changed, and stays untouched otherwise.

staged database -> a build of one staging view, with something changed before it -> whether PostgreSQL's row of the view
is still the same

    pytest tests/test_transformation/test_views.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests import dbt_builds

MODEL = "stg_new_smell__users"
VIEW, TABLE = f"staging.{MODEL}", "staging.new_smell__users"
DAY = date(2022, 12, 22)


@pytest.fixture(scope="module")
def built(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse with the view, which every test leaves as its model has it."""
    with staged_database(tmp_path_factory.mktemp("views") / "home") as settings:
        Warehouse(settings).up()
        # the SQL of the view it was copied with names the other database
        build(settings)
        yield settings


@pytest.fixture
def connection(built: Settings) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement."""
    with Warehouse(built).connect("owner") as opened:
        opened.autocommit = True
        yield opened


def build(settings: Settings, *options: str) -> None:
    dbt_builds.build(settings, DAY, "--select", MODEL, *options)


def row(connection: psycopg.Connection) -> tuple[int, str]:
    """Number of the view, and of the transaction that wrote its definition."""
    query = (
        "select c.oid::bigint, r.xmin::text from pg_class as c inner join pg_rewrite as r on r.ev_class = c.oid"
        " where c.oid = to_regclass(%s)"
    )
    found = connection.execute(query, [VIEW]).fetchone()
    assert found
    return found[0], found[1]


def test_a_view_stays_when_nothing_has_changed(built: Settings, connection: psycopg.Connection) -> None:
    before = row(connection)
    build(built)
    assert row(connection) == before


def test_a_view_that_is_gone_is_made_again(built: Settings, connection: psycopg.Connection) -> None:
    before = row(connection)
    connection.execute(f"drop view {VIEW} cascade".encode())
    build(built)
    assert row(connection) != before


def test_a_column_added_to_the_table_makes_the_view_anew(built: Settings, connection: psycopg.Connection) -> None:
    before = row(connection)
    connection.execute(f"alter table {TABLE} add column added text".encode())
    build(built)
    assert row(connection) != before


def test_a_view_replaced_by_hand_is_made_anew(built: Settings, connection: psycopg.Connection) -> None:
    query = f"select pg_get_viewdef('{VIEW}'::regclass)"
    (ours,) = connection.execute(query.encode()).fetchone() or ("",)
    by_hand = f"create or replace view {VIEW} as {ours.rstrip().rstrip(';')} where false"
    connection.execute(by_hand.encode())
    build(built)
    assert connection.execute(query.encode()).fetchone() == (ours,)


def test_other_sql_makes_the_view_anew(
    built: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model as it would be read from a changed file."""
    before, ours = row(connection), dbt_builds.manifest_for

    def changed(database: str) -> object:
        manifest = ours(database)
        manifest.nodes[f"model.moodmart.{MODEL}"].raw_code += "\nwhere true"
        return manifest

    with monkeypatch.context() as patch:
        patch.setattr(dbt_builds, "manifest_for", changed)
        build(built)
    assert row(connection) != before
    build(built)


def test_a_full_refresh_makes_the_view_anew(built: Settings, connection: psycopg.Connection) -> None:
    before = row(connection)
    build(built, "--full-refresh")
    assert row(connection)[0] != before[0]


def test_rights_and_comment_stay_with_the_view(built: Settings, connection: psycopg.Connection) -> None:
    connection.execute(f"comment on view {VIEW} is 'ours'".encode())
    connection.execute(f"grant select on {VIEW} to public".encode())
    query = f"select obj_description(oid), relacl::text from pg_class where oid = '{VIEW}'::regclass"
    before = connection.execute(query.encode()).fetchone()
    build(built)
    assert connection.execute(query.encode()).fetchone() == before


def test_marks_of_views_that_are_gone_are_forgotten(built: Settings, connection: psycopg.Connection) -> None:
    connection.execute("insert into intermediate.view_marks values (1, 'of nothing')")
    build(built)
    query = "select count(*) from intermediate.view_marks where view_id = 1"
    assert connection.execute(query).fetchone() == (0,)
