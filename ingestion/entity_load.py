"""One load of one entity and what is nested in it: lake, staging, quarantine and ledger in one transaction.

source batches -> conform -> gate -> chunks with distinct keys -> lake and staging -> ledger. Whoever uses it holds the
entity's lock, and commits or, after `discard`, rolls back.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from ingestion import consent, ledger, people, removal
from ingestion.conform import Conformed, Conformer
from ingestion.contracts import Entity, System
from ingestion.credentials import pseudonym_key
from ingestion.errors import BadShareError
from ingestion.gate import IN_FUTURE, BadRow, Split, bad_rows, in_future, refusals, split
from ingestion.lake import GONE, MANIFEST, QUARANTINED, SETTLED, LakeFolder, Record, tidy
from ingestion.ledger import LoadResult
from ingestion.merge import Encoded, Merged, TableMerger, encode, key_text, rounds
from ingestion.pipeline import ahead
from ingestion.privacy import Pseudonymiser
from ingestion.recovery import Balance, unknown_keys
from ingestion.settings import Settings
from ingestion.settling import supersede, waiting_places
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
        is_keyed: bool,
        repeats: bool = False,
    ) -> None:
        """`is_keyed`: the source holds every key once, so that a key that comes again is an update, in events too.

        `repeats`: rows of the entity may hold values that are another row's by a `unique` rule.
        """
        self.connection = connection
        self.is_keyed = is_keyed
        self.conflicts_quarantine = entity.mode == "append" and not is_keyed
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
        self.erased = people.erased_people(connection, system.name)
        self.brings_back = False
        """Whether a row of an erased person says that the person is back, if the entity lists people."""
        self.allows_deletions = f"{entity.system}.{entity.name}" in settings.allowed_deletions
        self.lake_notes: Record = {}
        """What a rebuild has to know of this load beside its rows."""
        self.answers = consent.read_answers(connection, system, entity)
        self.unique = {
            e.name: [] if repeats and e is entity else [rule.code for rule in e.unique_rules] for e in self.entities
        }
        self.mergers = {
            e.name: TableMerger(
                connection, e, self.load_id, self.conflicts_quarantine and e is self.entity, self.unique[e.name]
            )
            for e in self.entities
        }
        self.waiting = {e.name: waiting_places(connection, e) for e in self.entities}
        """Where rows wait in the quarantine that this load may overtake."""
        self.overtaken: dict[str, dict[str, int]] = {e.name: {} for e in self.entities}
        """Those of them that it has, each with the load the newer row came with."""

    def run(self, extraction: Extraction) -> list[LoadResult]:
        """Load everything that has arrived, and commit."""
        # an old file with a deleted person's row is no sign of life; a source that tells deletions shows who is there
        self.brings_back = extraction.census is not None
        try:
            for chunk in ahead(self._chunks(ahead(extraction.batches))):
                self.write(chunk)
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
        if self.entity.purged_at_source or not removal.some_are_gone(census, result):
            return
        if not removal.is_only_source(self.connection, self.entity, self.source_name):
            return
        removal.find_gone(self.connection, self.conformer, census)
        if not self.allows_deletions:
            earlier = removal.rows_before(self.connection, self.entity, result)
            removal.check_share(self.connection, self.system, self.entity, earlier)
        keys = removal.gone_keys(self.connection, self.entity)
        self.folders[self.entity.name].note(GONE, keys)
        places = {"/".join(key[name] for name in self.entity.key) for key in keys}
        for name, waiting in self.waiting.items():
            self.overtaken[name].update(dict.fromkeys(waiting & places, self.load_id))
        self._count_deleted(removal.take_out(self.connection, self.system, self.entity))
        if self.entity.lists_people:
            people.enter(self.connection, self.system, [key[people.PERSON] for key in keys], self.load_id)

    def _count_deleted(self, deleted: Counter[str]) -> None:
        for name, rows in deleted.items():
            if name in self.results:
                self.results[name].deleted += rows
            else:
                self.results[self.entity.name].elsewhere[name] += rows

    def _follow_people(self) -> None:
        """Do what this load's rows say about people: consents that were withdrawn, and who is back."""
        deleted, stamp = consent.reapply(self.connection, self.system, self.entity, self.load_id)
        self._count_deleted(deleted)
        self.lake_notes["stamp"] = stamp
        if self.entity.lists_people:
            back = people.come_back(self.connection, self.system, self.entity, self.load_id)
            self.lake_notes["returned"] = back

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
        is_welcome = self.brings_back and conformed.entity.lists_people
        rows = conformed if is_welcome else people.without_erased(conformed, self.erased) or conformed
        rows = self._allowed(rows)
        verdict = self._split(rows)
        bad = self._bad_rows(rows, verdict.reasons)
        bad += tuple(BadRow(place, "{}", ("unreadable_row",)) for place in unreadable)
        return Gated(extracted, rows.filter(verdict.accepted), bad, conformed.rows - rows.rows)

    def _allowed(self, rows: Conformed) -> Conformed:
        """`rows` as far as their people allow."""
        return consent.apply(rows, self.answers) if rows.entity is self.entity else rows

    def _split(self, rows: Conformed) -> Split:
        """What the gate says of `rows`, which have come with this load."""
        return split(rows, self.started)

    def _bad_rows(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> tuple[BadRow, ...]:
        """The rows of `reasons`, with what is nested in them."""
        nested: tuple[Conformed, ...] = ()
        if reasons and rows.entity is self.entity:
            places = rows.take(list(reasons))
            nested = tuple(self.conformer.child_rows(child, places) for child in self.children)
            for inner in nested:
                inner.mark(f"{IN_FUTURE}:{inner.entity.event_time}", in_future(inner, self.started))
        return bad_rows(rows, reasons, nested)

    def landed(self, own: Gated, nested: dict[str, Gated]) -> Chunk:
        """Write accepted rows to the lake; returns them ready for COPY."""
        encoded: dict[str, Encoded] = {}
        chunks: list[Record] = self.lake_notes.setdefault("chunks", [])
        if own.accepted.rows:
            counts = {name: part.accepted.rows for name, part in nested.items()}
            chunks.append({self.entity.name: own.accepted.rows, **counts})
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
        self._overtake(own.accepted, merged.conflicts)
        # rows nested in new rows are new
        are_new = merged.inserted == own.accepted.rows
        for child in self.children:
            nested, encoded = chunk.nested[child.name], chunk.encoded[child.name]
            if merged.conflicts:
                nested = _without_parents(nested, merged.conflicts)
                encoded = encode(nested.accepted.as_batch(), self.load_id)
            self._merge(child, nested, encoded, are_new)
            if not are_new:
                self.mergers[child.name].remove_vanished(self.mergers[self.entity.name], nested.accepted.as_batch())

    def _overtake(self, rows: Conformed, refused: Collection[str]) -> None:
        """Remember where rows wait that `rows`, but for the keys in `refused`, are newer than."""
        if not any(self.waiting.values()):
            return
        came = dict(zip(key_text(self.entity, rows.as_batch()).to_pylist(), self._came_with(rows), strict=True))
        for name, places in self.waiting.items():
            self.overtaken[name].update({key: came[key] for key in places & came.keys() if key not in refused})

    def _came_with(self, rows: Conformed) -> list[int]:
        """The load that each of `rows` came with."""
        return [self.load_id] * rows.rows

    def _refuse(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> None:
        """Quarantine rows that the table has no place for."""
        self._quarantine(rows.entity, self._bad_rows(rows, reasons))

    def _merge(self, entity: Entity, part: Gated, encoded: Encoded, are_new: bool = False) -> Merged:
        result = self.results[entity.name]
        result.extracted += part.extracted
        result.erased += part.erased
        self._quarantine(entity, part.bad_rows)
        merged = self.mergers[entity.name].merge(encoded, are_new)
        result.inserted += merged.inserted
        result.updated += merged.updated
        result.unchanged += merged.unchanged
        if merged.refused:
            self._refuse(part.accepted, refusals(part.accepted, merged.refused))
        return merged

    def _quarantine(self, entity: Entity, bad_rows: tuple[BadRow, ...]) -> None:
        result = self.results[entity.name]
        result.quarantined += len(bad_rows)
        for row in bad_rows:
            result.reasons.update(row.reasons)
        if bad_rows:
            records = [ledger.quarantine_record(entity, row, self.is_keyed) for row in bad_rows]
            self.folders[self.entity.name].note(QUARANTINED, records)
            ledger.write_quarantine(self.connection, self.load_id, records)

    def finish(self, watermark: Watermark | None = None) -> None:
        """Check the balance and the caps, publish the lake folders and enter the load in the ledger."""
        self._follow_people()
        self._supersede()
        seconds = time.perf_counter() - self.clock
        records = []
        for entity in self.entities:
            result, folder = self.results[entity.name], self.folders[entity.name]
            self._check_share(entity, result)
            result.seconds = seconds
            records.append(ledger.load_record(entity, result, self.source_name, folder.path, self.started))
        records += self._records_elsewhere()
        rest = {"watermark": watermark, "conflicts_quarantine": self.conflicts_quarantine, "unique": self.unique}
        self.folders[self.entity.name].note(MANIFEST, [{"loads": records, **rest, **self.lake_notes}])
        for folder in self.folders.values():
            folder.publish()
        for record in records:
            ledger.write_load(self.connection, record)

    def _supersede(self) -> None:
        """Close the rows in the quarantine that this load has overtaken."""
        for entity in self.entities:
            places = self.overtaken[entity.name]
            if places:
                records = supersede(self.connection, entity, places, self.load_id, self.conflicts_quarantine)
                self.folders[self.entity.name].note(SETTLED, records)
                self.results[entity.name].superseded += len(records)

    def _records_elsewhere(self) -> list[Record]:
        """Ledger entries of the rows this load took out of other entities."""
        found = []
        for name, rows in self.results[self.entity.name].elsewhere.items():
            other = self.system.entity(name)
            result = LoadResult(other.system, name, self.load_id, deleted=rows)
            found.append(ledger.load_record(other, result, self.source_name, None, self.started))
        return found

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
