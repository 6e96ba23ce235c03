"""Every number of every mart, against an independent computation in pandas: all rows, all columns.

source files -> `load_system` -> one `dbt build` per data set -> marts as dbt built them | as `reference_marts` computes
them from staging. Counts, texts and times must be equal, fractions to 1e-9.

The data sets: the bundled sample; `planted`, made to be hard; and MovieLens, a larger trial, where
MOODMART_PUBLIC_DATA names a folder that holds `movielens_small`.

    pytest tests/test_transformation/test_formulas.py
"""

import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import psycopg
import pytest

from ingestion.ledger import LoadResult
from ingestion.load import load_system
from ingestion.settings import SAMPLE_AS_OF, Settings
from ingestion.warehouse import Warehouse
from tests import (
    movielens,
    planted,
    reference_churn,
    reference_features,
    reference_history,
    reference_marts,
    reference_perfumes,
    reference_recommendations,
    reference_search,
    reference_trends,
    reference_weeks,
)
from tests.dbt_builds import build
from tests.events import EVENTS, NEW_SMELL
from tests.reference_marts import read_staged

REFERENCES = (
    reference_marts,
    reference_churn,
    reference_features,
    reference_history,
    reference_perfumes,
    reference_recommendations,
    reference_search,
    reference_trends,
    reference_weeks,
)
"""Modules with `GRAINS`, the key of each mart they compute, and `marts(staged, as_of)`."""
GRAINS = {mart: key for module in REFERENCES for mart, key in module.GRAINS.items()}
NOISE = 1e-12
"""A smaller weight may be what rounding leaves of likes and dislikes that cancel: not required, not forbidden."""
CONSTANT = {"system", "total_comments", "review_sentiment", "as_of_date", "updated_at", "browser", "os"}
CONSTANT |= {"feature_date", "model", "log_likelihood", "n", "fit_date", "week_end", "users"}
"""Columns that hold one value in any data set of one system and day, or in the planted one."""
PUBLIC_DATA = os.environ.get("MOODMART_PUBLIC_DATA")
VECTORS = "select user_key::text, document -> 'featureVector' from behavior.user_behavior_profiles_document"
Row = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """A source to build the marts from; without `write` it is the bundled sample."""

    as_of: date
    events: tuple[int, int, int]
    """Events inserted, sent again and quarantined."""
    write: Callable[[Path], None] | None = None
    without: tuple[ModuleType, ...] = ()
    """References that would take too long, or have nothing to compute."""


PLANTED_EVENTS = (3706, planted.REPEATED_EVENTS, planted.BAD_EVENTS)
DATA_SETS = {
    "sample": DataSet(SAMPLE_AS_OF, (5008, 19, 308)),
    "planted": DataSet(planted.AS_OF, PLANTED_EVENTS, planted.plant),
}
if PUBLIC_DATA:
    write_ratings = partial(movielens.write, Path(PUBLIC_DATA) / "movielens_small")
    DATA_SETS["movielens"] = DataSet(
        movielens.AS_OF,
        (movielens.RATINGS, 0, movielens.UNREADABLE),
        write_ratings,
        # every profile once more for every day of twenty years; and no searches or recommendations at all
        (reference_history, reference_recommendations, reference_search),
    )


@dataclass(frozen=True)
class Built:
    """A data set, the load of its events, and its marts twice."""

    data: DataSet
    events: LoadResult
    dbt: dict[str, pd.DataFrame]
    pandas: dict[str, pd.DataFrame]
    vectors: dict[str, list[float | None]]
    """`featureVector` of every user's document."""


@pytest.fixture(scope="module", params=DATA_SETS)
def built(
    request: pytest.FixtureRequest,
    own_database: Callable[[Path], AbstractContextManager[Settings]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Built:
    """The marts of one data set, built once."""
    data, folder = DATA_SETS[request.param], tmp_path_factory.mktemp(request.param)
    with own_database(folder / "home") as settings:
        Warehouse(settings).up()
        source = settings
        if data.write:
            data.write(folder / "source")
            source = settings.with_sources({"new_smell": str(folder / "source")})
        events = next(result for result in load_system(source, NEW_SMELL) if result.entity == EVENTS.name)
        reference_churn.store_parameters(settings, data.as_of)
        build(settings, data.as_of, tmp_path_factory.getbasetemp() / "formulas_target")
        with Warehouse(settings).connect("owner") as connection:
            staged = read_staged(connection)
            reference = {
                mart: frame
                for part in REFERENCES
                if part not in data.without
                for mart, frame in part.marts(staged, data.as_of).items()
            }
            found = {mart: table(connection, mart) for mart in GRAINS}
            vectors = dict(connection.execute(VECTORS).fetchall())
    return Built(data, events, found, reference, vectors)


def table(connection: psycopg.Connection, mart: str) -> pd.DataFrame:
    """A mart as dbt built it, without the load numbers that serve the builds only."""
    cursor = connection.execute(f"select * from {mart}".encode())
    names = [column.name for column in cursor.description or ()]
    frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
    return frame[[name for name in names if not name.startswith("_")]]


def rows_by_key(frame: pd.DataFrame, key: list[str]) -> dict[tuple[str, ...], Row]:
    """Rows with plain Python values, None for missing, by the texts of their key."""
    if "weight" in frame:
        frame = frame[frame.weight.astype(float) > NOISE]
    plain = frame.astype(object).where(frame.notna(), None)
    return {tuple(str(row[name]) for name in key): row for row in plain.to_dict("records")}


def equal(built: Any, expected: Any) -> bool:
    """Equality; to 1e-9 for fractions."""
    if isinstance(built, float) and isinstance(expected, float):
        return math.isclose(built, expected, rel_tol=1e-9, abs_tol=NOISE)
    if type(built).__name__ == "UUID":
        return str(built) == expected
    return bool(built == expected)


def differences(found: dict[tuple[str, ...], Row], expected: dict[tuple[str, ...], Row]) -> list[str]:
    """One line for every value that differs."""
    return [
        f"{'/'.join(key)} {name}: dbt {found[key][name]!r}, pandas {row[name]!r}"
        for key, row in expected.items()
        for name in sorted(row)
        if not equal(found[key][name], row[name])
    ]


@pytest.mark.parametrize("mart", GRAINS)
def test_dbt_and_pandas_build_the_same_columns_and_rows(built: Built, mart: str) -> None:
    if mart not in built.pandas:
        pytest.skip("no reference for this data set")
    assert set(built.dbt[mart].columns) == set(built.pandas[mart].columns)
    found, expected = (rows_by_key(frame, GRAINS[mart]) for frame in (built.dbt[mart], built.pandas[mart]))
    assert sorted(found.keys() ^ expected.keys()) == []
    assert differences(found, expected) == []


def test_the_document_of_a_profile_holds_the_vector_in_order(built: Built) -> None:
    features = built.pandas["behavior.user_features"].sort_values("position")
    expected = {user: rows.value.tolist() for user, rows in features.groupby(features.user_key.astype(str))}
    assert built.vectors.keys() == expected.keys()
    for user, vector in built.vectors.items():
        assert len(vector) == len(expected[user]) == 111
        found = [math.nan if value is None else float(value) for value in vector]
        assert found == pytest.approx(expected[user], rel=1e-9, abs=NOISE, nan_ok=True), user


def test_the_marts_are_of_every_event_but_the_bad_ones(built: Built) -> None:
    events = built.events
    assert (events.inserted, events.unchanged, events.quarantined) == built.data.events


@pytest.mark.parametrize("built", ["planted"], indirect=True)
@pytest.mark.parametrize("mart", GRAINS)
def test_in_the_planted_data_every_column_takes_several_values(built: Built, mart: str) -> None:
    values = built.pandas[mart].drop(columns=CONSTANT, errors="ignore").nunique(dropna=False)
    assert values[values < 2].index.tolist() == []
