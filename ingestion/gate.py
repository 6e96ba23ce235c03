"""Split rows by the declared rules: accepted, or quarantined with every reason code that holds.

Great Expectations judges the same rules on the loaded tables.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.conform import NUL, NUL_SHOWN, Conformed
from ingestion.contracts import Entity
from ingestion.moments import TIMESTAMP
from ingestion.rules import CHECKS, broken
from ingestion.types import cast, either

CLOCK_TOLERANCE = timedelta(days=1)
"""How far an event may lie after its arrival: clocks are set to other zones; none is right that is further off."""
IN_FUTURE = "in_future"
KEPT_REASONS = "_reasons"
"""What was wrong with a row nested in a quarantined one, in its payload: the gate may be unable to judge it again."""

INDEXED_BYTES = 800
"""Of a text in an index: PostgreSQL takes 2704 bytes together, and no index has more than three texts."""


@dataclass(frozen=True)
class BadRow:
    """One row for the quarantine: its key at the source if it has one, what it holds after privacy, and why."""

    source_key: str | None
    payload: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """A batch after the gate: the mask of accepted rows (None: all), and why each other row, by number, is bad."""

    accepted: pa.Array | None
    reasons: dict[int, tuple[str, ...]]


def split(batch: Conformed, arrived: datetime) -> Split:
    """Apply every critical rule of the batch's entity to its rows, which came `arrived`."""
    marks = dict(batch.marks)
    for name in indexed_texts(batch.entity):
        too_long = pc.fill_null(pc.greater(pc.binary_length(batch.columns[name]), INDEXED_BYTES), False)
        if pc.any(too_long).as_py():
            marks[f"too_large:{name}"] = too_long
    future = in_future(batch, arrived)
    if future is not None:
        code = f"{IN_FUTURE}:{batch.entity.event_time}"
        marks[code] = either(marks.get(code), future)
    for rule in batch.entity.judged_rules:
        if rule.severity == "critical" and rule.kind in CHECKS:
            mask = broken(rule, batch.columns)
            # a value that could not be read is reported as that, not once more as missing
            unreadable = batch.unread(rule.column) if rule.kind == "not_null" and batch.marks else None
            if unreadable is not None:
                mask = pc.and_(mask, pc.invert(unreadable))
            if pc.any(mask).as_py():
                marks[rule.code] = mask
    return parted(marks)


def in_future(batch: Conformed, arrived: datetime) -> pa.Array | None:
    """Mask of the events that lie later than the day after they came; None when there are none."""
    if batch.entity.event_time is None:
        return None
    latest = pa.scalar(arrived + CLOCK_TOLERANCE, TIMESTAMP)
    mask = pc.fill_null(pc.greater(batch.columns[batch.entity.event_time].cast(TIMESTAMP), latest), False)
    return mask if pc.any(mask).as_py() else None


def parted(marks: Mapping[str, pa.Array]) -> Split:
    """The split by masks of the rows that each code holds for."""
    bad: pa.Array | None = None
    for mask in marks.values():
        bad = either(bad, mask)
    if bad is None:
        return Split(None, {})
    held = {code: mask.to_pylist() for code, mask in sorted(marks.items())}
    places = pc.indices_nonzero(bad).to_pylist()
    reasons = {place: tuple(code for code, mask in held.items() if mask[place]) for place in places}
    return Split(pc.invert(bad), reasons)


def indexed_texts(entity: Entity) -> list[str]:
    """Text columns in the primary key or an index."""
    indexed = {name for columns in (entity.key, *entity.indexes) for name in columns}
    return [column.name for column in entity.columns if column.name in indexed and column.data_type == "text"]


def refusals(rows: Conformed, codes: Mapping[str, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Why rows of `rows` were not merged, by place; `codes` says so by key."""
    keys = [_key(rows, place) or "" for place in range(rows.rows)]
    return {place: codes[key] for place, key in enumerate(keys) if key in codes}


def bad_rows(
    batch: Conformed, reasons: dict[int, tuple[str, ...]], nested: tuple[Conformed, ...]
) -> tuple[BadRow, ...]:
    """The rows of `reasons` for the quarantine, whole: with the rows of `nested`, which stand in just these rows."""
    inside = [_by_owner(rows, len(reasons)) for rows in nested]
    result = []
    for number, (place, codes) in enumerate(reasons.items()):
        payload = _payload(batch, place)
        for rows, owned in zip(nested, inside, strict=True):
            if owned[number]:
                payload[rows.entity.name] = [_nested_payload(rows, inner) for inner in owned[number]]
        text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
        result.append(BadRow(_key(batch, place), text, codes))
    return tuple(result)


def _nested_payload(rows: Conformed, place: int) -> dict[str, Any]:
    payload = _payload(rows, place)
    codes = sorted(code for code, mask in rows.marks.items() if mask[place].as_py())
    return payload | {KEPT_REASONS: codes} if codes else payload


def _by_owner(rows: Conformed, count: int) -> list[list[int]]:
    places: list[list[int]] = [[] for _ in range(count)]
    for place, owner in enumerate(rows.owner.tolist()):
        places[owner].append(place)
    return places


def _key(batch: Conformed, place: int) -> str | None:
    parts = [_plain(batch.columns[name], place) for name in batch.entity.key]
    return None if any(part is None for part in parts) else "/".join(str(part) for part in parts)


def _payload(batch: Conformed, place: int) -> dict[str, Any]:
    payload = {name: _plain(values, place) for name, values in batch.columns.items()}
    for name, (mask, raw) in batch.raw.items():
        if mask[place].as_py():
            payload[name] = _plain(raw, place)
    return payload


def _plain(values: pa.Array, place: int) -> Any:
    if pa.types.is_temporal(values.type):
        return cast(values.slice(place, 1).cast(pa.string()), "text")[0][0].as_py()
    value = values[place].as_py()
    if isinstance(value, str):
        return value.replace(NUL, NUL_SHOWN)
    return value
