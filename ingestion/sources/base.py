"""What every source offers: a check, and an extraction of what has arrived since the last load."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from ingestion.contracts import Entity
from ingestion.errors import SourceError

BATCH_ROWS = 32_768
Watermark = dict[str, Any]
COUNTS_OF_ROWS = ("rows", "documents", "outside")
"""What in a watermark counts the source's rows. Without the rest of it a source is read from its beginning."""


@dataclass(frozen=True)
class SourceBatch:
    """Rows under the source's column names, and the places (file and line) of rows nobody can read."""

    rows: pa.RecordBatch
    unreadable: tuple[str, ...] = ()


@dataclass
class Census:
    """How many rows the source held at the last load (None: unknown) and holds now, and the keys it holds now."""

    before: int | None
    now: int
    """Final when the batches are read."""
    read_keys: Callable[[], Iterator[SourceBatch]]
    read_rows: Callable[[list[pa.RecordBatch]], Iterator[SourceBatch]] | None = None
    """Reads the rows with these keys, as `read_keys` gave them; None: the source passes over nothing."""
    outside: int = 0
    """How many more rows the source held at the last load than were known of it afterwards."""


@dataclass(frozen=True)
class Extraction:
    """What has arrived: batches to read once, and the watermark that stands when they are loaded."""

    watermark: Watermark
    """Final when the batches, and the census's keys where they are asked for, are read."""
    batches: Iterator[SourceBatch]
    census: Census | None = None
    """What tells which rows are gone; None: the source does not say."""
    close: Callable[[], None] = lambda: None


class Source(Protocol):
    """One system's source.

    `is_keyed`: the source itself holds every key once, so a key that comes again is an update. In files it may be a
    conflict.
    """

    name: str
    is_keyed: bool

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """Raise `SourceError` if it cannot be read at all; the names of entities it does not offer."""
        ...

    def remarks(self) -> tuple[str, ...]:
        """What it holds and nobody reads, a line each; after `check`."""
        ...

    def columns(self, entity: Entity) -> dict[str, str]:
        """Type by column of what it offers for `entity`; empty when it offers nothing.

        Raises `SourceError` if the entity cannot be read or lacks a column of its contract.
        """
        ...

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """What has arrived since `watermark` (None: everything); None when nothing has."""
        ...


def offered_columns(entity: Entity, seen: set[str]) -> set[str]:
    """Columns of rows that may leave out nulls: those `seen`, and those of the contract that rows can do without.

    No row at all (nothing `seen`) lacks nothing.
    """
    required = {
        column.source_column
        for column in entity.columns
        if any(rule.kind == "not_null" and rule.severity == "critical" for rule in column.rules)
    }
    missing = required - seen if seen else set()
    return (set(entity.source_columns) - missing) | seen


def require_columns(where: str, entity: Entity, present: Collection[str]) -> None:
    """Raise if a column the contract reads is not `present`."""
    missing = [name for name in entity.source_columns if name not in present]
    if missing:
        names = ", ".join(missing)
        raise SourceError(f"column {names} is missing", where, f"the contract of {entity.name} reads it")
