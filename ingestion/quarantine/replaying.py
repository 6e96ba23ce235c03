"""Send quarantined rows through the gate again: what passes is loaded, what a newer row has overtaken is closed.

open and fixed rows -> those overtaken are `superseded` -> the gate with today's rules -> staging, lake and ledger like
any load -> every row settled: `replayed`, or waiting on with today's reasons.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from ingestion import consent, ledger, settling
from ingestion.conform import Conformed
from ingestion.contracts import Entity, System
from ingestion.entity_load import EntityLoad
from ingestion.gate import Split, parted
from ingestion.lake import SETTLED
from ingestion.ledger import LoadResult
from ingestion.load import plain_errors, prepare_tables
from ingestion.merge import key_text, rounds
from ingestion.quarantine.fixing import UNREADABLE_ROW
from ingestion.quarantine.payloads import UNREADABLE, Row, from_payloads, is_accepted, nested_rows
from ingestion.settings import Settings
from ingestion.settling import REPLAYED
from ingestion.unique import Uniqueness
from ingestion.warehouse import Warehouse

PARENT_MISSING = "parent_missing"
"""Reason of a nested row that passes, while the row it belongs to is not in staging."""
PASSES = ("open", "mended", "accepted")
"""How far a row's waiting has come; each kind is a load of its own, since other rules count for it."""


def replay(settings: Settings, system: System, entity: Entity) -> list[LoadResult]:
    """Send the open and fixed rows of `entity` through the gate again; results for it and its children.

    `extracted` counts the rows tried, `quarantined` those that stay; rows that were overtaken are `superseded`.
    """
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        prepare_tables(settings, connection, (entity, *system.children(entity)))
        ledger.lock_entity(connection, _root(system, entity))
        results = [LoadResult(e.system, e.name) for e in (entity, *system.children(entity))]
        for kind in PASSES:
            _replay(settings, connection, (system, entity), kind, results)
    return results


def take_in_freed(
    settings: Settings, connection: psycopg.Connection[Any], system: System, entity: Entity
) -> list[LoadResult]:
    """Replay the rows that waited only for a value that another row held and holds no more.

    The caller holds the entity's lock. So it does not matter in which order, or in how many loads, rows come of
    which one gives up what another takes.
    """
    results = [LoadResult(e.system, e.name) for e in (entity, *system.children(entity))]
    codes = [rule.code for rule in entity.unique_rules]
    if codes:
        waiting = [row for row in _waiting(connection, entity, codes) if row["status"] == "open"]
        freed = _freed(connection, entity, waiting)
        if freed:
            _replay(settings, connection, (system, entity), "open", results, freed)
        connection.commit()
    return results


def _freed(connection: psycopg.Connection[Any], entity: Entity, rows: list[Row]) -> set[int]:
    """Ids of those of `rows` that break no `unique` rule any more."""
    conformed = from_payloads(entity, rows)
    freed: set[int] = set()
    unique = Uniqueness(connection, entity, [rule.code for rule in entity.unique_rules])
    for places in _in_rounds(conformed, list(range(len(rows)))):
        batch = conformed.take(places)
        taken = unique.repeated(batch.as_batch())
        freed |= {
            rows[place]["quarantine_id"] for place, key in zip(places, _keys(batch), strict=True) if key not in taken
        }
    return freed


def _in_rounds(rows: Conformed, places: list[int]) -> Iterator[list[int]]:
    """`places` of `rows` in parts with distinct keys, in order."""
    if not places:
        return
    for mask in rounds(key_text(rows.entity, rows.take(places).as_batch())):
        flags = mask.to_pylist() if mask is not None else [True] * len(places)
        yield [place for place, flag in zip(places, flags, strict=True) if flag]


def _replay(
    settings: Settings,
    connection: psycopg.Connection[Any],
    place: tuple[System, Entity],
    kind: str,
    results: list[LoadResult],
    only: Collection[int] | None = None,
) -> None:
    """Replay the rows of one kind, and count what happened in `results`."""
    rows = [row for row in _waiting(connection, place[1]) if _kind(row) == kind]
    rows = [row for row in rows if only is None or row["quarantine_id"] in only]
    if rows:
        replayed = _Replay(settings, connection, place, kind, rows).replay()
        for result, part in zip(results, replayed, strict=True):
            result.add(part)


def _root(system: System, entity: Entity) -> Entity:
    return entity if entity.parent is None else system.entity(entity.parent)


def _kind(row: Row) -> str:
    if row["status"] == "open":
        return "open"
    return "accepted" if is_accepted(row) else "mended"


def _waiting(connection: psycopg.Connection[Any], entity: Entity, only_for: Iterable[str] = ()) -> list[Row]:
    """The rows that wait, by their age; those that wait for nothing but the codes `only_for` where some are named."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select *, coalesce(seen_load_id, load_id) as seen_load_id from ops.quarantine"
            " where system = %s and entity = %s and status in ('open', 'fixed')"
            " and reasons <> %s and (reasons <@ %s or %s) order by coalesce(seen_load_id, load_id), quarantine_id"
            " for update",
            [entity.system, entity.name, [UNREADABLE_ROW], list(only_for), not only_for],
        )
        return cursor.fetchall()


class _Replay(EntityLoad):
    """A load whose rows come from the quarantine and go back there when they are still bad."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection[Any],
        place: tuple[System, Entity],
        kind: str,
        rows: list[Row],
    ) -> None:
        # a row that contradicts a known key waits on until the steward has decided, and then wins
        super().__init__(settings, connection, *place, REPLAYED, kind != "open", repeats=kind == "accepted")
        # rows of deleted people left the quarantine with them: one that is there came from a source that has them again
        self.brings_back = True
        self.accepts = kind == "accepted"
        self.rows = rows
        self.refused: dict[int, tuple[str, ...]] = {}
        """Reasons of the rows that stay, by their place in `rows`."""
        self.old: set[int] = set()
        """Places of the rows that a newer one has overtaken."""
        self.root = _root(self.system, self.entity)
        self.answers = consent.read_answers(connection, self.system, self.root)
        self._place_of: dict[str, int] = {}
        """By key, of the rows that are being loaded."""

    def replay(self) -> list[LoadResult]:
        """Load what passes, settle every row, and commit."""
        try:
            self._take_in()
            self._settle()
            self.finish()
        except BaseException:
            self.discard()
            raise
        self.commit()
        return list(self.results.values())

    def _take_in(self) -> None:
        conformed = from_payloads(self.entity, self.rows)
        self.old = self._overtaken(conformed)
        verdict = self._split(conformed)
        missing = dict.fromkeys(self._without_parent(conformed), (PARENT_MISSING,))
        self.refused = {p: codes for p, codes in (missing | verdict.reasons).items() if p not in self.old}
        result = self.results[self.entity.name]
        result.extracted += len(self.refused)
        result.quarantined += len(self.refused)
        result.superseded += len(self.old)
        passing = [place for place in range(len(self.rows)) if place not in self.refused and place not in self.old]
        for places in _in_rounds(conformed, passing):
            kept = conformed.take(places)
            self._place_of = dict(zip(_keys(kept), places, strict=True))
            nested = {c.name: self.gated(nested_rows(c, self.entity, self.rows, places)) for c in self.children}
            self.write(self.landed(self.gated(kept), nested))
        if self.root is not self.entity:
            self.mergers[self.entity.name].touch_parents(self.root)

    def _overtaken(self, conformed: Conformed) -> set[int]:
        """Places of the rows that are older than what staging has: their own row, or the one they are nested in.

        A steward's decision makes a row as new as the loads that were known then.
        """
        keys, places = self._root_keys(conformed)
        since = [max(self.rows[p]["seen_load_id"], _decided_after(self.rows[p])) for p in places]
        found = {places[number] for number in settling.overtaken(self.connection, self.root, keys, since)}
        return {p for p in found if not (self.entity.mode == "append" and _is_conflict(self.rows[p]))}

    def _without_parent(self, conformed: Conformed) -> set[int]:
        """Places of the nested rows whose parent is not in staging."""
        if self.root is self.entity:
            return set()
        keys, places = self._root_keys(conformed)
        there = {places[number] for number in settling.present(self.connection, self.root, keys)}
        return set(range(len(self.rows))) - there

    def _root_keys(self, conformed: Conformed) -> tuple[list[list[str]], list[int]]:
        """The key of each row's root, a list per key column, and the rows' places; rows without a key have none."""
        columns = [conformed.columns[name].cast(pa.string()).to_pylist() for name in self.entity.key]
        columns = columns[: len(self.root.key)]
        places = [p for p in range(len(self.rows)) if all(column[p] is not None for column in columns)]
        return [[column[p] for p in places] for column in columns], places

    def _split(self, rows: Conformed) -> Split:
        """The gate's verdict; in a row that was accepted only what cannot be read counts."""
        if self.accepts and rows.entity is self.entity:
            return parted({code: mask for code, mask in rows.marks.items() if code.startswith(UNREADABLE)})
        return super()._split(rows)

    def _allowed(self, rows: Conformed) -> Conformed:
        if self.root is self.entity:
            return super()._allowed(rows)
        return consent.apply_nested(self.connection, rows, self.root, self.answers)

    def _came_with(self, rows: Conformed) -> list[int]:
        return [self.rows[self._place_of[key]]["seen_load_id"] for key in _keys(rows)]

    def _refuse(self, rows: Conformed, reasons: dict[int, tuple[str, ...]]) -> None:
        if rows.entity is not self.entity:
            super()._refuse(rows, reasons)
            return
        self.results[self.entity.name].quarantined += len(reasons)
        keys = _keys(rows)
        for number, codes in reasons.items():
            self.refused[self._place_of[keys[number]]] = codes

    def _check_share(self, entity: Entity, result: LoadResult) -> None:
        """A replay may keep all its rows back: they were bad before."""

    def _settle(self) -> None:
        settled = [self._settled(place, row) for place, row in enumerate(self.rows)]
        self.folders[self.entity.name].note(SETTLED, settled)
        for record in settled:
            settling.settle(self.connection, record)

    def _settled(self, place: int, row: Row) -> Row:
        """What became of a row, as the lake keeps it: a rebuild has other ids, so the row is named by what it was."""
        status, reasons, step = self._outcome(place, row)
        return {
            "system": row["system"],
            "entity": row["entity"],
            "load_id": row["load_id"],
            "fingerprint": row["fingerprint"],
            "status": status,
            "reasons": list(reasons),
            "rule_version": self.entity.rule_version,
            "payload": json.dumps(row["payload"]),
            "trail": json.dumps([*row["trail"], {**step, "load_id": self.load_id, "at": self.started.isoformat()}]),
        }

    def _outcome(self, place: int, row: Row) -> tuple[str, Collection[str], Row]:
        """The status of a row, its reasons, and the step for its trail."""
        if place in self.old:
            return "superseded", row["reasons"], {"action": "superseded"}
        codes = self.refused.get(place)
        if codes is None:
            return "replayed", row["reasons"], {"action": "replayed", **({"accepted": True} if self.accepts else {})}
        if codes == (PARENT_MISSING,) and row["status"] == "fixed":
            # the steward's decision stands, until there is a place for the row
            return "fixed", sorted({*row["reasons"], PARENT_MISSING}), {"action": "tried"}
        return "open", codes, {"action": "tried"}


def _keys(rows: Conformed) -> list[str]:
    keys: list[str] = key_text(rows.entity, rows.as_batch()).to_pylist()
    return keys


def _decided_after(row: Row) -> int:
    """The newest load when the steward last decided on a row; 0 when it is open."""
    steps = [step.get("after_load", 0) for step in row["trail"] if step["action"] in ("fixed", "accepted")]
    return int(steps[-1]) if steps and row["status"] == "fixed" else 0


def _is_conflict(row: Row) -> bool:
    return any(code.startswith(settling.DUPLICATE_KEY) for code in row["reasons"])
