"""One load of the lake, done again by a rebuild: rows into copies of the staging tables, records into the books.

lake folder -> chunks as they were, each with distinct keys -> columns as today's contract declares them -> tables
lake folder -> quarantine, removals, settled rows, ledger, watermark -> `ops`
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion import consent, lake, ledger, people
from ingestion.contracts import Column, Entity, System
from ingestion.errors import WarehouseError
from ingestion.lake import Record
from ingestion.merge import Merged, TableMerger, encode
from ingestion.removal import recall_gone, take_out
from ingestion.settling import settle
from ingestion.types import ARROW_TYPES, cast

Chunk = tuple[pa.RecordBatch, dict[str, pa.RecordBatch]]
"""Rows of a load with distinct keys, and by child what is nested in them."""


class Reload:
    """A load whose folder in the lake is `folder`; `system` says which tables its rows go to."""

    def __init__(self, connection: psycopg.Connection, system: System, folder: Path) -> None:
        self.connection = connection
        self.system = system
        self.folder = folder
        self.entity = system.entity(folder.parent.name)
        self.children = system.children(self.entity)
        self.load_id = int(folder.name)
        self.manifest: Record = next(lake.records(folder, lake.MANIFEST))

    def missing(self) -> list[str]:
        """Files with rows that the load wrote and the lake has no more."""
        paths = [record["lake_path"] for record in self.manifest["loads"] if record["lake_path"]]
        return [path for path in paths if not (self.folder.parents[2] / path / lake.ROWS).exists()]

    def run(self) -> None:
        """Do what the load did, in the transaction of the connection."""
        # first: a nested row that a steward has mended does not vanish because its bad form came again
        ledger.write_quarantine(self.connection, self.load_id, lake.records(self.folder, lake.QUARANTINED))
        self._merge()
        # loads of before there was a number for it gave their own
        stamp = self.manifest.get("stamp", self.load_id)
        consent.reapply(self.connection, self.system, self.entity, self.load_id, stamp)
        keys = list(lake.records(self.folder, lake.GONE))
        if keys:
            recall_gone(self.connection, self.entity, keys)
            take_out(self.connection, self.system, self.entity)
        if self.entity.lists_people:
            self._enter_people([key[people.PERSON] for key in keys])
        for record in lake.records(self.folder, lake.SETTLED):
            settle(self.connection, record)
        for record in self.manifest["loads"]:
            ledger.write_load(self.connection, record)
        if self.manifest["watermark"] is not None:
            source = self.manifest["loads"][0]["source"]
            ledger.write_watermark(self.connection, self.entity, source, self.manifest["watermark"], self.load_id)

    def _merge(self) -> None:
        conflicts_stay = bool(self.manifest["conflicts_quarantine"])
        unique = self.manifest.get("unique", {})
        mergers = {
            e.name: TableMerger(
                self.connection, e, self.load_id, conflicts_stay and e is self.entity, unique.get(e.name, ())
            )
            for e in (self.entity, *self.children)
        }
        for rows, nested in self._chunks():
            merged = mergers[self.entity.name].merge(encode(rows, self.load_id))
            are_new = merged.inserted == rows.num_rows
            for child in self.children:
                self._merge_child(mergers, child, nested[child.name], merged, are_new)
        if self.entity.parent is not None:
            mergers[self.entity.name].touch_parents(self.system.entity(self.entity.parent))

    def _enter_people(self, gone: list[str]) -> None:
        if gone:
            people.enter(self.connection, self.system, gone, self.load_id)
        if self.manifest.get("returned"):
            back = pq.read_table(self.folder / lake.ROWS, columns=[people.PERSON]).column(0).to_pylist()
            people.end(self.connection, self.system, back, self.load_id, self.manifest["returned"])

    def _chunks(self) -> Iterator[Chunk]:
        path = self._path(self.entity)
        if not path.exists():
            return
        inside = {child.name: self._nested(child) for child in self.children}
        begin = dict.fromkeys(inside, 0)
        with pq.ParquetFile(path) as file:
            counts = self.manifest.get("chunks") or self._guessed(file, inside)
            own = _groups_of(file, [count[self.entity.name] for count in counts])
            for count, groups in zip(counts, own, strict=True):
                nested = {}
                for child in self.children:
                    rows = inside[child.name].slice(begin[child.name], count.get(child.name, 0))
                    begin[child.name] += rows.num_rows
                    nested[child.name] = as_declared(child, rows, self.folder)
                yield as_declared(self.entity, file.read_row_groups(groups), self.folder), nested

    def _guessed(self, file: pq.ParquetFile, inside: dict[str, pa.Table]) -> list[dict[str, int]]:
        """Rows by entity and chunk where the load did not note them: a chunk was one row group, of a child at most."""
        key = self.entity.key[0]
        owners = [file.read_row_group(n, columns=[key]).column(0) for n in range(file.num_row_groups)]
        counts = [{self.entity.name: len(owner)} for owner in owners]
        for child in self.children:
            parents = inside[child.name].column(child.key[0])
            groups = _row_groups(self._path(child))
            # from the end, since of two rows with one key the newer counts
            for place in reversed(range(len(owners))):
                own = parents.slice(len(parents) - groups[-1]) if groups else parents
                if groups and pc.all(pc.is_in(own, owners[place].combine_chunks())).as_py():
                    counts[place][child.name] = groups.pop()
                    parents = parents.slice(0, len(parents) - len(own))
        return counts

    def _nested(self, child: Entity) -> pa.Table:
        path = self._path(child)
        return pq.read_table(path) if path.exists() else pa.table({child.key[0]: pa.array([], pa.string())})

    def _path(self, child: Entity) -> Path:
        return self.folder.parent.parent / child.name / str(self.load_id) / lake.ROWS

    def _merge_child(
        self, mergers: dict[str, TableMerger], child: Entity, nested: pa.RecordBatch, merged: Merged, are_new: bool
    ) -> None:
        if merged.conflicts:
            owners = nested.column(child.key[0]).cast(pa.string())
            nested = nested.filter(pc.invert(pc.is_in(owners, pa.array(sorted(merged.conflicts)))))
        mergers[child.name].merge(encode(nested, self.load_id), are_new)
        if not are_new:
            mergers[child.name].remove_vanished(mergers[self.entity.name], nested)


def _groups_of(file: pq.ParquetFile, counts: list[int]) -> Iterator[list[int]]:
    """The row groups that hold the next `counts` rows; a large chunk may have more than one."""
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    number = 0
    for count in counts:
        groups: list[int] = []
        while sum(sizes[n] for n in groups) < count:
            groups.append(number)
            number += 1
        yield groups


def as_declared(entity: Entity, rows: pa.Table, folder: Path) -> pa.RecordBatch:
    """`rows` of the lake with the columns of today's contract: what it has got since is null, what it lost is left out.

    Raises `WarehouseError` if a value does not fit its column's type any more.
    """
    arrays = []
    for column in entity.columns:
        if column.name not in rows.column_names:
            arrays.append(pa.nulls(rows.num_rows, ARROW_TYPES[column.data_type]))
            continue
        fitting = _fitting(column, rows.column(column.name).combine_chunks())
        if fitting is None:
            raise WarehouseError(
                f"values of {column.name} in the lake do not fit the contract's {column.data_type}",
                f"rebuild of {entity.system}.{entity.name}, load {folder.name}",
                "nothing was changed; give the column a type that holds them, or another name",
            )
        arrays.append(fitting)
    return pa.RecordBatch.from_arrays(arrays, list(entity.column_names))


def _fitting(column: Column, values: pa.Array) -> pa.Array | None:
    """`values` in the column's type, None if one of them is not what it was any more."""
    target = ARROW_TYPES[column.data_type]
    if values.type == target and column.data_type != "uuid":
        return values
    if pa.types.is_string(values.type):
        casted, bad = cast(values, column.data_type)
        return casted if bad is None or not pc.any(bad).as_py() else None
    try:
        return values.cast(target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _row_groups(path: Path) -> list[int]:
    if not path.exists():
        return []
    metadata = pq.read_metadata(path)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
