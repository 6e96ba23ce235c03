"""What a simulation is made of: its arguments, the tables it fills, and the rows that flow through it.

arguments -> `Plan` -> every system's `generate(plan, truth)` yields `Rows` of its `Table`s. A plan also hands out the
random numbers: one independent stream per purpose, so that leaving out a system changes no other.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.errors import MoodmartError

SYSTEMS = ("new_smell", "emotional_core", "emotion_visualizer", "voice_patterns", "masterx")
DAY_MS = 86_400_000

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Record = dict[str, Any]


class SimulationError(MoodmartError):
    """A simulation that cannot be made as asked; nothing was written."""


@dataclass(frozen=True)
class Plan:
    """The arguments of one simulation. The same plan gives the same rows, byte by byte."""

    users: int
    """Registered users of each system."""
    days: int
    seed: int = 0
    start: date = date(2025, 1, 1)
    systems: tuple[str, ...] = SYSTEMS
    dirty: float = 0.01
    """Share of rows of the fact tables that break one rule of the contract."""
    late: float = 0.01
    """Share of rows that arrive one to seven days after they happened."""
    duplicates: float = 0.005
    """Share of rows that are sent a second time, unchanged."""
    by_day: bool = False
    """Whether there is one file per day of arrival, holding rows as they were then."""
    into_tables: bool = False
    """Whether the target is a database, as `simulate` finds: it holds a key once, and only dirt its types admit."""

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        where = "simulation"
        if self.users < 1 or self.days < 1:
            raise SimulationError(f"{self.users} users, {self.days} days", where, "at least one of each")
        if unknown := set(self.systems) - set(SYSTEMS):
            raise SimulationError(f"unknown system {min(unknown)!r}", where, f"one of: {', '.join(SYSTEMS)}")
        shares = (self.dirty, self.late, self.duplicates)
        if min(shares) < 0 or sum(shares) > 1:
            raise SimulationError(f"shares {shares}", where, "dirty, late and duplicates are 0 to 1 and add up to 1")

    @property
    def start_ms(self) -> int:
        """Midnight (UTC) of the first day in milliseconds since 1970."""
        return int(datetime.combine(self.start, time(), UTC).timestamp() * 1000)

    def salt(self, *purpose: object) -> int:
        """A 64 bit number for `purpose`."""
        text = "/".join(map(str, (self.seed, *purpose)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

    def rng(self, *purpose: object) -> np.random.Generator:
        """The random numbers of `purpose`, independent of all others."""
        return np.random.Generator(np.random.SFC64(self.salt(*purpose)))


@dataclass(frozen=True)
class Change:
    """A way to change a row in place, and the columns it touches (none for documents, which change whole)."""

    columns: tuple[str, ...]
    make: Callable[[Record], None]


@dataclass(frozen=True)
class When:
    """A condition on a row, and the columns it looks at."""

    columns: tuple[str, ...]
    holds: Callable[[Record], bool]


ALWAYS = When((), lambda row: True)


@dataclass(frozen=True)
class Dirt:
    """One way to break a row of a table, and the reason codes the gate must then give."""

    kind: str
    change: Change
    reasons: tuple[str, ...]
    when: When = ALWAYS
    fits_table: bool = True
    """Whether a table with the source's column types, but without its CHECKs, can hold it."""
    entity: str = ""
    """Entity whose quarantine gets it, where that is a child of the table's own."""


ARROW_OF = {
    "uuid": pa.string(),
    "text": pa.string(),
    "jsonb": pa.string(),
    "text[]": pa.list_(pa.string()),
    "integer": pa.int32(),
    "double precision": pa.float64(),
    "numeric": pa.float64(),
    "numeric(3,2)": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp(3)": pa.timestamp("ms"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "bson": pa.binary(),
}
"""PostgreSQL type at the source -> type in Parquet. A varchar is a text that is not longer than that."""
DOCUMENTS = "document bson"
COMMA = re.compile(r",\s*(?![^()]*\))")
"""Between columns, not inside a type."""


@dataclass(frozen=True)
class Table:
    """One table at the source. `ddl` has one `name type [not null]` per comma; a collection has `DOCUMENTS`."""

    name: str
    entity: str
    """Name in the contract."""
    ddl: str
    key: str
    """Column that identifies a row."""
    dirt: tuple[Dirt, ...] = ()
    """Ways to break a row; a table without any is sent clean, on time and once."""
    arrow: pa.Schema = field(init=False, compare=False)

    @property
    def holds_documents(self) -> bool:
        """Whether it is a collection: its rows are documents, not columns."""
        return self.ddl == DOCUMENTS

    def __post_init__(self) -> None:
        """Read the Arrow schema off the DDL."""
        object.__setattr__(self, "arrow", pa.schema([(n, ARROW_OF[kind]) for n, kind, _ in self.columns]))

    @cached_property
    def columns(self) -> tuple[tuple[str, str, bool], ...]:
        """Name, type and whether null is forbidden, in table order."""
        parsed = []
        for column in COMMA.split(self.ddl.strip()):
            name, kind = column.split(maxsplit=1)
            parsed.append((name, kind.removesuffix(" not null"), kind.endswith(" not null")))
        return tuple(parsed)

    def rows(self, columns: dict[str, Any]) -> pa.Table:
        """`columns` in table order and type; absent ones are null."""
        size = len(next(iter(columns.values())))
        if unknown := columns.keys() - set(self.arrow.names):
            raise KeyError(f"{self.name} has no column {unknown}")
        arrays = [_as(columns.get(f.name), f.type, size) for f in self.arrow]
        return pa.table(arrays, names=self.arrow.names)


def _as(values: Any, kind: pa.DataType, size: int) -> Any:
    if values is None:
        return pa.nulls(size, kind)
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    if pa.types.is_dictionary(array.type) or array.type == kind:
        return array
    if pa.types.is_timestamp(kind) and pa.types.is_integer(array.type):
        array = array.cast(pa.timestamp("ms", kind.tz))
    return array.cast(kind)


@dataclass(frozen=True)
class Rows:
    """Rows of one table, the day (0 is the first) each is written at the source, and what happens to them later."""

    table: Table
    data: pa.Table | list[Record]
    """A table, or documents."""
    day: Ints
    numbers: Ints | None = None
    """What tells rows apart: versions of one row share their number. None: every row is one of its own."""
    superseded: Mask | None = None
    """Rows that a later version of the same row replaces: only an arrival by days shows them."""
    spared: Mask | None = None
    """Rows that no dirt befalls: of people without whose consent they do not enter, nor reach the quarantine."""
    when_accepted: Callable[[Mask], None] | None = None
    """Told which rows a warehouse will accept: those that were not made dirty."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.day)


@dataclass(frozen=True)
class Complete:
    """Says that all rows written up to `day` have been yielded; None: of a whole group of users, all days."""

    day: int | None = None


Stream = Iterator[Rows | Complete]
"""What a system's `generate` yields."""
