"""The bookkeeping of loads: identifiers, watermarks, results; all written in the load's own transaction.

`ops.loads` has one row per load and entity and obeys the conservation law
extracted = inserted + updated + unchanged + quarantined + erased, which the table itself checks.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from ingestion.contracts import Entity
from ingestion.errors import UnbalancedLoadError
from ingestion.gate import BadRow
from ingestion.sources.base import Watermark

COUNTS = ("extracted", "inserted", "updated", "unchanged", "quarantined", "erased", "deleted", "recovered")
"""What a load counts."""
LOCK_SPACE = 7_040_518
"""First half of the advisory lock keys; the second is the entity's."""


@dataclass
class LoadResult:
    """What one load did with one entity's rows. `load_id` is None when nothing had arrived."""

    system: str
    entity: str
    load_id: int | None = None
    extracted: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    erased: int = 0
    deleted: int = 0
    """Rows of earlier loads taken out: gone at the source, or no longer allowed by a consent."""
    recovered: int = 0
    """Of the extracted rows, those that the source's cursor had passed over and the comparison of keys found."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Rows this load took out of other entities, by entity: those of people who are gone or withdrew their consent."""
    superseded: int = 0
    """Rows in the quarantine that were closed because a newer row of their key came in."""
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, later: "LoadResult") -> None:
        """Count a later load of the same entity in; the id becomes its id."""
        self.load_id = later.load_id
        for name in (*COUNTS, "superseded", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.reasons.update(later.reasons)
        self.elsewhere.update(later.elsewhere)

    def check_balance(self) -> None:
        """Raise unless every extracted row is accounted for."""
        known = self.inserted + self.updated + self.unchanged + self.quarantined + self.erased
        if self.extracted != known:
            raise UnbalancedLoadError(
                f"{self.extracted} rows extracted but {known} accounted for",
                f"load of {self.system}.{self.entity}",
                "nothing was loaded; please report this",
            )


def lock_entity(connection: psycopg.Connection, entity: Entity) -> None:
    """Wait until no other load of the entity runs; held until the connection closes."""
    connection.execute("select pg_advisory_lock(%s, hashtext(%s))", [LOCK_SPACE, entity.table])
    connection.commit()


def wait_for_entity(connection: psycopg.Connection, entity: Entity) -> None:
    """Wait until no load of the entity runs, and let none begin before this transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, entity.table])


def read_watermark(connection: psycopg.Connection, entity: Entity, source: str) -> Watermark | None:
    """How far the entity has been loaded from `source`; None when never."""
    row = connection.execute(
        "select watermark from ops.watermarks where system = %s and entity = %s and source = %s",
        [entity.system, entity.name, source],
    ).fetchone()
    return row[0] if row else None


def next_load_id(connection: psycopg.Connection) -> int:
    """A new load id, greater than every committed one of an entity whose lock is held."""
    row = connection.execute("select nextval('ops.load_ids')").fetchone()
    assert row is not None
    return int(row[0])


def committed_loads(connection: psycopg.Connection, entity: Entity) -> set[int]:
    """Ids of the entity's committed loads."""
    rows = connection.execute(
        "select load_id from ops.loads where system = %s and entity = %s", [entity.system, entity.name]
    ).fetchall()
    return {load_id for (load_id,) in rows}


def quarantine_record(entity: Entity, row: BadRow, reopens: bool) -> dict[str, Any]:
    """A bad row as it is kept, in `ops.quarantine` and beside the load in the lake.

    `reopens`: that it comes again after a newer row had overtaken it means that the source holds it again. A file
    may only have been read again.
    """
    return {
        "system": entity.system,
        "entity": entity.name,
        "source_key": row.source_key,
        "payload": row.payload,
        "reasons": list(row.reasons),
        "rule_version": entity.rule_version,
        "reopens": reopens,
    }


def write_quarantine(connection: psycopg.Connection, load_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Keep bad rows, given as `quarantine_record`s; one that is known, open or settled, is not opened once more."""
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, [{"reopens": False, **row, **_identity(row), "load_id": load_id} for row in rows])


def _identity(row: dict[str, Any]) -> dict[str, str]:
    text = f"{row['source_key']}{row['payload']}{row['reasons']}"
    return {"fingerprint": hashlib.sha256(text.encode()).hexdigest()}


KEEP = """
with known as (
    update ops.quarantine as q
    set seen_load_id = %(load_id)s,
        status = case when {again} then 'open' else q.status end,
        trail = case
            when {again}
                then q.trail || jsonb_build_array(jsonb_build_object('action', 'came again', 'load_id', %(load_id)s))
            else q.trail
        end
    where q.system = %(system)s and q.entity = %(entity)s and q.fingerprint = %(fingerprint)s
    returning q.quarantine_id
)
insert into ops.quarantine
    (system, entity, load_id, seen_load_id, source_key, payload, reasons, rule_version, fingerprint)
select
    %(system)s, %(entity)s, %(load_id)s, %(load_id)s, %(source_key)s, %(payload)s::text::jsonb, %(reasons)s,
    %(rule_version)s, %(fingerprint)s
where not exists (select from known)
""".format(again="%(reopens)s and q.status = 'superseded'")


LOAD_COLUMNS = (
    "load_id", "system", "entity", "source", *COUNTS,
    "reasons", "rule_version", "lake_path", "started_at", "finished_at",
)  # fmt: skip


def load_record(
    entity: Entity, result: LoadResult, source: str, lake_path: str | None, started_at: datetime
) -> dict[str, Any]:
    """A finished load as the ledger and the lake keep it; raises unless it balances."""
    result.check_balance()
    counts = {name: getattr(result, name) for name in LOAD_COLUMNS if hasattr(result, name)}
    return {
        **counts,
        "source": source,
        "reasons": json.dumps(dict(result.reasons)),
        "rule_version": entity.rule_version,
        "lake_path": lake_path,
        "started_at": started_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(),
    }


def write_load(connection: psycopg.Connection, record: dict[str, Any]) -> None:
    """Enter a finished load, given as `load_record`."""
    marks = ", ".join(f"%({name})s" for name in LOAD_COLUMNS)
    connection.execute(
        f"insert into ops.loads (status, {', '.join(LOAD_COLUMNS)}) values ('succeeded', {marks})",
        # loads that the lake has kept since before a count was introduced do not know it
        {**dict.fromkeys(COUNTS, 0), **record},
    )


def write_watermark(
    connection: psycopg.Connection, entity: Entity, source: str, watermark: Watermark, load_id: int
) -> None:
    """Remember how far `source` has been loaded."""
    values: list[Any] = [entity.system, entity.name, source, json.dumps(watermark), load_id]
    connection.execute(
        "insert into ops.watermarks values (%s, %s, %s, %s, %s) on conflict (system, entity, source)"
        " do update set watermark = excluded.watermark, load_id = excluded.load_id",
        values,
    )
