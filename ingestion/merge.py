"""Write accepted rows into a staging table inside the load's transaction, each key once.

keys -> rows whose `unique` value is taken wait -> which keys are known -> new rows by COPY straight into the table;
known rows through a temporary table: the same values are `unchanged`; other values are an update, or, for events read
from files, a conflict the steward decides.
"""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from psycopg import sql

from ingestion.contracts import Entity
from ingestion.keyfilter import KeyFilter
from ingestion.tables import LOAD_ID, ensure_month
from ingestion.unique import Uniqueness

CSV = pv.WriteOptions(include_header=False, quoting_style="needed")
COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Encoded:
    """Rows with distinct keys, and their CSV for COPY."""

    rows: pa.RecordBatch
    csv: memoryview


@dataclass(frozen=True)
class Merged:
    """What happened to a batch. `refused` are keys (as text) whose rows were not loaded, with the reason codes."""

    inserted: int
    updated: int
    unchanged: int
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def conflicts(self) -> frozenset[str]:
        """The keys of `refused`."""
        return frozenset(self.refused)


def encode(rows: pa.RecordBatch, load_id: int) -> Encoded:
    """`rows` as CSV with the load's id as last column."""
    buffer = io.BytesIO()
    loads = pa.array(np.full(rows.num_rows, load_id))
    pv.write_csv(rows.append_column(LOAD_ID, loads), buffer, CSV)
    return Encoded(rows, buffer.getbuffer())


class TableMerger:
    """Merges batches of one load into one staging table."""

    def __init__(
        self,
        connection: psycopg.Connection,
        entity: Entity,
        load_id: int,
        conflicts_quarantine: bool,
        unique: Collection[str] = (),
    ) -> None:
        """`unique` are codes of the rules beside the key that no two rows may break together."""
        self._connection = connection
        self._entity = entity
        self._load_id = load_id
        self._conflicts_quarantine = conflicts_quarantine
        self._months: set[object] = set()
        self._table = sql.SQL(entity.table)
        self._types = {column.name: column.data_type for column in entity.columns}
        self.incoming = sql.Identifier(f"incoming_{entity.system}__{entity.name}")
        # it is there if this transaction has merged another load of the entity
        statement = "create temporary table if not exists {} (like {}) on commit drop"
        connection.execute(sql.SQL(statement).format(self.incoming, self._table))
        self._filter = self._new_filter()
        self._uniqueness = Uniqueness(connection, entity, unique, self._filter is not None)

    def merge(self, batch: Encoded, are_new: bool = False) -> Merged:
        """Merge `batch`; `are_new` says that its keys are known to be new."""
        refused = self._uniqueness.repeated(batch.rows)
        if refused:
            kept = pc.invert(pc.is_in(key_text(self._entity, batch.rows), pa.array(list(refused))))
            batch = encode(batch.rows.filter(kept), self._load_id)
        merged = self._merge(batch, are_new)
        return Merged(merged.inserted, merged.updated, merged.unchanged, {**merged.refused, **refused})

    def _merge(self, batch: Encoded, are_new: bool) -> Merged:
        rows = batch.rows
        self._ensure_partitions(rows)
        self._connection.execute(sql.SQL("truncate {}").format(self.incoming))
        known = None if are_new or not rows.num_rows else self._known(rows)
        if known is None:
            self._copy(self._table, batch.csv)
            return Merged(rows.num_rows, 0, 0)
        new = rows.filter(pc.invert(known))
        if new.num_rows:
            self._copy(self._table, encode(new, self._load_id).csv)
        settled = rows.filter(known)
        self._copy(self.incoming, encode(settled, self._load_id).csv)
        return self._settle(new.num_rows, settled.num_rows)

    def _settle(self, inserted: int, known: int) -> Merged:
        """Decide on the known rows, which lie in the temporary table."""
        conflicts, updated = frozenset[str](), 0
        if self._conflicts_quarantine:
            conflicts = self._conflicts()
        else:
            statement = self._sql("update {t} as t set {set} from {i} as i where {same_key} and {differs}")
            updated = self._connection.execute(statement).rowcount
        code = f"duplicate_key:{'+'.join(self._entity.key)}"
        return Merged(inserted, updated, known - updated - len(conflicts), dict.fromkeys(conflicts, (code,)))

    def _new_filter(self) -> KeyFilter | None:
        """A filter if the table is empty: what it may then come to hold is what this load puts in."""
        if self._entity.parent is not None:
            return None
        row = self._connection.execute(self._sql("select exists (select from {t})")).fetchone()
        return KeyFilter() if row == (False,) else None

    def _known(self, rows: pa.RecordBatch) -> pa.Array | None:
        """Mask of the rows whose key the table holds; None when it holds none of them."""
        asked = np.arange(rows.num_rows)
        if self._filter is not None:
            asked = np.flatnonzero(self._filter.add(key_text(self._entity, rows).to_pylist()))
        if not len(asked):
            return None
        query = self._sql(
            "select i.place from {keys} where exists (select from {t} as t where {same_key})",
            keys=self._keys(),
        )
        found = self._connection.execute(query, self._key_arrays(rows.take(pa.array(asked)))).fetchall()
        if not found:
            return None
        mask = np.zeros(rows.num_rows, dtype=bool)
        mask[asked[[place - 1 for (place,) in found]]] = True
        return pa.array(mask)

    def _key_arrays(self, rows: pa.RecordBatch) -> list[list[str]]:
        return [rows.column(name).cast(pa.string()).to_pylist() for name in self._entity.key]

    def _keys(self) -> sql.Composed:
        """The keys of a batch, one parameter per key column, as a relation."""
        arrays = [sql.SQL("%s::text[]::{}[]").format(sql.SQL(self._types[k])) for k in self._entity.key]
        names = [sql.Identifier(k) for k in (*self._entity.key, "place")]
        return sql.SQL("unnest({}) with ordinality as i ({})").format(
            sql.SQL(", ").join(arrays), sql.SQL(", ").join(names)
        )

    def remove_vanished(self, parent: "TableMerger", rows: pa.RecordBatch) -> int:
        """Delete child rows that known parents came again without; the parents count as written by this load.

        `rows` are the child rows that came, `parent` has just merged their parents.
        """
        gone = self._sql(
            "with gone as (delete from {t} as t using {parents} as p where t.{child_key} = p.{parent_key}"
            " and not exists (select from {keys} where {same_key})"
            # what a steward has mended stays while its bad form comes again
            " and not exists (select from ops.quarantine as q where q.system = {system} and q.entity = {entity}"
            " and q.source_key = {key} and q.status = 'replayed' and q.seen_load_id = {id})"
            " returning p.{parent_key})"
            " update {parent_table} as t set {load} = {id} from gone where t.{parent_key} = gone.{parent_key}",
            parents=parent.incoming,
            parent_table=parent._table,
            parent_key=sql.Identifier(parent._entity.key[0]),
            child_key=sql.Identifier(self._entity.key[0]),
            keys=self._keys(),
            system=sql.Literal(self._entity.system),
            entity=sql.Literal(self._entity.name),
            key=sql.SQL(" || '/' || ").join(sql.SQL("t.{}::text").format(sql.Identifier(k)) for k in self._entity.key),
            load=sql.Identifier(LOAD_ID),
            id=sql.Literal(self._load_id),
        )
        return self._connection.execute(gone, self._key_arrays(rows)).rowcount

    def touch_parents(self, parent: Entity) -> None:
        """Have the rows of `parent` that this load wrote nested rows of count as written by it."""
        statement = self._sql(
            "update {parent} as p set {load} = {id} from {t} as t where t.{load} = {id} and p.{pk} = t.{ck}",
            parent=sql.SQL(parent.table),
            load=sql.Identifier(LOAD_ID),
            id=sql.Literal(self._load_id),
            pk=sql.Identifier(parent.key[0]),
            ck=sql.Identifier(self._entity.key[0]),
        )
        self._connection.execute(statement)

    def _ensure_partitions(self, rows: pa.RecordBatch) -> None:
        if not self._entity.partition_by:
            return
        months = pc.unique(pc.floor_temporal(rows.column(self._entity.event_time), unit="month"))
        for month in months.to_pylist():
            if month not in self._months:
                ensure_month(self._connection, self._entity, month.date())
                self._months.add(month)

    def _copy(self, table: sql.Composable, csv: memoryview) -> None:
        copy_csv(self._connection, sql.SQL("{} ({})").format(table, self._all()), csv)

    def _conflicts(self) -> frozenset[str]:
        key = sql.SQL(" || '/' || ").join(sql.SQL("i.{}::text").format(sql.Identifier(k)) for k in self._entity.key)
        query = self._sql("delete from {i} as i using {t} as t where {same_key} and {differs} returning {key}", key=key)
        return frozenset(key for (key,) in self._connection.execute(query))

    def _sql(self, text: str, **more: sql.Composable) -> sql.Composed:
        values = [sql.Identifier(c) for c in self._entity.column_names if c not in self._entity.key]
        assign = [sql.SQL("{c} = i.{c}").format(c=c) for c in (*values, sql.Identifier(LOAD_ID))]
        left = sql.SQL(", ").join(sql.SQL("t.{}").format(c) for c in values)
        right = sql.SQL(", ").join(sql.SQL("i.{}").format(c) for c in values)
        return sql.SQL(text).format(
            t=self._table,
            i=self.incoming,
            all=self._all(),
            same_key=self._same_key(),
            set=sql.SQL(", ").join(assign),
            differs=sql.SQL("row({}) is distinct from row({})").format(left, right),
            **more,
        )

    def _same_key(self) -> sql.Composed:
        pairs = [sql.SQL("t.{k} = i.{k}").format(k=sql.Identifier(k)) for k in self._entity.key]
        return sql.SQL(" and ").join(pairs)

    def _all(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(c) for c in (*self._entity.column_names, LOAD_ID))


def copy_csv(connection: psycopg.Connection, target: sql.Composable, csv: memoryview) -> None:
    """COPY `csv` into `target`, a relation with or without a column list."""
    statement = sql.SQL("copy {} from stdin (format csv)").format(target)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(csv), COPY_BYTES):
            copy.write(csv[start : start + COPY_BYTES])


def copy_rows(connection: psycopg.Connection, target: sql.Composable, rows: pa.RecordBatch) -> None:
    """COPY `rows` into `target`."""
    buffer = io.BytesIO()
    pv.write_csv(rows, buffer, CSV)
    copy_csv(connection, target, buffer.getbuffer())


def key_text(entity: Entity, rows: pa.RecordBatch) -> pa.Array:
    """The key of each row as text, parts joined by a slash."""
    parts = [rows.column(name).cast(pa.string()) for name in entity.key]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")


def rounds(keys: pa.Array) -> list[pa.Array | None]:
    """Masks that split rows into rounds of distinct keys, in order of arrival; [None] when all are distinct."""
    codes = keys.dictionary_encode()
    if len(codes.dictionary) == len(keys):
        return [None]
    numbers = codes.indices.to_numpy()
    order = np.argsort(numbers, kind="stable")
    ranked = numbers[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    occurrence = np.empty(len(numbers), dtype=np.int64)
    occurrence[order] = np.arange(len(numbers)) - np.repeat(starts, np.diff(np.r_[starts, len(numbers)]))
    return [pa.array(occurrence == number) for number in range(int(occurrence.max()) + 1)]
