"""Rows that a live source holds and nobody knows of: the net below every cursor.

source's count, staging, quarantine -> are all rows accounted for? -> keys of the source that neither staging nor
quarantine knows -> these rows, read and loaded like any other, in the same load.

After each load the source's own count must be the rows that staging has from it, the keys that only the quarantine
holds, and those known to be outside: of erased people, of a key nobody can read, or of the same key as another. Where
it is not, keys are compared both ways, which costs one reading of them (`removal.py` takes out what is gone). Counts
hide one thing: as many rows passed over as deleted since the last load.
"""

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingestion.conform import Conformer
from ingestion.contracts import Entity
from ingestion.merge import key_text
from ingestion.sources.base import Census

OTHER_LOADS = """
select l.load_id from ops.loads as l
join ops.watermarks as w using (system, entity, source)
where l.system = {system} and l.entity = {entity} and l.source <> {source}
"""
STAGED = "select count(*) from {table} as t where {ours}"
# a key may wait more than once; a row without one is counted as it is
WAITING = """
select count(distinct t.source_key) + count(*) filter (where t.source_key is null) from ops.quarantine as t
where t.system = {system} and t.entity = {entity} and {ours} and not exists (
    select from {table} as known where {key} = t.source_key)
"""


class Balance:
    """The rows of one source's entity, counted there and here."""

    def __init__(self, connection: psycopg.Connection, entity: Entity, source: str, census: Census) -> None:
        self._connection, self._census = connection, census
        names = {"system": entity.system, "entity": entity.name, "source": source}
        parts: dict[str, sql.Composable] = {name: sql.Literal(value) for name, value in names.items()}
        others = sql.SQL(OTHER_LOADS).format(**parts)
        has_others = connection.execute(sql.SQL("select exists ({})").format(others)).fetchone() == (True,)
        ours = sql.SQL("{column} not in ({others})") if has_others else sql.SQL("true")
        parts |= {"table": sql.SQL(entity.table), "key": _key(entity)}
        self._staged = sql.SQL(STAGED).format(
            ours=ours.format(column=sql.SQL("t._load_id"), others=others) if has_others else ours, **parts
        )
        self._waiting = sql.SQL(WAITING).format(
            ours=ours.format(column=sql.SQL("t.load_id"), others=others) if has_others else ours, **parts
        )

    def outside(self) -> int:
        """How many more rows the source holds than are known here."""
        return self._census.now - sum(self._count(query) for query in (self._staged, self._waiting))

    def _count(self, query: sql.Composed) -> int:
        row = self._connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def unknown_keys(connection: psycopg.Connection, conformer: Conformer, census: Census) -> list[pa.RecordBatch]:
    """Keys the source holds and neither staging nor quarantine knows, under the source's names."""
    entity = conformer.entity
    found = []
    for batch in census.read_keys():
        conformed = conformer.conform(batch.rows)
        keys = key_text(entity, pa.RecordBatch.from_pydict({name: conformed.columns[name] for name in entity.key}))
        known = _known(connection, entity, [key for key in keys.to_pylist() if key is not None])
        unknown = pc.and_(pc.is_valid(keys), pc.invert(pc.is_in(keys, pa.array(known, pa.string()))))
        if pc.any(unknown).as_py():
            found.append(batch.rows.take(pa.array(np.flatnonzero(unknown))))
    return found


def _known(connection: psycopg.Connection, entity: Entity, keys: list[str]) -> list[str]:
    """Which of `keys` staging or quarantine knows."""
    query = sql.SQL(
        "select {key} from {table} as known where {place} = any(%(keys)s::text[]::{type}[]) union"
        " select source_key from ops.quarantine where system = %(system)s and entity = %(entity)s"
        " and source_key = any(%(keys)s::text[])"
    ).format(key=_key(entity), table=sql.SQL(entity.table), **_place(entity))
    values = {"keys": keys, "system": entity.system, "entity": entity.name}
    return [key for (key,) in connection.execute(query, values)]


def _place(entity: Entity) -> dict[str, sql.Composable]:
    """What is looked up, with its type: the column itself where there is one, for the sake of its index."""
    if len(entity.key) > 1:
        return {"place": _key(entity), "type": sql.SQL("text")}
    types = {column.name: column.data_type for column in entity.columns}
    return {"place": sql.Identifier("known", entity.key[0]), "type": sql.SQL(types[entity.key[0]])}


def _key(entity: Entity) -> sql.Composed:
    """The key of a row of `known` as the quarantine writes it."""
    return sql.SQL(" || '/' || ").join(sql.SQL("known.{}::text").format(sql.Identifier(name)) for name in entity.key)
