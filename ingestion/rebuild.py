"""Rebuild the warehouse's staging tables, quarantine and ledger from the lake alone.

Every committed load of the lake, in order: its rows are merged as they were, its bad rows, removals and settled
quarantine rows are entered again. No source is asked. What a steward has mended but not yet replayed is not in the
lake: such rows are open again.

    python -m ingestion.rebuild
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion import consent, lake, ledger
from ingestion.contracts import Entity, System, load_contracts
from ingestion.errors import MoodmartError, WarehouseError
from ingestion.lake import Record
from ingestion.load import plain_errors
from ingestion.merge import Merged, TableMerger, encode
from ingestion.removal import erase_gone_people, recall_gone, take_out
from ingestion.settings import Settings
from ingestion.settling import settle
from ingestion.sources.base import BATCH_ROWS
from ingestion.tables import ensure_tables
from ingestion.types import ARROW_TYPES
from ingestion.warehouse import Warehouse

EMPTIED = "ops.loads, ops.quarantine, ops.watermarks, ops.erasures, ops.source_schemas"


def rebuild(settings: Settings, report: Callable[[str], None] = lambda line: None) -> int:
    """Drop the staging tables and make them again from the lake; the number of loads. Marts are to be built anew."""
    systems = load_contracts(settings.project_root)
    _confirm_known(settings, systems)
    loads = lake.committed_loads(settings.home / "lake")
    if not loads:
        raise WarehouseError("no committed load", str(settings.home / "lake"), "there is nothing to rebuild from")
    _empty(settings, systems, loads[-1][0])
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        for system in systems.values():
            ensure_tables(connection, system.entities)
        for load_id, folder in loads:
            system = systems[folder.parent.parent.name]
            _Reload(connection, system, system.entity(folder.parent.name), load_id, folder).run()
            connection.commit()
            report(f"{system.name}.{folder.parent.name}: load {load_id}")
    return len(loads)


def _confirm_known(settings: Settings, systems: dict[str, System]) -> None:
    """Mark what the ledger knows: a load that was interrupted after its commit could not mark its folder itself."""
    with Warehouse(settings).connect("owner") as connection:
        for entity in (entity for system in systems.values() for entity in system.entities):
            lake.confirm_known(settings.home / "lake", entity, ledger.committed_loads(connection, entity))


def _empty(settings: Settings, systems: dict[str, System], last_load: int) -> None:
    with Warehouse(settings).connect("owner") as connection:
        for system in systems.values():
            for entity in system.entities:
                connection.execute(f"drop table if exists {entity.table} cascade")
        connection.execute(f"truncate {EMPTIED} restart identity")
        if connection.execute("select to_regclass('ops.builds')").fetchone() != (None,):
            # views of the marts went with the tables: no build stands any more, nor may one that runs now
            connection.execute("delete from ops.builds")
        connection.execute("select setval('ops.load_ids', %s)", [last_load])


class _Reload:
    """One load of the lake, done again."""

    def __init__(
        self, connection: psycopg.Connection, system: System, entity: Entity, load_id: int, folder: Path
    ) -> None:
        self.connection = connection
        self.system = system
        self.entity = entity
        self.children = system.children(entity)
        self.load_id = load_id
        self.folder = folder
        self.manifest: Record = next(lake.records(folder, lake.MANIFEST))
        conflicts_stay = bool(self.manifest["conflicts_quarantine"])
        unique = self.manifest.get("unique", {})
        self.mergers = {
            e.name: TableMerger(connection, e, load_id, conflicts_stay and e is entity, unique.get(e.name, ()))
            for e in (entity, *self.children)
        }

    def run(self) -> None:
        # first: a nested row that a steward has mended does not vanish because its bad form came again
        ledger.write_quarantine(self.connection, self.load_id, lake.records(self.folder, lake.QUARANTINED))
        nested = {child.name: self._rows(child) for child in self.children}
        for rows in _batches(self.folder / lake.ROWS):
            merged = self.mergers[self.entity.name].merge(encode(rows, self.load_id))
            for child in self.children:
                self._merge_child(child, nested[child.name], rows, merged)
        if self.entity.parent is not None:
            self.mergers[self.entity.name].touch_parents(self.system.entity(self.entity.parent))
        consent.reapply(self.connection, self.system, self.entity, self.load_id)
        self._remove_gone()
        for record in lake.records(self.folder, lake.SETTLED):
            settle(self.connection, record)
        for record in self.manifest["loads"]:
            ledger.write_load(self.connection, record)
        if self.manifest["watermark"] is not None:
            source = self.manifest["loads"][0]["source"]
            ledger.write_watermark(self.connection, self.entity, source, self.manifest["watermark"], self.load_id)

    def _rows(self, child: Entity) -> pa.Table | None:
        path = self.folder.parent.parent / child.name / str(self.load_id) / lake.ROWS
        return pq.read_table(path) if path.exists() else None

    def _merge_child(self, child: Entity, nested: pa.Table | None, rows: pa.RecordBatch, merged: Merged) -> None:
        parents = rows.column(self.entity.key[0])
        if merged.conflicts:
            parents = parents.filter(pc.invert(pc.is_in(parents.cast(pa.string()), pa.array(sorted(merged.conflicts)))))
        merger = self.mergers[child.name]
        own = _empty_batch(child) if nested is None else _of_parents(nested, child, parents)
        are_new = merged.inserted == rows.num_rows
        merger.merge(encode(own, self.load_id), are_new)
        if not are_new:
            merger.remove_vanished(self.mergers[self.entity.name], own)

    def _remove_gone(self) -> None:
        keys = list(lake.records(self.folder, lake.GONE))
        if keys:
            recall_gone(self.connection, self.entity, keys)
            take_out(self.connection, self.entity, self.children)
            erase_gone_people(self.connection, self.system, self.entity, self.load_id)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The chunks of a load as they were written, each with distinct keys."""
    if not path.exists():
        return
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number).combine_chunks()
            yield from table.to_batches(max_chunksize=BATCH_ROWS)


def _of_parents(nested: pa.Table, child: Entity, parents: pa.Array) -> pa.RecordBatch:
    table = nested.filter(pc.is_in(nested.column(child.key[0]), parents)).combine_chunks()
    return pa.RecordBatch.from_arrays([_whole(column) for column in table.columns], table.column_names)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) and combined.num_chunks else combined


def _empty_batch(child: Entity) -> pa.RecordBatch:
    fields = [pa.field(column.name, ARROW_TYPES[column.data_type]) for column in child.columns]
    return pa.RecordBatch.from_pylist([], pa.schema(fields))


def main() -> None:
    """Rebuild, and say what was done."""
    try:
        settings = Settings.from_env()
        Warehouse(settings).up()
        print(f"{rebuild(settings, print)} loads; build the marts with `moodmart run --full-refresh`")
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
