"""Seven daily builds: from one load that was there from the first day, or from seven daily loads with late rows.

planted source -> loaded at once, built as of seven days in a row | the same rows day by day, a tenth of them late by
some days, built after each -> equal marts, the whole history of profiles among them

Both worlds see the same logical dates, and churn is fitted in both after every build, so what is compared does not
depend on when rows came.

    pytest -m slow tests/test_transformation/test_days.py
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.contracts import Entity, load_contracts
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse
from orchestration.lib import fits
from tests import planted
from tests.dbt_builds import build
from tests.events import NEW_SMELL
from tests.test_transformation.test_batches import Rows, World, insert, marts, staging_rows

DAYS = [planted.AS_OF - timedelta(days=ago) for ago in reversed(range(7))]
LATE_SHARE = 0.1


@pytest.fixture(scope="module")
def world(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The planted source, loaded at once and day by day."""
    folder = tmp_path_factory.mktemp("days")
    planted.plant(folder / "source")
    with staged_database(folder / "at_once") as at_once, staged_database(folder / "in_loads") as in_loads:
        Warehouse(at_once).up()
        load_system(at_once.with_sources({"new_smell": str(folder / "source")}), NEW_SMELL)
        build_days(at_once, lambda number: None)
        Warehouse(in_loads).up()
        loads = daily_loads(at_once, in_loads)
        build_days(in_loads, loads)
        yield World(at_once, in_loads)


def build_days(settings: Settings, load: Callable[[int], None]) -> None:
    """A load, a build and a fit for every day; the marts of the last day apply the last fit."""
    for number, day in enumerate(DAYS):
        load(number)
        build(settings, day)
        fits.refit(settings, day)
    build(settings, DAYS[-1], "--select", "user_behavior_profiles", "model_parameters", tested=True)


def daily_loads(source: Settings, target: Settings) -> Callable[[int], None]:
    """Loads the rows of `source` that are due on a day into `target`."""
    chance = random.Random(11)
    with Warehouse(source).connect("owner") as one, Warehouse(target).connect("owner") as two:
        ensure_tables(two, tuple(entity for system in load_contracts().values() for entity in system.entities))
        two.commit()
        parts = {entity.name: dealt(entity, staging_rows(one, entity), chance) for entity in NEW_SMELL.entities}

    def load(number: int) -> None:
        with Warehouse(target).connect("owner") as connection:
            for entity in NEW_SMELL.entities:
                insert(connection, entity, parts[entity.name][number], number + 1)

    return load


def dealt(entity: Entity, rows: Rows, chance: random.Random) -> list[Rows]:
    """Rows by the day they come: that of their event, or later; what lies after the last day comes with it."""
    parts: list[Rows] = [[] for _ in DAYS]
    place = entity.column_names.index(entity.event_time) if entity.event_time else None
    for row in rows:
        moment = row[place] if place is not None else None
        due = due_day(moment) if isinstance(moment, datetime) else 0
        if chance.random() < LATE_SHARE:
            due = chance.randint(due, len(DAYS) - 1)
        parts[due].append(row)
    return parts


def due_day(moment: datetime) -> int:
    """Number of the day a row of this moment is loaded on."""
    day: date = moment.astimezone(UTC).date()
    return min(max((day - DAYS[0]).days, 0), len(DAYS) - 1)


@pytest.mark.slow
def test_seven_daily_loads_with_late_rows_make_the_marts_of_one_load(world: World) -> None:
    at_once, in_loads = marts(world.at_once), marts(world.in_loads)
    assert at_once.keys() == in_loads.keys()
    assert len(at_once["behavior.user_behavior_profile_history"]) > 400
    assert len(at_once["core.model_parameters"]) == len(("r", "alpha", "a", "b"))
    for name, expected in at_once.items():
        assert in_loads[name] == expected, name
