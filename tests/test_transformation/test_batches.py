"""One load or many, in any order, with builds and other logical dates in between: the same marts, row by row.

planted source -> loaded and built once | its staging rows in four shuffled loads, built after each -> equal marts

On the way of the four loads, application rows and perfumes come in an older version first, and the logical date goes
forth and back. Columns that begin with `_` say which load a row is from and differ of course.

    pytest tests/test_transformation/test_batches.py
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from ingestion.contracts import Entity, load_contracts
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.tables import LOAD_ID, ensure_month, ensure_tables
from ingestion.warehouse import MART_SCHEMAS, Warehouse
from tests import planted, reference_churn
from tests.dbt_builds import build
from tests.events import NEW_SMELL

Rows = list[tuple[Any, ...]]
AS_OF_OF_LOADS = (planted.AS_OF, planted.AS_OF - timedelta(days=40), planted.AS_OF, planted.AS_OF)
EVENT_SHARES = (40, 40, 19, 1)
"""Percent of the events in each load: the last brings little else than rows of the application and the catalogue."""
KEPT = {
    "behavior.user_feature_vectors": ("version", f"feature_date = '{planted.AS_OF}'"),
    "behavior.user_features": ("version", f"feature_date = '{planted.AS_OF}'"),
    "behavior.user_feature_vectors_document": ("version", f"feature_date = '{planted.AS_OF}'"),
    "behavior.user_feature_vector_versions": None,
    "behavior.feature_vocabularies": None,
}
"""Marts that keep what was built on the way: the column and the rows of them that are no matter of history."""
EVENTS_AHEAD = 1000
"""Load ids of events run ahead: a later load of another entity has a smaller id than they had before."""
OLDER_VERSIONS: dict[str, dict[str, Any]] = {
    "user_sessions": {"user_key": "00000000-0000-0000-0000-00000000dead", "page_views": 77, "is_bounced": None},
    "perfumes": {"house_id": "house-of-before", "perfume_type": None, "price": 1.0},
}
"""What a row said before: in the application's session another user, in the catalogue another house."""


@dataclass(frozen=True)
class World:
    """Two warehouses with the same rows."""

    at_once: Settings
    in_loads: Settings


@pytest.fixture(scope="module")
def world(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The planted source, built from one load and from four."""
    folder = tmp_path_factory.mktemp("batches")
    planted.plant(folder / "source")
    with staged_database(folder / "at_once") as at_once, staged_database(folder / "in_loads") as in_loads:
        Warehouse(at_once).up()
        load_system(at_once.with_sources({"new_smell": str(folder / "source")}), NEW_SMELL)
        reference_churn.store_parameters(at_once, planted.AS_OF)
        build(at_once, planted.AS_OF)
        Warehouse(in_loads).up()
        reference_churn.store_parameters(in_loads, planted.AS_OF)
        load_in_parts(at_once, in_loads)
        yield World(at_once, in_loads)


def load_in_parts(source: Settings, target: Settings) -> None:
    """Put every staging row of `source` into `target`, in shuffled loads with a build after each."""
    chance = random.Random(4)
    with Warehouse(source).connect("owner") as one, Warehouse(target).connect("owner") as two:
        ensure_tables(two, tuple(entity for system in load_contracts().values() for entity in system.entities))
        parts = {entity.name: split(entity, staging_rows(one, entity), chance) for entity in NEW_SMELL.entities}
        for name, before in OLDER_VERSIONS.items():
            parts[name][0] += older(NEW_SMELL.entity(name), parts[name][-1], before)
        for number, as_of in enumerate(AS_OF_OF_LOADS):
            for entity in NEW_SMELL.entities:
                ahead = EVENTS_AHEAD if entity.partition_by else 0
                insert(two, entity, parts[entity.name][number], ahead + number + 1)
            two.commit()
            build(target, as_of)


def staging_rows(connection: psycopg.Connection, entity: Entity) -> Rows:
    query = f"select {', '.join(entity.column_names)} from {entity.table} order by {', '.join(entity.key)}"
    return connection.execute(query.encode()).fetchall()


def split(entity: Entity, rows: Rows, chance: random.Random) -> list[Rows]:
    """Shuffle `rows` and deal them out to the loads."""
    parts: list[Rows] = [[] for _ in EVENT_SHARES]
    shares = EVENT_SHARES if entity.mode == "append" or entity.parent else None
    chance.shuffle(rows)
    for row, part in zip(rows, chance.choices(parts, shares, k=len(rows)), strict=True):
        part.append(row)
    return parts


def older(entity: Entity, rows: Rows, before: dict[str, Any]) -> Rows:
    """What the rows said before."""
    return [
        tuple(before.get(name, value) for name, value in zip(entity.column_names, row, strict=True)) for row in rows
    ]


def insert(connection: psycopg.Connection, entity: Entity, rows: Rows, load_id: int) -> None:
    """Write rows as a load does: a row whose key is there takes the place of the older one."""
    if entity.partition_by:
        place = entity.column_names.index(entity.event_time or "")
        moments: set[datetime] = {row[place] for row in rows}
        for month in sorted({moment.date().replace(day=1) for moment in moments}):
            ensure_month(connection, entity, month)
    if entity.mode != "append":
        keys = [entity.column_names.index(name) for name in entity.key]
        same = sql.SQL(" and ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in entity.key)
        statement = sql.SQL("delete from {} where {}").format(sql.SQL(entity.table), same)  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.executemany(statement, [[row[place] for place in keys] for row in rows])
    columns = sql.SQL(", ").join(map(sql.Identifier, (*entity.column_names, LOAD_ID)))
    copy = sql.SQL("copy {} ({}) from stdin").format(sql.SQL(entity.table), columns)  # type: ignore[arg-type]
    with connection.cursor() as cursor, cursor.copy(copy) as writer:
        for row in rows:
            writer.write_row((*row, load_id))


def marts(settings: Settings) -> dict[str, Rows]:
    """Rows of every mart in a fixed order, without the technical columns."""
    query = (
        "select table_schema || '.' || table_name, array_agg(column_name::text order by ordinal_position)"
        " from information_schema.columns where table_schema = any(%s) and column_name not like '\\_%%' group by 1"
    )
    with Warehouse(settings).connect("owner") as connection:
        tables = connection.execute(query, [list(MART_SCHEMAS)]).fetchall()
        return {
            name: sorted(connection.execute(selection(name, columns).encode()).fetchall(), key=repr)
            for name, columns in tables
            if KEPT.get(name, "all")
        }


def selection(mart: str, columns: list[str]) -> str:
    """What of a mart depends on its rows and the logical date only."""
    history, rows = KEPT.get(mart) or ("", "true")
    return f"select {', '.join(name for name in columns if name != history)} from {mart} where {rows}"


def test_four_shuffled_loads_make_the_marts_of_one(world: World) -> None:
    at_once, in_loads = marts(world.at_once), marts(world.in_loads)
    assert at_once.keys() == in_loads.keys()
    assert len(at_once["core.sessions"]) > 350
    for name, expected in at_once.items():
        assert in_loads[name] == expected, name
