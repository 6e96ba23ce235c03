"""Load a system: everything that has arrived at its source since the last load, entity by entity, exactly once.

source -> conform -> gate -> lake -> staging, with rows, quarantine, ledger and watermark in one transaction per
entity (its nested children included). A load that fails at any point has changed nothing.

    python -m ingestion.load new_smell          load one system, print what happened
"""

import errno
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from ingestion import ledger
from ingestion.conform import Conformed, Conformer
from ingestion.contracts import Entity, System, load_contracts
from ingestion.credentials import pseudonym_key
from ingestion.errors import BadShareError, ContractError, MoodmartError, WarehouseError
from ingestion.gate import BadRow, bad_rows, conflicts, split
from ingestion.lake import LakeFolder, remove_orphans
from ingestion.ledger import LoadResult
from ingestion.merge import Encoded, Merged, TableMerger, encode, key_text, rounds
from ingestion.pipeline import ahead
from ingestion.privacy import Pseudonymiser
from ingestion.settings import Settings
from ingestion.sources import Extraction, Source, SourceBatch, open_source
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse

Reporter = Callable[[str], None]
LEAST_BAD_ROWS = 50
"""Below this many bad rows a load is never aborted: a share of a handful says nothing."""


@dataclass(frozen=True)
class Gated:
    """Rows of one entity after the gate."""

    extracted: int
    accepted: Conformed
    bad_rows: tuple[BadRow, ...]


@dataclass(frozen=True)
class Chunk:
    """Rows with distinct keys and, by child, the rows nested in the accepted ones."""

    own: Gated
    nested: dict[str, Gated]
    encoded: dict[str, Encoded]
    """Accepted rows ready for COPY, by entity."""


def find_system(settings: Settings, name: str) -> System:
    """The contract of system `name`."""
    systems = load_contracts(settings.project_root)
    if name not in systems:
        raise ContractError(f"unknown system {name!r}", "moodmart", f"one of: {', '.join(sorted(systems))}")
    return systems[name]


def check_source(settings: Settings, system: System) -> tuple[str, ...]:
    """Raise unless the system's source can be read as the contract says; the entities it does not offer."""
    return open_source(settings, system).check(system.roots)


def load_system(settings: Settings, system: System, report: Reporter = lambda line: None) -> list[LoadResult]:
    """Load every entity of `system`; nothing is loaded if its source fails the check."""
    source = open_source(settings, system)
    source.check(system.roots)
    results: list[LoadResult] = []
    for entity in system.roots:
        results += load_entity(settings, system, entity, source)
        for result in results[-1 - len(system.children(entity)) :]:
            report(describe(result))
    return results


def describe(result: LoadResult) -> str:
    """One line of progress."""
    name = f"{result.system}.{result.entity}"
    if result.load_id is None:
        return f"{name}: nothing new"
    bad = f", {result.quarantined} quarantined" if result.quarantined else ""
    return (
        f"{name}: {result.extracted} extracted, {result.inserted} inserted, {result.updated} updated,"
        f" {result.unchanged} unchanged{bad} in {result.seconds:.1f} s"
    )


def load_entity(settings: Settings, system: System, entity: Entity, source: Source | None = None) -> list[LoadResult]:
    """Load what has arrived for `entity`; results for it and its children.

    Raises `SourceError`, `BadShareError` or `WarehouseError`, and has then changed nothing.
    """
    source = source or open_source(settings, system)
    entities = (entity, *system.children(entity))
    with _plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        ensure_tables(connection, entities)
        ledger.lock_entity(connection, entity)
        watermark = ledger.read_watermark(connection, entity, source.name)
        extraction = source.extract(entity, watermark)
        if extraction is None:
            return [LoadResult(e.system, e.name) for e in entities]
        return _Load(settings, connection, source, entities).run(extraction)


class _Load:
    """One load of an entity and its children, in the transaction of `connection`."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, source: Source, entities: tuple[Entity, ...]
    ) -> None:
        self.connection = connection
        self.source = source
        self.entities = entities
        self.entity, *self.children = entities
        self.started = datetime.now(UTC)
        self.clock = time.perf_counter()
        self.load_id = ledger.next_load_id(connection)
        self.results = {e.name: LoadResult(e.system, e.name, self.load_id) for e in entities}
        lake = settings.home / "lake"
        for e in entities:
            remove_orphans(lake, e, ledger.committed_loads(connection, e))
        self.folders = {e.name: LakeFolder(lake, e, self.load_id) for e in entities}
        key = pseudonym_key(settings.home)
        self.conformer = Conformer(self.entity, tuple(self.children), Pseudonymiser(key, self.entity.system))
        append_only = self.entity.mode == "append" and not source.is_keyed
        self.mergers = {
            e.name: TableMerger(connection, e, self.load_id, append_only and e is self.entity) for e in entities
        }

    def run(self, extraction: Extraction) -> list[LoadResult]:
        try:
            for chunk in ahead(self._chunks(ahead(extraction.batches))):
                self._write(chunk)
            results = self._finish(extraction)
        except BaseException:
            for folder in self.folders.values():
                folder.discard()
            raise
        return results

    def _chunks(self, batches: Iterator[SourceBatch]) -> Iterator[Chunk]:
        """Conform, gate, and part rows whose key comes more than once, in order of arrival."""
        for batch in batches:
            own = self._gated(self.conformer.conform(batch.rows), batch.unreadable)
            parts = rounds(key_text(self.entity, own.accepted.as_batch()))
            for number, mask in enumerate(parts):
                kept = own.accepted.filter(mask)
                nested = {c.name: self._gated(self.conformer.child_rows(c, kept)) for c in self.children}
                others = own.extracted - own.accepted.rows if number == 0 else 0
                part = Gated(kept.rows + others, kept, own.bad_rows if number == 0 else ())
                yield Chunk(part, nested, self._land(part, nested))

    def _gated(self, conformed: Conformed, unreadable: tuple[str, ...] = ()) -> Gated:
        verdict = split(conformed)
        bad = self._bad_rows(conformed, verdict.reasons)
        bad += tuple(BadRow(place, "{}", ("unreadable_row",)) for place in unreadable)
        return Gated(conformed.rows + len(unreadable), conformed.filter(verdict.accepted), bad)

    def _bad_rows(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> tuple[BadRow, ...]:
        """The rows of `reasons`, with what is nested in them."""
        nested: tuple[Conformed, ...] = ()
        if reasons and rows.entity is self.entity:
            places = rows.take(list(reasons))
            nested = tuple(self.conformer.child_rows(child, places) for child in self.children)
        return bad_rows(rows, reasons, nested)

    def _land(self, own: Gated, nested: dict[str, Gated]) -> dict[str, Encoded]:
        """Accepted rows to the lake; returns them ready for COPY."""
        encoded: dict[str, Encoded] = {}
        for name, part in ((self.entity.name, own), *nested.items()):
            rows = part.accepted.as_batch()
            if rows.num_rows:
                self.folders[name].write(rows)
            encoded[name] = encode(rows, self.load_id)
        return encoded

    def _write(self, chunk: Chunk) -> None:
        own = chunk.own
        merged = self._merge(self.entity, own, chunk.encoded[self.entity.name])
        # rows nested in new rows are new
        are_new = merged.inserted == own.accepted.rows
        if merged.conflicts:
            reasons = conflicts(own.accepted, merged.conflicts)
            self._quarantine(self.entity, self._bad_rows(own.accepted, reasons))
        for child in self.children:
            nested, encoded = chunk.nested[child.name], chunk.encoded[child.name]
            if merged.conflicts:
                nested = _without_parents(nested, merged.conflicts)
                encoded = encode(nested.accepted.as_batch(), self.load_id)
            self._merge(child, nested, encoded, are_new)
            if not are_new:
                self.mergers[child.name].remove_vanished(self.mergers[self.entity.name], nested.accepted.as_batch())

    def _merge(self, entity: Entity, part: Gated, encoded: Encoded, are_new: bool = False) -> Merged:
        result = self.results[entity.name]
        result.extracted += part.extracted
        self._quarantine(entity, part.bad_rows)
        merged = self.mergers[entity.name].merge(encoded, are_new)
        result.inserted += merged.inserted
        result.updated += merged.updated
        result.unchanged += merged.unchanged
        return merged

    def _quarantine(self, entity: Entity, bad_rows: tuple[BadRow, ...]) -> None:
        result = self.results[entity.name]
        result.quarantined += len(bad_rows)
        for row in bad_rows:
            result.reasons.update(row.reasons)
        if bad_rows:
            ledger.write_quarantine(self.connection, entity, self.load_id, bad_rows)

    def _finish(self, extraction: Extraction) -> list[LoadResult]:
        for entity in self.entities:
            result = self.results[entity.name]
            self._check_share(entity, result)
            result.seconds = time.perf_counter() - self.clock
            lake_path = self.folders[entity.name].publish()
            ledger.write_load(self.connection, entity, result, self.source.name, lake_path, self.started)
        ledger.write_watermark(self.connection, self.entity, self.source.name, extraction.watermark, self.load_id)
        self.connection.commit()
        return list(self.results.values())

    def _check_share(self, entity: Entity, result: LoadResult) -> None:
        share = result.quarantined / max(result.extracted, 1)
        if result.quarantined >= LEAST_BAD_ROWS and share > entity.bad_share_cap:
            worst = ", ".join(f"{code} {count}" for code, count in result.reasons.most_common(3))
            raise BadShareError(
                f"{result.quarantined} of {result.extracted} rows are bad: {worst}",
                f"load of {entity.system}.{entity.name} from {self.source.name}",
                f"cap {entity.bad_share_cap:.0%}; nothing was loaded",
            )


def _without_parents(nested: Gated, parents: frozenset[str]) -> Gated:
    """`nested` without the rows of `parents`, which stay with them in the quarantine."""
    owners = nested.accepted.columns[nested.accepted.entity.key[0]]
    kept = nested.accepted.filter(pc.invert(pc.is_in(owners, pa.array(sorted(parents)))))
    bad = tuple(row for row in nested.bad_rows if str(row.source_key).rsplit("/", 1)[0] not in parents)
    return Gated(kept.rows + len(bad), kept, bad)


@contextmanager
def _plain_errors(settings: Settings) -> Iterator[None]:
    """Say what went wrong with disk or server in one line."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise WarehouseError(f"the disk is full: {error}", "warehouse", "nothing was loaded") from None
    except psycopg.OperationalError as error:
        raise WarehouseError(str(error), "warehouse", "nothing was loaded; see `moodmart status`") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            where = str(settings.home / "lake")
            raise WarehouseError("the disk is full", where, "nothing was loaded") from None
        raise


def main() -> None:
    """Load the systems named on the command line, or all."""
    settings = Settings.from_env()
    try:
        Warehouse(settings).up()
        for name in sys.argv[1:] or load_contracts(settings.project_root):
            load_system(settings, find_system(settings, name), print)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
