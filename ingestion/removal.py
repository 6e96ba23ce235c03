"""Take out what is gone at the source, and people who were deleted there with everything about them.

The source's census says whether any row can be gone; if so its keys are compared with the staging table's. A person
who is gone is erased: all rows of the system that name them leave the warehouse, the quarantine included, and an entry
in `ops.erasures` keeps later deliveries of such rows out.
"""

from collections.abc import Iterable, Iterator

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingestion import ledger
from ingestion.conform import Conformed, Conformer
from ingestion.contracts import Entity, System
from ingestion.lake import Record
from ingestion.ledger import LoadResult
from ingestion.merge import copy_rows
from ingestion.sources.base import Census

PERSON = "user_key"
"""The column that names a person, in every entity that has one."""


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
    """Put the rows whose key the source no longer holds into the temporary table `gone_<entity>`."""
    entity = conformer.entity
    present = sql.Identifier(f"present_{entity.name}")
    _keys_table(connection, entity, present)
    for rows in _keys(conformer, census):
        copy_rows(connection, present, rows)
    connection.execute(sql.SQL("analyze {}").format(present))
    _collect(connection, entity, sql.SQL("not exists (select from {} as p where {})").format(present, _same(entity)))


def recall_gone(connection: psycopg.Connection, entity: Entity, keys: Iterable[Record]) -> None:
    """Put the rows with these keys, as `gone_keys` gave them, into the temporary table `gone_<entity>`."""
    recalled = sql.Identifier(f"recalled_{entity.name}")
    _keys_table(connection, entity, recalled)
    rows = list(keys)
    columns = {name: [row[name] for row in rows] for name in entity.key}
    copy_rows(connection, recalled, pa.RecordBatch.from_pydict(columns))
    _collect(connection, entity, sql.SQL("exists (select from {} as p where {})").format(recalled, _same(entity)))


def gone_keys(connection: psycopg.Connection, entity: Entity) -> list[Record]:
    """Keys, as text, of the rows in `gone_<entity>`."""
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in entity.key)
    rows = connection.execute(sql.SQL("select {} from {}").format(columns, _gone(entity))).fetchall()
    return [dict(zip(entity.key, row, strict=True)) for row in rows]


def take_out(connection: psycopg.Connection, entity: Entity, children: tuple[Entity, ...]) -> int:
    """Delete the rows of `gone_<entity>` and what is nested in them; their number."""
    for child in children:
        pair = sql.SQL("t.{} = p.{}").format(sql.Identifier(child.key[0]), sql.Identifier(entity.key[0]))
        _delete_matching(connection, sql.SQL(child.table), _gone(entity), pair)
    return _delete_matching(connection, sql.SQL(entity.table), _gone(entity), _same(entity))


def _gone(entity: Entity) -> sql.Identifier:
    return sql.Identifier(f"gone_{entity.name}")


def _same(entity: Entity) -> sql.Composed:
    pairs = [sql.SQL("t.{k} = p.{k}").format(k=sql.Identifier(name)) for name in entity.key]
    return sql.SQL(" and ").join(pairs)


def _keys_table(connection: psycopg.Connection, entity: Entity, name: sql.Identifier) -> None:
    keys = sql.SQL(", ").join(sql.Identifier(key) for key in entity.key)
    statement = "create temporary table {} on commit drop as select {} from {} limit 0"
    connection.execute(sql.SQL(statement).format(name, keys, sql.SQL(entity.table)))


def _collect(connection: psycopg.Connection, entity: Entity, condition: sql.Composed) -> None:
    statement = "create temporary table {} on commit drop as select t.* from {} as t where {}"
    connection.execute(sql.SQL(statement).format(_gone(entity), sql.SQL(entity.table), condition))


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


def erase_gone_people(connection: psycopg.Connection, system: System, entity: Entity, load_id: int) -> None:
    """If `entity` is the system's list of people: erase those in `gone_<entity>`."""
    if entity.key != (PERSON,):
        return
    gone = _gone(entity)
    connection.execute(
        sql.SQL(
            "insert into ops.erasures (system, user_key, load_id) select %s, user_key, %s from {}"
            " on conflict do nothing"
        ).format(gone),
        [system.name, load_id],
    )
    for other in system.roots:
        if other.name != entity.name and PERSON in other.column_names:
            # loads hold one lock each and wait for none: waiting here cannot end in a circle
            ledger.wait_for_entity(connection, other)
            _erase(connection, system, other, gone)
    connection.execute(
        sql.SQL("delete from ops.quarantine where system = %s and payload ->> {} in (select {}::text from {})").format(
            sql.Literal(PERSON), sql.Identifier(PERSON), gone
        ),
        [system.name],
    )


def _erase(connection: psycopg.Connection, system: System, entity: Entity, gone: sql.Identifier) -> None:
    person = sql.SQL("t.{k} = p.{k}").format(k=sql.Identifier(PERSON))
    for child in system.children(entity):
        inside = sql.SQL(
            "delete from {c} as c using {e} as t, {gone} as p where {person} and c.{ck} = t.{k}"
        ).format(
            c=sql.SQL(child.table), e=sql.SQL(entity.table), gone=gone, person=person,
            ck=sql.Identifier(child.key[0]), k=sql.Identifier(entity.key[0]),
        )  # fmt: skip
        connection.execute(inside)
    _delete_matching(connection, sql.SQL(entity.table), gone, person)


def erased_people(connection: psycopg.Connection, system: str) -> pa.Array:
    """Pseudonyms of the system's erased people."""
    rows = connection.execute("select user_key::text from ops.erasures where system = %s", [system]).fetchall()
    return pa.array([key for (key,) in rows], pa.string())


def without_erased(rows: Conformed, erased: pa.Array) -> Conformed | None:
    """`rows` without those of erased people; None when there are none of them."""
    if not len(erased) or PERSON not in rows.columns:
        return None
    found = pc.is_in(rows.columns[PERSON], erased)
    if not pc.any(found).as_py():
        return None
    return rows.kept(pc.invert(found))
