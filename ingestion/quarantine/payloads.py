"""What the quarantine keeps of a row, as a batch for the gate again.

payloads -> cast to the contract's types -> a `Conformed` batch. Verdicts that the payload cannot give again, such as
those on an e-mail address of which only the hash was kept, stay with the row until the column is mended.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.conform import Conformed
from ingestion.contracts import Column, Entity
from ingestion.gate import IN_FUTURE, KEPT_REASONS
from ingestion.types import cast

Row = dict[str, Any]
UNREADABLE = ("json:", "type:", "encoding:")
"""Begin the codes of fields that could not be read: no value stands for them."""
UNJUDGED = (*UNREADABLE, "too_large:", "nul_byte:", f"{IN_FUTURE}:")


def from_payloads(entity: Entity, rows: list[Row]) -> Conformed:
    """Quarantined rows as a conformed batch, with the marks that only a mended column takes away."""
    result = _read(entity, [row["payload"] for row in rows])
    held = [still_held(entity, row) for row in rows]
    for code in sorted(set().union(*held)):
        result.mark(code, pa.array([code in codes for codes in held]))
    return result


def still_held(entity: Entity, row: Row) -> set[str]:
    """Reasons of `row` that the payload cannot tell and no mended column has taken away."""
    mended = mended_columns(row)
    codes = _kept(entity, row["payload"], row["reasons"])
    return {code for code in codes if not _columns_at(entity, code) & mended}


def _kept(entity: Entity, payload: Row, reasons: Iterable[str]) -> set[str]:
    """Those of `reasons` that `payload` cannot be judged by, or not as when it came."""
    raw = {rule.code for column in entity.columns for rule in column.raw_rules}
    # a plain value that could not be read stands in the payload as it came
    shown = {f"type:{c.name}" for c in entity.columns if c.privacy == "plain" and payload.get(c.name) is not None}
    return {code for code in reasons if code in raw or (code.startswith(UNJUDGED) and code not in shown)}


def mended_columns(row: Row) -> set[str]:
    """The columns a steward has set in `row`."""
    return {name for step in row["trail"] if step["action"] == "fixed" for name in step["columns"]}


def is_accepted(row: Row) -> bool:
    """Whether the steward's last word on `row` was to take it as it stands."""
    steps = [step for step in row["trail"] if step["action"] in ("fixed", "accepted")]
    return row["status"] == "fixed" and bool(steps) and not steps[-1].get("columns")


def _columns_at(entity: Entity, code: str) -> set[str]:
    """Columns that hold what stands at the place `code` speaks of."""
    place = code.partition(":")[2]
    return {
        column.name
        for column in entity.columns
        if place in (column.name, column.source) or str(column.source).startswith(f"{place}.")
    }


def nested_rows(child: Entity, parent: Entity, rows: list[Row], places: list[int]) -> Conformed:
    """The rows of `child` kept inside the payloads of `rows` at `places`."""
    inside = [(n, inner) for n, place in enumerate(places) for inner in rows[place]["payload"].get(child.name, ())]
    for number, inner in inside:
        # the parent's key may have been mended
        inner[child.key[0]] = rows[places[number]]["payload"].get(parent.key[0])
    result = _read(child, [inner for _, inner in inside])
    result.owner = np.array([number for number, _ in inside], dtype=np.int64)
    held = [_kept(child, inner, inner.get(KEPT_REASONS, ())) for _, inner in inside]
    for code in sorted(set().union(*held)):
        result.mark(code, pa.array([code in codes for codes in held]))
    return result


def _read(entity: Entity, payloads: list[Row]) -> Conformed:
    result = Conformed(entity, {})
    for column in entity.columns:
        result.columns[column.name] = _column(column, payloads, result)
    return result


def _column(column: Column, payloads: list[Row], result: Conformed) -> pa.Array:
    values = [payload.get(column.name) for payload in payloads]
    texts = pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())
    casted, bad = cast(texts, column.data_type)
    if bad is not None:
        result.mark(f"type:{column.name}", bad)
        result.raw[column.name] = (bad, texts)
    return casted
