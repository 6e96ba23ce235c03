"""Write accepted rows into a staging table inside the load's transaction, each key once.

batch -> CSV -> COPY into a temporary table -> insert what is new, then settle what is known: the same values are
`unchanged`; other values are an update, or, for events read from files, a conflict the steward decides.
"""

import io
from dataclasses import dataclass

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from psycopg import sql

from ingestion.contracts import Entity
from ingestion.tables import LOAD_ID, ensure_month

CSV = pv.WriteOptions(include_header=False, quoting_style="needed")


@dataclass(frozen=True)
class Merged:
    """What happened to a batch. `conflicts` are keys (as text) whose rows were not loaded."""

    inserted: int
    updated: int
    unchanged: int
    conflicts: frozenset[str]


class TableMerger:
    """Merges batches of one load into one staging table."""

    def __init__(
        self, connection: psycopg.Connection, entity: Entity, load_id: int, conflicts_quarantine: bool
    ) -> None:
        self._connection = connection
        self._entity = entity
        self._load_id = load_id
        self._conflicts_quarantine = conflicts_quarantine
        self._months: set[object] = set()
        self._table = sql.SQL(entity.table)  # type: ignore[arg-type]  # named by the contract
        self.incoming = sql.Identifier(f"incoming_{entity.name}")
        connection.execute(
            sql.SQL("create temporary table {} (like {}) on commit drop").format(self.incoming, self._table)
        )

    def merge(self, rows: pa.RecordBatch) -> Merged:
        """Merge `rows`, whose keys are distinct."""
        self._ensure_partitions(rows)
        self._copy(rows)
        inserted = self._execute("insert into {t} ({all}) select {all} from {i} as i where not exists ({known})")
        if inserted == rows.num_rows:
            return Merged(inserted, 0, 0, frozenset())
        conflicts, updated = frozenset[str](), 0
        if self._conflicts_quarantine:
            conflicts = self._conflicts()
        else:
            updated = self._execute("update {t} as t set {set} from {i} as i where {same_key} and {differs}")
        unchanged = rows.num_rows - inserted - updated - len(conflicts)
        return Merged(inserted, updated, unchanged, conflicts)

    def remove_vanished(self, parent: "TableMerger") -> int:
        """Delete child rows whose parent came again without them; the parents count as written by this load."""
        child_key = sql.Identifier(self._entity.key[0])
        parent_key = sql.Identifier(parent._entity.key[0])
        gone = sql.SQL(
            "with gone as (delete from {t} as t using {p} as p where t.{ck} = p.{pk}"
            " and not exists (select from {i} as i where {same_key}) returning t.{ck} as parent_key)"
            " update {pt} as pt set {load} = {id} from gone where pt.{pk} = gone.parent_key"
        ).format(
            t=self._table, p=parent.incoming, ck=child_key, pk=parent_key, i=self.incoming, pt=parent._table,
            same_key=self._same_key(), load=sql.Identifier(LOAD_ID), id=sql.Literal(self._load_id),
        )  # fmt: skip
        return self._connection.execute(gone).rowcount

    def clear(self) -> None:
        """Make room for the next batch."""
        self._connection.execute(sql.SQL("truncate {}").format(self.incoming))

    def _ensure_partitions(self, rows: pa.RecordBatch) -> None:
        if not self._entity.partition_by:
            return
        months = pc.unique(pc.floor_temporal(rows.column(self._entity.event_time), unit="month"))
        for month in months.to_pylist():
            if month not in self._months:
                ensure_month(self._connection, self._entity, month.date())
                self._months.add(month)

    def _copy(self, rows: pa.RecordBatch) -> None:
        self.clear()
        buffer = io.BytesIO()
        loads = pa.array(np.full(rows.num_rows, self._load_id))
        pv.write_csv(rows.append_column(LOAD_ID, loads), buffer, CSV)
        statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(self.incoming, self._all())
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(buffer.getbuffer())

    def _conflicts(self) -> frozenset[str]:
        key = sql.SQL(" || '/' || ").join(sql.SQL("i.{}::text").format(sql.Identifier(k)) for k in self._entity.key)
        query = self._sql("select {key} from {t} as t join {i} as i on {same_key} where {differs}", key=key)
        return frozenset(key for (key,) in self._connection.execute(query))

    def _execute(self, text: str) -> int:
        return self._connection.execute(self._sql(text)).rowcount

    def _sql(self, text: str, **more: sql.Composable) -> sql.Composed:
        values = [sql.Identifier(c) for c in self._entity.column_names if c not in self._entity.key]
        assign = [sql.SQL("{c} = i.{c}").format(c=c) for c in (*values, sql.Identifier(LOAD_ID))]
        left = sql.SQL(", ").join(sql.SQL("t.{}").format(c) for c in values)
        right = sql.SQL(", ").join(sql.SQL("i.{}").format(c) for c in values)
        return sql.SQL(text).format(  # type: ignore[arg-type]  # our own templates
            t=self._table,
            i=self.incoming,
            all=self._all(),
            known=sql.SQL("select from {t} as t where {same}").format(t=self._table, same=self._same_key()),
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
