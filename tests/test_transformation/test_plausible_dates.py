"""A device clock in 1999, and an `as_of` before all data: neither makes the marts of weeks long or a build fail.

two events, one of them in 1999 -> `load_system`, build -> weeks of the reports, as of today and as of 1989

    pytest tests/test_transformation/test_plausible_dates.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.dbt_builds import build
from tests.events import event, load, write_jsonl

AS_OF, BEFORE_ALL = date(2025, 3, 11), date(1989, 1, 1)
SELECTED = ("--select", "+performance_reports", "+sessions")
WEEKS = "select min(week_start), count(distinct week_start), count(*) from behavior.performance_reports"
SESSIONS = "select count(*) from core.sessions"


@pytest.fixture(scope="module")
def built(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse with an event of March 2025 and one of 1999."""
    folder = tmp_path_factory.mktemp("plausible")
    with staged_database(folder / "home") as settings:
        Warehouse(settings).up()
        moments = ["2025-03-03T10:00:00Z", "1999-01-01T00:00:00Z"]
        load(settings, write_jsonl(folder / "in", [event(n, timestamp=m) for n, m in enumerate(moments)]).parent)
        yield settings


def told(settings: Settings, query: str) -> tuple[object, ...] | None:
    with Warehouse(settings).connect("owner") as connection:
        return connection.execute(query.encode()).fetchone()


def test_nothing_has_happened_before_all_data(built: Settings) -> None:
    build(built, BEFORE_ALL, *SELECTED, tested=True)
    assert told(built, SESSIONS) == (0,)
    assert (told(built, WEEKS) or ())[0] is None


def test_reports_begin_with_the_first_plausible_week(built: Settings) -> None:
    build(built, AS_OF, *SELECTED)
    assert (told(built, WEEKS) or ())[:2] == (date(2025, 3, 2), 1)
    assert told(built, SESSIONS) == (2,)
