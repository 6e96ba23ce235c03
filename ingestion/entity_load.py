"""One load of one entity and what is nested in it: lake, staging, quarantine and ledger in one transaction.

source batches -> conform -> gate -> chunks with distinct keys -> lake and staging -> ledger. Whoever uses it holds the
entity's lock, and commits or, after `discard`, rolls back.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from ingestion import consent, ledger
from ingestion.conform import Conformed, Conformer
from ingestion.contracts import Entity, System
from ingestion.credentials import pseudonym_key
from ingestion.errors import BadShareError
from ingestion.gate import BadRow, bad_rows, conflicts, split
from ingestion.lake import GONE, MANIFEST, QUARANTINED, LakeFolder, tidy
from ingestion.ledger import LoadResult
from ingestion.merge import Encoded, Merged, TableMerger, encode, key_text, rounds
from ingestion.pipeline import ahead
from ingestion.privacy import Pseudonymiser
from ingestion.recovery import Balance, unknown_keys
from ingestion.removal import (
    erase_gone_people,
    erased_people,
    find_gone,
    gone_keys,
    is_only_source,
    some_are_gone,
    take_out,
    without_erased,
)
from ingestion.settings import Settings
from ingestion.sources import Extraction, SourceBatch
from ingestion.sources.base import Census, Watermark

LEAST_BAD_ROWS = 50
"""Below this many bad rows a load is never aborted: a share of a handful says nothing."""


@dataclass(frozen=True)
class Gated:
    """Rows of one entity after the gate."""

    extracted: int
    accepted: Conformed
    bad_rows: tuple[BadRow, ...]
    erased: int = 0
    """Rows of people who are erased or do not allow them: they do not come in."""


@dataclass(frozen=True)
class Chunk:
    """Rows with distinct keys and, by child, the rows nested in the accepted ones."""

    own: Gated
    nested: dict[str, Gated]
    encoded: dict[str, Encoded]
    """Accepted rows ready for COPY, by entity."""


class EntityLoad:
    """One load of an entity and its children, in the transaction of `connection`."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        system: System,
        entity: Entity,
        source_name: str,
        conflicts_quarantine: bool,
    ) -> None:
        self.connection = connection
        self.conflicts_quarantine = conflicts_quarantine
        self.source_name = source_name
        self.system = system
        self.entity = entity
        self.children = system.children(entity)
        self.entities = (entity, *self.children)
        self.started = datetime.now(UTC)
        self.clock = time.perf_counter()
        self.load_id = ledger.next_load_id(connection)
        self.results = {e.name: LoadResult(e.system, e.name, self.load_id) for e in self.entities}
        lake = settings.home / "lake"
        for e in self.entities:
            tidy(lake, e, ledger.committed_loads(connection, e))
        self.folders = {e.name: LakeFolder(lake, e, self.load_id) for e in self.entities}
        key = pseudonym_key(settings.home)
        self.conformer = Conformer(entity, self.children, Pseudonymiser(key, system.name))
        self.erased = erased_people(connection, system.name)
        self.answers = consent.read_answers(connection, system, entity)
        self.mergers = {
            e.name: TableMerger(connection, e, self.load_id, conflicts_quarantine and e is self.entity)
            for e in self.entities
        }

    def run(self, extraction: Extraction) -> list[LoadResult]:
        """Load everything that has arrived, and commit."""
        try:
            for chunk in ahead(self._chunks(ahead(extraction.batches))):
                self.write(chunk)
            result = self.results[self.entity.name]
            result.deleted += consent.reapply(self.connection, self.system, self.entity, self.load_id)
            if extraction.census is not None:
                self._reconcile(extraction.census, extraction.watermark)
            self.finish(extraction.watermark)
            ledger.write_watermark(self.connection, self.entity, self.source_name, extraction.watermark, self.load_id)
        except BaseException:
            self.discard()
            raise
        finally:
            extraction.close()
        self.commit()
        return list(self.results.values())

    def _reconcile(self, census: Census, watermark: Watermark) -> None:
        """Until the source's rows are accounted for: load what was passed over, take out what is gone."""
        # withheld rows of whoever consents later stay outside: nobody knows them, and they are not to be fetched
        if census.read_rows is None or any(clause.rows for clause in self.entity.consent):
            self._remove_gone(census)
            watermark.setdefault("outside", 0)
            return
        balance = Balance(self.connection, self.entity, self.source_name, census)
        expected = census.outside + self.results[self.entity.name].erased
        steps = [self._recover, self._remove_gone]
        for step in steps if balance.outside() > expected else reversed(steps):
            if balance.outside() != expected:
                step(census)
        watermark["outside"] = balance.outside()

    def _recover(self, census: Census) -> None:
        """Load the rows that nobody knows of though the source holds them."""
        keys = unknown_keys(self.connection, self.conformer, census)
        if not keys or census.read_rows is None:
            return
        result = self.results[self.entity.name]
        before = result.extracted - result.erased
        for chunk in ahead(self._chunks(census.read_rows(keys))):
            self.write(chunk)
        result.recovered += result.extracted - result.erased - before

    def _remove_gone(self, census: Census) -> None:
        result = self.results[self.entity.name]
        if self.entity.purged_at_source or not some_are_gone(census, result):
            return
        if is_only_source(self.connection, self.entity, self.source_name):
            find_gone(self.connection, self.conformer, census)
            self.folders[self.entity.name].note(GONE, gone_keys(self.connection, self.entity))
            result.deleted += take_out(self.connection, self.entity, self.children)
            erase_gone_people(self.connection, self.system, self.entity, self.load_id)

    def commit(self) -> None:
        """Commit, and say so in the lake.

        From here on nothing is discarded: a commit that seems to fail may have come through. The ledger knows, and by
        it the entity's next load marks or removes the folder.
        """
        self.connection.commit()
        with suppress(OSError):
            self.folders[self.entity.name].confirm()

    def discard(self) -> None:
        """Remove what has been landed, before `commit` only; the transaction is the caller's to roll back."""
        for folder in self.folders.values():
            folder.discard()

    def _chunks(self, batches: Iterator[SourceBatch]) -> Iterator[Chunk]:
        """Conform, gate, and part rows whose key comes more than once, in order of arrival."""
        for batch in batches:
            own = self.gated(self.conformer.conform(batch.rows), batch.unreadable)
            parts = rounds(key_text(self.entity, own.accepted.as_batch()))
            for number, mask in enumerate(parts):
                kept = own.accepted.filter(mask)
                nested = {c.name: self.gated(self.conformer.child_rows(c, kept)) for c in self.children}
                others = own.extracted - own.accepted.rows if number == 0 else 0
                part = Gated(kept.rows, kept, ())
                if number == 0:
                    part = Gated(kept.rows + others, kept, own.bad_rows, own.erased)
                yield self.landed(part, nested)

    def gated(self, conformed: Conformed, unreadable: tuple[str, ...] = ()) -> Gated:
        """`conformed` after the gate; `unreadable` are places of rows nobody could read."""
        extracted = conformed.rows + len(unreadable)
        rows = without_erased(conformed, self.erased) or conformed
        if conformed.entity is self.entity:
            rows = consent.apply(rows, self.answers)
        verdict = split(rows)
        bad = self._bad_rows(rows, verdict.reasons)
        bad += tuple(BadRow(place, "{}", ("unreadable_row",)) for place in unreadable)
        return Gated(extracted, rows.filter(verdict.accepted), bad, conformed.rows - rows.rows)

    def _bad_rows(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> tuple[BadRow, ...]:
        """The rows of `reasons`, with what is nested in them."""
        nested: tuple[Conformed, ...] = ()
        if reasons and rows.entity is self.entity:
            places = rows.take(list(reasons))
            nested = tuple(self.conformer.child_rows(child, places) for child in self.children)
        return bad_rows(rows, reasons, nested)

    def landed(self, own: Gated, nested: dict[str, Gated]) -> Chunk:
        """Write accepted rows to the lake; returns them ready for COPY."""
        encoded: dict[str, Encoded] = {}
        for name, part in ((self.entity.name, own), *nested.items()):
            rows = part.accepted.as_batch()
            if rows.num_rows:
                self.folders[name].write(rows)
            encoded[name] = encode(rows, self.load_id)
        return Chunk(own, nested, encoded)

    def write(self, chunk: Chunk) -> None:
        """Merge a chunk into the staging tables."""
        own = chunk.own
        merged = self._merge(self.entity, own, chunk.encoded[self.entity.name])
        # rows nested in new rows are new
        are_new = merged.inserted == own.accepted.rows
        if merged.conflicts:
            self._refuse(own.accepted, conflicts(own.accepted, merged.conflicts))
        for child in self.children:
            nested, encoded = chunk.nested[child.name], chunk.encoded[child.name]
            if merged.conflicts:
                nested = _without_parents(nested, merged.conflicts)
                encoded = encode(nested.accepted.as_batch(), self.load_id)
            self._merge(child, nested, encoded, are_new)
            if not are_new:
                self.mergers[child.name].remove_vanished(self.mergers[self.entity.name], nested.accepted.as_batch())

    def _refuse(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> None:
        """Quarantine rows that turned out to be conflicts."""
        self._quarantine(self.entity, self._bad_rows(rows, reasons))

    def _merge(self, entity: Entity, part: Gated, encoded: Encoded, are_new: bool = False) -> Merged:
        result = self.results[entity.name]
        result.extracted += part.extracted
        result.erased += part.erased
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
            records = [ledger.quarantine_record(entity, row) for row in bad_rows]
            self.folders[self.entity.name].note(QUARANTINED, records)
            ledger.write_quarantine(self.connection, self.load_id, records)

    def finish(self, watermark: Watermark | None = None) -> None:
        """Check the balance and the caps, publish the lake folders and enter the load in the ledger."""
        seconds = time.perf_counter() - self.clock
        records = []
        for entity in self.entities:
            result, folder = self.results[entity.name], self.folders[entity.name]
            self._check_share(entity, result)
            result.seconds = seconds
            records.append(ledger.load_record(entity, result, self.source_name, folder.path, self.started))
        rest = {"watermark": watermark, "conflicts_quarantine": self.conflicts_quarantine}
        self.folders[self.entity.name].note(MANIFEST, [{"loads": records, **rest}])
        for folder in self.folders.values():
            folder.publish()
        for record in records:
            ledger.write_load(self.connection, record)

    def _check_share(self, entity: Entity, result: LoadResult) -> None:
        share = result.quarantined / max(result.extracted, 1)
        if result.quarantined >= LEAST_BAD_ROWS and share > entity.bad_share_cap:
            worst = ", ".join(f"{code} {count}" for code, count in result.reasons.most_common(3))
            raise BadShareError(
                f"{result.quarantined} of {result.extracted} rows are bad: {worst}",
                f"load of {entity.system}.{entity.name} from {self.source_name}",
                f"cap {entity.bad_share_cap:.0%}; nothing was loaded",
            )


def _without_parents(nested: Gated, parents: frozenset[str]) -> Gated:
    """`nested` without the rows of `parents`, which stay with them in the quarantine."""
    owners = nested.accepted.columns[nested.accepted.entity.key[0]]
    kept = nested.accepted.filter(pc.invert(pc.is_in(owners, pa.array(sorted(parents)))))
    bad = tuple(row for row in nested.bad_rows if str(row.source_key).rsplit("/", 1)[0] not in parents)
    return Gated(kept.rows + len(bad), kept, bad)
