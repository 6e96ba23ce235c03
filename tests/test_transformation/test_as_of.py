"""Where the logical date of SQL comes from: the session's setting, else the newest run, else nowhere.

the view `int_as_of`, built by dbt -> read by sessions with and without the setting, before and after a run

    pytest tests/test_transformation/test_as_of.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.dbt_builds import build


@pytest.fixture(scope="module")
def dated(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse with nothing but the view that knows the date."""
    folder = tmp_path_factory.mktemp("dated")
    with staged_database(folder / "home") as settings:
        Warehouse(settings).up()
        build(settings, date(2022, 12, 22), "--select", "int_as_of")
        yield settings


@pytest.fixture
def connection(dated: Settings) -> Iterator[psycopg.Connection]:
    """A connection whose changes are undone."""
    with Warehouse(dated).connect("owner") as opened:
        yield opened
        opened.rollback()


def as_of(connection: psycopg.Connection) -> date:
    row = connection.execute("select as_of_date from intermediate.int_as_of").fetchone()
    assert row
    found: date = row[0]
    return found


def test_without_a_setting_and_a_run_the_error_says_what_to_do(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.DataError, match="no as_of: start `moodmart run`, or set PGOPTIONS"):
        as_of(connection)


def test_the_newest_run_gives_the_date(connection: psycopg.Connection) -> None:
    connection.execute("insert into ops.runs (as_of) values ('2022-12-22'), ('2022-12-20')")
    assert as_of(connection) == date(2022, 12, 20)


def test_the_setting_of_the_session_goes_before_every_run(connection: psycopg.Connection) -> None:
    connection.execute("insert into ops.runs (as_of) values ('2022-12-22')")
    connection.execute("set moodmart.as_of = '2022-11-01'")
    assert as_of(connection) == date(2022, 11, 1)


def test_an_empty_setting_is_no_setting(connection: psycopg.Connection) -> None:
    connection.execute("insert into ops.runs (as_of) values ('2022-12-22')")
    connection.execute("set moodmart.as_of = ''")
    assert as_of(connection) == date(2022, 12, 22)
