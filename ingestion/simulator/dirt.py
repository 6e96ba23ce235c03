"""Ways to break a row in place, and conditions on it.

A row is the mapping of its columns; JSON columns hold text. `Dirt` (in `plan`) joins one of these with the reason
codes that the gate must give.
"""

import json
from datetime import date, datetime
from typing import Any

from ingestion.simulator.plan import Change, Record, When


def holds(column: str, *values: Any) -> When:
    """The column holds one of `values`."""
    return When((column,), lambda row: row[column] in values)


def filled(column: str) -> When:
    """The column is not null."""
    return When((column,), lambda row: row[column] is not None)


def put(**values: Any) -> Change:
    """Set columns to `values`; a text put over a date or a time is read as one."""

    def change(row: Record) -> None:
        for name, value in values.items():
            row[name] = _like(row.get(name), value)

    return Change(tuple(values), change)


def _like(before: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(before, datetime | None) and value[:4].isdigit():
        moment = datetime.fromisoformat(value)
        return moment if before is None else moment.replace(tzinfo=before.tzinfo)
    if isinstance(value, str) and type(before) is date:
        return date.fromisoformat(value)
    return value


def in_json(column: str, **values: Any) -> Change:
    """Set members of the object in a JSON column; an object is put over an object member by member."""

    def change(row: Record) -> None:
        document = json.loads(row[column])
        merge(document, values)
        row[column] = json.dumps(document, separators=(",", ":"))

    return Change((column,), change)


def at_json(column: str, *path: str | int, value: Any) -> Change:
    """Set what stands at `path` in the JSON column; a number is a place in a list."""
    set_value = inside(*path, value=value)

    def change(row: Record) -> None:
        document = json.loads(row[column])
        set_value.make(document)
        row[column] = json.dumps(document, separators=(",", ":"))

    return Change((column,), change)


def drop(column: str, *members: str) -> Change:
    """Take members out of the object in a JSON column."""

    def change(row: Record) -> None:
        document = json.loads(row[column])
        for member in members:
            document.pop(member, None)
        row[column] = json.dumps(document, separators=(",", ":"))

    return Change((column,), change)


def merge(document: Record, values: Record) -> None:
    """Put `values` over `document`, stepping into objects."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(document.get(name), dict):
            merge(document[name], value)
        else:
            document[name] = value


def inside(*path: str | int, value: Any) -> Change:
    """Set what stands at `path` in a nested document; a number is a place in a list."""

    def change(row: Record) -> None:
        node: Any = row
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return Change((), change)


def without(*path: str | int) -> Change:
    """Take out what stands at `path` in a nested document."""

    def change(row: Record) -> None:
        node: Any = row
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return Change((), change)
