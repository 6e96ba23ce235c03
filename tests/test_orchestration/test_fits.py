"""What is kept of a fit: the parameters of the week it is for, or none where too few users came back.

a hand-made intermediate.int_repeat_days -> `fits.refit` -> ops.model_parameters

    pytest tests/test_orchestration/test_fits.py
"""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import bgnbd, fits
from orchestration.lib.bgnbd import Observed
from tests.test_orchestration.test_bgnbd import simulated

SATURDAY = date(2025, 3, 8)
TABLE = """
create table intermediate.int_repeat_days
    (fit_date date, repeat_days float8, recency_days float8, age_days float8, users float8)
"""


@pytest.fixture
def week(settings: Settings, warehouse: Warehouse) -> Settings:
    """Settings of a warehouse without any repeat days yet."""
    with warehouse.connect("owner") as connection:
        connection.execute(TABLE)
    return settings


def show(settings: Settings, observed: Observed, fit_date: date = SATURDAY) -> None:
    """Put the users in the place of those the fit has seen before."""
    columns = np.column_stack([observed.repeats, observed.recency, observed.age, observed.users])
    with Warehouse(settings).connect("owner") as connection, connection.cursor() as cursor:
        cursor.execute("truncate intermediate.int_repeat_days")
        cursor.executemany(
            "insert into intermediate.int_repeat_days values (%s, %s, %s, %s, %s)",
            [(fit_date, *map(float, row)) for row in columns],
        )


def kept(settings: Settings) -> dict[date, dict[str, Any]]:
    """Parameters by the day they are of."""
    found: dict[date, dict[str, Any]] = {}
    with Warehouse(settings).connect("owner") as connection:
        query = "select as_of, parameter, value from ops.model_parameters order by 1, 2"
        for day, parameter, value in connection.execute(query).fetchall():
            found.setdefault(day, {})[parameter] = value
    return found


def likeliest(observed: Observed) -> Any:
    """The parameters by name; sums over the rows of an array and of a table may differ in the last bit."""
    fitted = bgnbd.fit(observed)
    assert fitted
    return pytest.approx({name: value for name, value in asdict(fitted).items() if name != "log_likelihood"}, rel=1e-9)


def returned(users: int) -> Observed:
    """So many users who came back once, each after another time, and 30 who did not."""
    times = np.arange(1.0, users + 1)
    return Observed(
        np.append(np.zeros(1), np.ones(users)),
        np.append(np.zeros(1), times),
        np.append(np.full(1, 60.0), times + 30),
        np.append(np.full(1, 30.0), np.ones(users)),
    )


@pytest.mark.parametrize("days", [0, 6])
def test_the_parameters_are_those_of_the_fit_until_the_next_week_ends(week: Settings, days: int) -> None:
    observed = simulated(400, 3)
    show(week, observed)
    told = fits.refit(week, SATURDAY + timedelta(days=days))
    assert kept(week) == {SATURDAY: likeliest(observed)}
    assert (told["fit_date"], told["users"]) == ("2025-03-08", 400)


def test_users_of_another_week_are_not_fitted(week: Settings) -> None:
    show(week, simulated(400, 3))
    assert fits.refit(week, SATURDAY + timedelta(days=7)) == {"users": 0, "no_parameters": "no users"}
    assert fits.refit(week, SATURDAY - timedelta(days=1)) == {"users": 0, "no_parameters": "no users"}
    assert kept(week) == {}


def test_a_second_fit_replaces_the_parameters_of_its_week_and_of_no_other(week: Settings) -> None:
    before, first, second = simulated(400, 3), simulated(400, 4), simulated(400, 5)
    show(week, before, SATURDAY - timedelta(days=7))
    fits.refit(week, SATURDAY - timedelta(days=7))
    for observed in (first, second):
        show(week, observed)
        fits.refit(week, SATURDAY)
    assert kept(week) == {SATURDAY - timedelta(days=7): likeliest(before), SATURDAY: likeliest(second)}


def test_fewer_than_twenty_users_who_came_back_leave_no_parameters_of_the_week(week: Settings) -> None:
    show(week, simulated(400, 3))
    fits.refit(week, SATURDAY)
    show(week, returned(fits.FEWEST_RETURNED - 1))
    assert fits.refit(week, SATURDAY)["no_parameters"] == "19 users came back, 20 are needed"
    assert kept(week) == {}


def test_twenty_users_who_came_back_are_fitted(week: Settings) -> None:
    show(week, returned(fits.FEWEST_RETURNED))
    told = fits.refit(week, SATURDAY)
    assert (told["returned"], told.get("no_parameters")) == (20, None)
    assert set(kept(week)) == {SATURDAY}
