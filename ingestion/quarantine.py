"""The steward's work on quarantined rows: mend a row, replay what may pass now.

open rows -> (`fix`) -> fixed rows; open and fixed rows -> `replay` -> the gate with today's rules -> staging, the lake
and the ledger like any load; what is still bad stays, with today's reasons. Every step is kept in the row's trail.

    python -m ingestion.quarantine new_smell user_interaction_events          replay one entity
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from ingestion import ledger
from ingestion.conform import Conformed
from ingestion.contracts import Column, Entity, System, load_contracts
from ingestion.credentials import pseudonym_key
from ingestion.entity_load import EntityLoad
from ingestion.errors import MoodmartError
from ingestion.gate import split
from ingestion.identifiers import identifiers
from ingestion.lake import SETTLED
from ingestion.ledger import LoadResult
from ingestion.load import find_system, plain_errors, prepare_tables
from ingestion.merge import key_text, rounds
from ingestion.privacy import Pseudonymiser, protect
from ingestion.settings import Settings
from ingestion.types import cast
from ingestion.warehouse import Warehouse

REPLAYED = "quarantine"
"""The source of a replay in the ledger."""
UNREADABLE = "unreadable_row"
Row = dict[str, Any]


class QuarantineError(MoodmartError):
    """The quarantined row cannot be found, or cannot be mended this way."""


def fix(settings: Settings, quarantine_id: int, changes: Mapping[str, str | None]) -> None:
    """Set columns of a quarantined row (text as a CSV would hold it, None for null) and mark it fixed.

    Without changes the steward accepts the row as it stands: whatever the gate cannot judge again, such as a field
    that was too large, no longer counts against it. Raises `QuarantineError`.
    """
    with Warehouse(settings).connect("steward") as connection:
        row = _find(connection, quarantine_id)
        system = find_system(settings, row["system"])
        entity = system.entity(row["entity"])
        payload = row["payload"]
        for name, value in changes.items():
            payload[name] = _mended(settings, entity, name, value)
        step = {"action": "fixed", "columns": sorted(changes), "reasons": row["reasons"]}
        connection.execute(
            "update ops.quarantine set payload = %s, status = 'fixed', trail = trail"
            " || jsonb_build_array(%s::jsonb || jsonb_build_object('at', now())) where quarantine_id = %s",
            [json.dumps(payload), json.dumps(step), quarantine_id],
        )


def _find(connection: psycopg.Connection[Any], quarantine_id: int) -> Row:
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("select * from ops.quarantine where quarantine_id = %s for update", [quarantine_id])
        row = cursor.fetchone()
    if row is None:
        raise QuarantineError(f"no row {quarantine_id}", "quarantine", "see `moodmart quarantine list`")
    if row["status"] not in ("open", "fixed"):
        raise QuarantineError(f"row {quarantine_id} is {row['status']}", "quarantine", "it is settled")
    if row["reasons"] == [UNREADABLE]:
        raise QuarantineError(
            f"row {quarantine_id} was never readable", "quarantine", "mend it at the source and load again"
        )
    return row


def _mended(settings: Settings, entity: Entity, name: str, value: str | None) -> Any:
    """`value` as the payload holds it: after privacy, so a steward may give a raw identifier and none is kept."""
    column = next((c for c in entity.columns if c.name == name), None)
    where = f"{entity.system}.{entity.name}"
    if column is None:
        raise QuarantineError(f"no column {name!r}", where, f"one of: {', '.join(entity.column_names)}")
    if value is None:
        return None
    if column.privacy in ("key", "contact"):
        spelled, _ = identifiers(pa.array([value]))
        hashed = protect(column, spelled, Pseudonymiser(pseudonym_key(settings.home), entity.system))
        return hashed[0].as_py()
    _, bad = cast(pa.array([value]), column.data_type)
    if bad is not None and bad[0].as_py():
        raise QuarantineError(f"{value!r} is no {column.data_type}", f"{where}.{name}", "give another value")
    return value


def replay(settings: Settings, system: System, entity: Entity) -> list[LoadResult]:
    """Send the open and fixed rows of `entity` through the gate again; results for it and its children.

    `extracted` counts the rows tried, `quarantined` those that stay.
    """
    results = [LoadResult(e.system, e.name) for e in (entity, *system.children(entity))]
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        prepare_tables(settings, connection, (entity, *system.children(entity)))
        ledger.lock_entity(connection, entity)
        # a mended row that contradicts a known key is the steward's decision and wins
        for status, conflicts_stay in (("open", entity.mode == "append"), ("fixed", False)):
            rows = _waiting(connection, entity, status)
            if rows:
                replayed = _Replay(settings, connection, (system, entity), conflicts_stay, rows).replay()
                for result, part in zip(results, replayed, strict=True):
                    result.add(part)
    return results


def _waiting(connection: psycopg.Connection[Any], entity: Entity, status: str) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select * from ops.quarantine where system = %s and entity = %s and status = %s and reasons <> %s"
            " order by quarantine_id for update",
            [entity.system, entity.name, status, [UNREADABLE]],
        )
        return cursor.fetchall()


class _Replay(EntityLoad):
    """A load whose rows come from the quarantine and go back there when they are still bad."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection[Any],
        place: tuple[System, Entity],
        conflicts_stay: bool,
        rows: list[Row],
    ) -> None:
        super().__init__(settings, connection, *place, REPLAYED, conflicts_stay)
        # rows of deleted people left the quarantine with them: one that is there came from a source that has them again
        self.brings_back = True
        self.rows = rows
        self.refused: dict[int, tuple[str, ...]] = {}
        """Reasons of the rows that stay, by their place in `rows`."""
        self._places: list[int] = []

    def replay(self) -> list[LoadResult]:
        """Load what passes, settle every row, and commit."""
        conformed = from_payloads(self.entity, self.rows)
        verdict = split(conformed)
        self.refused.update(verdict.reasons)
        passing = [place for place in range(len(self.rows)) if place not in verdict.reasons]
        try:
            for places in self._in_rounds(conformed, passing):
                self._places = places
                kept = conformed.take(places)
                nested = {c.name: self.gated(nested_rows(c, self.entity, self.rows, places)) for c in self.children}
                own = self.gated(kept)
                self.write(self.landed(own, nested))
            result = self.results[self.entity.name]
            result.extracted += len(verdict.reasons)
            result.quarantined += len(verdict.reasons)
            self._settle()
            self.finish()
        except BaseException:
            self.discard()
            raise
        self.commit()
        return list(self.results.values())

    def _in_rounds(self, conformed: Conformed, places: list[int]) -> Iterator[list[int]]:
        if not places:
            return
        keys = key_text(self.entity, conformed.take(places).as_batch())
        for mask in rounds(keys):
            flags = mask.to_pylist() if mask is not None else [True] * len(places)
            yield [place for place, flag in zip(places, flags, strict=True) if flag]

    def _refuse(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> None:
        result = self.results[self.entity.name]
        result.quarantined += len(reasons)
        for place, codes in reasons.items():
            self.refused[self._places[place]] = codes

    def _check_share(self, entity: Entity, result: LoadResult) -> None:
        """A replay may keep all its rows back: they were bad before."""

    def _settle(self) -> None:
        settled = [self._settled(place, row) for place, row in enumerate(self.rows)]
        self.folders[self.entity.name].note(SETTLED, settled)
        for record in settled:
            settle(self.connection, record)

    def _settled(self, place: int, row: Row) -> Row:
        """What became of a row, as the lake keeps it: a rebuild has other ids, so the row is named by what it was."""
        codes = self.refused.get(place)
        step = {"action": "replayed" if codes is None else "tried", "load_id": self.load_id}
        return {
            "system": row["system"],
            "entity": row["entity"],
            "load_id": row["load_id"],
            "fingerprint": row["fingerprint"],
            "status": "replayed" if codes is None else "open",
            "reasons": list(codes or row["reasons"]),
            "rule_version": self.entity.rule_version,
            "payload": json.dumps(row["payload"]),
            "trail": json.dumps([*row["trail"], {**step, "at": self.started.isoformat()}]),
        }


def settle(connection: psycopg.Connection[Any], record: Row) -> None:
    """Write what became of a replayed row; one that would open again beside its open copy expires as its duplicate."""
    if record["status"] == "open" and _has_open_copy(connection, record):
        trail = [*json.loads(record["trail"]), {"action": "duplicate"}]
        record = {**record, "status": "expired", "trail": json.dumps(trail)}
    connection.execute(
        "update ops.quarantine set status = %(status)s, reasons = %(reasons)s, rule_version = %(rule_version)s,"
        " payload = %(payload)s::jsonb, trail = %(trail)s::jsonb where system = %(system)s and entity = %(entity)s"
        " and load_id = %(load_id)s and fingerprint = %(fingerprint)s and status in ('open', 'fixed')",
        record,
    )


def _has_open_copy(connection: psycopg.Connection[Any], record: Row) -> bool:
    """Whether the same bad row was sent again, by another load, after this one had been fixed."""
    row = connection.execute(
        "select exists (select from ops.quarantine where system = %(system)s and entity = %(entity)s"
        " and fingerprint = %(fingerprint)s and load_id <> %(load_id)s and status = 'open')",
        record,
    ).fetchone()
    return row == (True,)


def from_payloads(entity: Entity, rows: list[Row]) -> Conformed:
    """Quarantined rows as a conformed batch; what the gate cannot judge again stays marked unless it was fixed."""
    result = Conformed(entity, {})
    for column in entity.columns:
        result.columns[column.name] = _column(column, [row["payload"] for row in rows], result)
    again = {f"type:{column.name}" for column in entity.columns}
    codes = {code for row in rows for code in row["reasons"] if _is_mark(code) and code not in again}
    for code in sorted(codes):
        flags = [code in row["reasons"] and row["status"] == "open" for row in rows]
        result.mark(code, pa.array(flags))
    return result


def _is_mark(code: str) -> bool:
    return code.startswith(("json:", "type:", "too_large:", "encoding:", "nul_byte:"))


def _column(column: Column, payloads: list[Row], result: Conformed) -> pa.Array:
    values = [payload.get(column.name) for payload in payloads]
    texts = pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())
    casted, bad = cast(texts, column.data_type)
    if bad is not None:
        result.mark(f"type:{column.name}", bad)
        result.raw[column.name] = (bad, texts)
    return casted


def nested_rows(child: Entity, parent: Entity, rows: list[Row], places: list[int]) -> Conformed:
    """The rows of `child` kept inside the payloads of `rows` at `places`."""
    inside = [(n, inner) for n, place in enumerate(places) for inner in rows[place]["payload"].get(child.name, ())]
    for number, inner in inside:
        # the parent's key may have been mended
        inner[child.key[0]] = rows[places[number]]["payload"].get(parent.key[0])
    result = Conformed(child, {}, owner=np.array([number for number, _ in inside], dtype=np.int64))
    for column in child.columns:
        result.columns[column.name] = _column(column, [inner for _, inner in inside], result)
    return result


def main() -> None:
    """Replay the entities named on the command line, or all of the system's."""
    names = sys.argv[2:]
    try:
        settings = Settings.from_env()
        for system in [find_system(settings, sys.argv[1])] if sys.argv[1:] else load_contracts().values():
            for entity in system.roots:
                if not names or entity.name in names:
                    for result in replay(settings, system, entity):
                        print(result)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
