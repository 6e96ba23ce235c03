"""Take out what is gone at the source, unless so much is gone that the source is rather broken.

The source's census says whether any row can be gone; if so its keys are compared with the staging table's:
gone keys -> the cap on deletions -> rows, and what is nested in them, leave the tables; what else leaves with a person
is in `people.py`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import psycopg
import pyarrow as pa
from psycopg import sql

from ingestion import people
from ingestion.conform import Conformer
from ingestion.contracts import Entity, System
from ingestion.errors import MassDeletionError
from ingestion.lake import Record
from ingestion.ledger import LoadResult
from ingestion.merge import copy_rows
from ingestion.sources.base import Census

LEAST_GONE_ROWS = 20
"""Fewer rows than this are a share of the table that says nothing, unless they are most people."""
MOST = 0.5
LEAST_PEOPLE = 3
"""Fewer people than this may be most of all, in a trial, and are believed to have left."""


def some_are_gone(census: Census, result: LoadResult) -> bool:
    """Whether the source may have lost rows since the last load; false only when none can be gone."""
    if census.before is None:
        return False
    return census.now != census.before + result.inserted + result.quarantined + result.erased


def is_only_source(connection: psycopg.Connection, entity: Entity, source: str) -> bool:
    """Whether every row of the entity came from `source`: another source's rows are not its to remove."""
    row = connection.execute(
        "select count(*) from ops.watermarks where system = %s and entity = %s and source <> %s",
        [entity.system, entity.name, source],
    ).fetchone()
    return row == (0,)


def find_gone(connection: psycopg.Connection, conformer: Conformer, census: Census) -> None:
    """Put the rows whose key the source no longer holds into the temporary table `gone_<system>__<entity>`."""
    entity = conformer.entity
    present = _work_table(connection, entity, "present", entity.key)
    for rows in _keys(conformer, census):
        copy_rows(connection, present, rows)
    connection.execute(sql.SQL("analyze {}").format(present))
    _collect(connection, entity, sql.SQL("not exists (select from {} as p where {})").format(present, _same(entity)))


def recall_gone(connection: psycopg.Connection, entity: Entity, keys: Iterable[Record]) -> None:
    """Put the rows with these keys, as `gone_keys` gave them, into the temporary table `gone_<system>__<entity>`."""
    recalled = _work_table(connection, entity, "recalled", entity.key)
    rows = list(keys)
    columns = {name: [row[name] for row in rows] for name in entity.key}
    copy_rows(connection, recalled, pa.RecordBatch.from_pydict(columns))
    _collect(connection, entity, sql.SQL("exists (select from {} as p where {})").format(recalled, _same(entity)))


def check_share(connection: psycopg.Connection, system: System, entity: Entity, earlier: int) -> None:
    """Raise `MassDeletionError` if too many of the `earlier` rows are in `gone_<system>__<entity>` to be believed.

    Too many is 20 rows that are more than the entity's cap, and of a list of people three that are more than half: an
    empty list of people is most likely a source that shows nothing just now.
    """
    gone = _count(connection, _gone(entity))
    share = gone / max(earlier, 1)
    is_most_people = entity.lists_people and share > MOST and gone >= LEAST_PEOPLE
    if share <= entity.deleted_share_cap or (gone < LEAST_GONE_ROWS and not is_most_people):
        return
    named = people.count(connection, system, _gone(entity)) if entity.lists_people else 0
    more = f", which would erase these people and {named} rows about them" if entity.lists_people else ""
    name = f"{entity.system}.{entity.name}"
    raise MassDeletionError(
        f"{gone} of {earlier} rows are gone at the source{more}",
        f"load of {name}",
        f"cap {entity.deleted_share_cap:.0%}; nothing of it was loaded; if they were deleted on purpose,"
        f" `moodmart run --allow-deletions {name}`",
    )


def rows_before(connection: psycopg.Connection, entity: Entity, result: LoadResult) -> int:
    """How many rows the entity had before the load of `result` brought its new ones."""
    return _count(connection, sql.SQL(entity.table)) - result.inserted


def _count(connection: psycopg.Connection, table: sql.Composable) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def gone_keys(connection: psycopg.Connection, entity: Entity) -> list[Record]:
    """Keys, as text, of the rows in `gone_<system>__<entity>`."""
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in entity.key)
    rows = connection.execute(sql.SQL("select {} from {}").format(columns, _gone(entity))).fetchall()
    return [dict(zip(entity.key, row, strict=True)) for row in rows]


def take_out(connection: psycopg.Connection, system: System, entity: Entity) -> Counter[str]:
    """Delete the rows of `gone_<system>__<entity>` with all that is nested in them; their number by entity.

    With the rows of a list of people leaves what names these people.
    """
    deleted: Counter[str] = Counter()
    if entity.lists_people:
        deleted = people.take_out(connection, system, _gone(entity))
    for child in system.children(entity):
        pair = sql.SQL("t.{} = p.{}").format(sql.Identifier(child.key[0]), sql.Identifier(entity.key[0]))
        deleted[child.name] += _delete_matching(connection, sql.SQL(child.table), _gone(entity), pair)
    deleted[entity.name] += _delete_matching(connection, sql.SQL(entity.table), _gone(entity), _same(entity))
    return +deleted


def _gone(entity: Entity) -> sql.Identifier:
    """The keys, found by `find_gone` or `recall_gone`."""
    return sql.Identifier(f"gone_{entity.system}__{entity.name}")


def _same(entity: Entity) -> sql.Composed:
    pairs = [sql.SQL("t.{k} = p.{k}").format(k=sql.Identifier(name)) for name in entity.key]
    return sql.SQL(" and ").join(pairs)


def _work_table(
    connection: psycopg.Connection, entity: Entity, prefix: str, columns: tuple[str, ...]
) -> sql.Identifier:
    """An empty temporary table for some columns of the entity; of another load in this transaction it is there."""
    table = sql.Identifier(f"{prefix}_{entity.system}__{entity.name}")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = "create temporary table if not exists {} on commit drop as select {} from {} limit 0"
    connection.execute(sql.SQL(statement).format(table, names, sql.SQL(entity.table)))
    connection.execute(sql.SQL("truncate {}").format(table))
    return table


def _collect(connection: psycopg.Connection, entity: Entity, condition: sql.Composed) -> None:
    gone = _work_table(connection, entity, "gone", entity.key)
    names = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in entity.key)
    statement = "insert into {} select {} from {} as t where {}"
    connection.execute(sql.SQL(statement).format(gone, names, sql.SQL(entity.table), condition))


def _delete_matching(
    connection: psycopg.Connection, table: sql.Composable, gone: sql.Composable, same: sql.Composable
) -> int:
    statement = sql.SQL("delete from {t} as t using {gone} as p where {same}").format(t=table, gone=gone, same=same)
    return connection.execute(statement).rowcount


def _keys(conformer: Conformer, census: Census) -> Iterator[pa.RecordBatch]:
    for batch in census.read_keys():
        conformed = conformer.conform(batch.rows)
        yield pa.RecordBatch.from_arrays(
            [conformed.columns[name] for name in conformer.entity.key], list(conformer.entity.key)
        )
