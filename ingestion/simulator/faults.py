"""What goes wrong between an application and the warehouse: dirty rows, late rows, rows sent twice.

`Rows` as they happened -> rows as they arrive, each with its day of arrival; every fault is written to the truth. A
row's fate follows from its number, so all versions of a row share it, and no fate depends on how rows were grouped.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bson
import numpy as np
import pyarrow as pa

from ingestion.simulator import ids
from ingestion.simulator.plan import ALWAYS, Ints, Mask, Plan, Record, Rows, Table
from ingestion.simulator.truth import Truth

MOST_DAYS_LATE = 7
SOONEST_AGAIN = (0, 0, 0, 1, 2)
"""Days until a row is sent again, equally likely."""

Arrival = tuple[Table, pa.Table, Ints]
"""Rows of a table and the day each arrives."""


class Faults:
    """Decides what happens to the rows of one system on their way."""

    def __init__(self, plan: Plan, system: str, truth: Truth) -> None:
        self._plan = plan
        self._system = system
        self._truth = truth
        self._next: dict[str, int] = {}

    def send(self, rows: Rows) -> Iterator[Arrival]:
        """The rows as they arrive: in time and late, then the dirty ones, then those sent again."""
        rows = self._numbered(rows)
        table, data, day, numbers = rows.table, rows.data, rows.day, rows.numbers
        assert numbers is not None
        if not table.dirt or not len(rows):
            self._truth.count(self._system, table.name, rows=len(rows), distinct=len(np.unique(numbers)))
            yield table, as_table(data), day
            return
        dirty, late, again = self._fates(rows, numbers)
        if rows.when_accepted:
            rows.when_accepted(~dirty)
        on_time = ~dirty & ~late
        yield table, as_table(taken(data, on_time)), day[on_time]
        for mask, send in ((late, self._delayed), (dirty, self._made_dirty), (again, self._sent_again)):
            if mask.any():
                yield send(table, taken(data, mask), day[mask], numbers[mask])
        counts = {"dirty": int(dirty.sum()), "late": int(late.sum()), "duplicates": int(again.sum())}
        counts["distinct"] = len(rows) if rows.superseded is None else len(np.unique(numbers))
        self._truth.count(self._system, table.name, rows=len(rows) + counts["duplicates"], **counts)

    def _fates(self, rows: Rows, numbers: Ints) -> tuple[Mask, Mask, Mask]:
        """Rows that are dirty, late, and sent again; no row is two of these."""
        plan = self._plan
        bounds = np.cumsum((plan.dirty, plan.late, plan.duplicates))
        fate = np.searchsorted(bounds, ids.unit(self._salt(rows.table, "fate"), numbers), side="right")
        dirty, late, again = (fate == kind for kind in range(3))
        if rows.spared is not None:
            dirty &= ~rows.spared
        if plan.into_tables or rows.superseded is not None:
            again[:] = False
        return dirty, late, again

    def _numbered(self, rows: Rows) -> Rows:
        """The rows with their numbers; superseded ones only if arrival is by days."""
        first = self._next.get(rows.table.name, 0)
        numbers = rows.numbers if rows.numbers is not None else np.arange(first, first + len(rows))
        self._next[rows.table.name] = first + len(rows)
        if rows.superseded is None or self._plan.by_day:
            return replace(rows, numbers=numbers)
        last = ~rows.superseded
        spared = None if rows.spared is None else rows.spared[last]
        return replace(rows, data=taken(rows.data, last), day=rows.day[last], numbers=numbers[last], spared=spared)

    def _salt(self, table: Table, what: str) -> int:
        return self._plan.salt("faults", self._system, table.name, what)

    def _delayed(self, table: Table, data: pa.Table | list[Record], day: Ints, numbers: Ints) -> Arrival:
        delay = 1 + (ids.unit(self._salt(table, "late"), numbers) ** 2 * MOST_DAYS_LATE).astype(np.int64)
        self._note("late", table, _row_ids(table, data), day + delay, {"event_day": day})
        return table, as_table(data), day + delay

    def _made_dirty(self, table: Table, data: pa.Table | list[Record], day: Ints, numbers: Ints) -> Arrival:
        kinds = self._kinds(table, data, numbers)
        order = np.argsort(kinds, kind="stable")
        names = _row_ids(table, data)
        broken = _break_documents(table, data, kinds) if isinstance(data, list) else _break_rows(table, data, kinds)
        dirts = [table.dirt[kind] for kind in kinds[order]]
        columns = {
            "kind": [dirt.kind for dirt in dirts],
            "entity": [dirt.entity or table.entity for dirt in dirts],
            "reasons": pa.array([list(dirt.reasons) for dirt in dirts], pa.list_(pa.string())),
        }
        for dirt in dirts:
            self._truth.quarantined(self._system, table.name, dirt.entity or table.entity, dirt.reasons)
        self._note("dirty", table, [names[place] for place in order], day[order], columns)
        return table, broken, day[order]

    def _kinds(self, table: Table, data: pa.Table | list[Record], numbers: Ints) -> Ints:
        """Which dirt each row gets: one of those that fit it, every second time one that fits few rows."""
        columns = sorted({name for dirt in table.dirt for name in dirt.when.columns})
        rows = data if isinstance(data, list) else plain(data.select(columns)).to_pylist()
        rows = rows or [{}] * len(numbers)
        possible = [k for k, dirt in enumerate(table.dirt) if dirt.fits_table or not self._plan.into_tables]
        common = [kind for kind in possible if table.dirt[kind].when is ALWAYS]
        special = [kind for kind in possible if kind not in common]
        chance = ids.unit(self._salt(table, "dirt"), numbers).tolist()
        kinds = []
        for row, where in zip(rows, chance, strict=True):
            rare = [kind for kind in special if table.dirt[kind].when.holds(row)]
            fitting = rare if rare and where < 1 / 2 else common
            kinds.append(fitting[int(where * 2 % 1 * len(fitting))])
        return np.array(kinds, np.int64)

    def _sent_again(self, table: Table, data: pa.Table | list[Record], day: Ints, numbers: Ints) -> Arrival:
        place = ids.pick(SOONEST_AGAIN, self._salt(table, "again"), numbers)
        arrival = day + np.array(SOONEST_AGAIN)[place]
        self._note("duplicates", table, _row_ids(table, data), arrival, {})
        return table, as_table(data), arrival

    def _note(self, fault: str, table: Table, names: list[str | None], arrival: Ints, more: dict[str, Any]) -> None:
        size = len(names)
        columns = {
            "system": pa.array([self._system] * size, pa.string()),
            "table": pa.array([table.name] * size, pa.string()),
            "row_id": pa.array(names, pa.string()),
            "arrival_day": arrival,
        }
        self._truth.write(fault, pa.table(columns | more))


def _row_ids(table: Table, data: pa.Table | list[Record]) -> list[str | None]:
    """What identifies each row or document at the source."""
    values = [row.get(table.key) for row in data] if isinstance(data, list) else data[table.key].to_pylist()
    return [None if value is None else str(value) for value in values]


def _break_documents(table: Table, documents: list[Record], kinds: Ints) -> pa.Table:
    """Each document with the dirt of its kind, ordered by kind."""
    order = np.argsort(kinds, kind="stable")
    for place in order:
        table.dirt[kinds[place]].change.make(documents[place])
    return as_table([documents[place] for place in order])


def _break_rows(table: Table, data: pa.Table, kinds: Ints) -> pa.Table:
    """Each row with the dirt of its kind, ordered by kind; only the touched columns become Python objects."""
    order = np.argsort(kinds, kind="stable")
    whole = plain(data, table.arrow).take(pa.array(order))
    starts = np.flatnonzero(np.diff(kinds[order], prepend=-1))
    parts = []
    for first, end in itertools.pairwise([*starts.tolist(), len(order)]):
        part, change = whole.slice(first, end - first), table.dirt[kinds[order[first]]].change
        rows = part.select(change.columns).to_pylist()
        for row in rows:
            change.make(row)
        for name in change.columns:
            field = table.arrow.field(name)
            values = pa.array([row[name] for row in rows], field.type)
            part = part.set_column(part.schema.get_field_index(name), field, values)
        parts.append(part)
    return pa.concat_tables(parts)


def taken(data: pa.Table | list[Record], mask: Mask) -> pa.Table | list[Record]:
    """The rows of `mask`."""
    if isinstance(data, list):
        return [data[place] for place in np.flatnonzero(mask)]
    return data if mask.all() else data.filter(pa.array(mask))


def plain(data: pa.Table, schema: pa.Schema | None = None) -> pa.Table:
    """`data` in exactly the types of `schema` (None: its own): dictionaries are decoded."""
    columns = [_decoded(column) for column in data.columns]
    if schema is not None:
        columns = [c if c.type == f.type else c.cast(f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(columns, names=data.schema.names if schema is None else schema.names)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return column
    # far cheaper than a cast where few rows share a large dictionary
    return pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type)


def as_table(data: pa.Table | list[Record]) -> pa.Table:
    """Rows as they are; documents as one column of BSON."""
    if isinstance(data, list):
        return pa.table({"document": pa.array([bson.encode(document) for document in data], pa.binary())})
    return data
