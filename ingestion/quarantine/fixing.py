"""Mend a quarantined row, or accept it as it stands.

row + new values -> after privacy, as the payload holds them -> refused where a rule refuses them -> status `fixed`.
What a rule judges before privacy, such as the form of an e-mail address, it judges here, on what the steward gives.
"""

import json
from collections.abc import Mapping
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.rows import dict_row

from ingestion.contracts import Column, Entity, Rule
from ingestion.credentials import pseudonym_key
from ingestion.errors import MoodmartError
from ingestion.gate import split
from ingestion.identifiers import identifiers
from ingestion.load import find_system
from ingestion.privacy import Pseudonymiser, protect
from ingestion.quarantine.payloads import UNREADABLE, Row, from_payloads, still_held
from ingestion.rules import broken
from ingestion.settings import Settings
from ingestion.tables import primary_key
from ingestion.types import cast
from ingestion.warehouse import Warehouse

UNREADABLE_ROW = "unreadable_row"


class QuarantineError(MoodmartError):
    """The quarantined row cannot be found, or cannot be mended this way."""


def fix(settings: Settings, quarantine_id: int, changes: Mapping[str, str | None]) -> None:
    """Set columns of a quarantined row (text as a CSV would hold it, None for null) and mark it fixed.

    Without changes the steward accepts the row as it stands: no rule of the contract counts against it any more, as
    long as its types allow it. Raises `QuarantineError`.
    """
    with Warehouse(settings).connect("steward") as connection:
        row = _find(connection, quarantine_id)
        entity = find_system(settings, row["system"]).entity(row["entity"])
        if changes:
            _mend(settings, entity, row, changes)
        else:
            _check_types(entity, row)
        step = {
            "action": "fixed" if changes else "accepted",
            "columns": sorted(changes),
            "reasons": row["reasons"],
            "after_load": _newest_load(connection, entity),
        }
        connection.execute(
            "update ops.quarantine set payload = %s, status = 'fixed', trail = trail"
            " || jsonb_build_array(%s::jsonb || jsonb_build_object('at', now())) where quarantine_id = %s",
            [json.dumps(row["payload"]), json.dumps(step), quarantine_id],
        )


def _find(connection: psycopg.Connection[Any], quarantine_id: int) -> Row:
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("select * from ops.quarantine where quarantine_id = %s for update", [quarantine_id])
        row = cursor.fetchone()
    if row is None:
        raise QuarantineError(f"no row {quarantine_id}", "quarantine", "see `moodmart quarantine list`")
    if row["status"] not in ("open", "fixed"):
        raise QuarantineError(f"row {quarantine_id} is {row['status']}", "quarantine", "it is settled")
    if row["reasons"] == [UNREADABLE_ROW]:
        raise QuarantineError(
            f"row {quarantine_id} was never readable", "quarantine", "mend it at the source and load again"
        )
    return row


def _newest_load(connection: psycopg.Connection[Any], entity: Entity) -> int:
    """The load after which the steward decided: what a later one brings overtakes the decision."""
    found = connection.execute(
        "select coalesce(max(load_id), 0) from ops.loads where system = %s and entity = %s",
        [entity.system, entity.name],
    ).fetchone()
    return int(found[0]) if found else 0


def _check_types(entity: Entity, row: Row) -> None:
    """Raise if the row cannot stand in its table, whatever its rules say."""
    rows = from_payloads(entity, [row])
    unread = [code for code in sorted(rows.marks) if code.startswith(UNREADABLE)]
    empty = [f"not_null:{name}" for name in primary_key(entity) if rows.columns[name][0].as_py() is None]
    if found := unread or empty:
        where, number = f"{entity.system}.{entity.name}", row["quarantine_id"]
        raise QuarantineError(f"row {number} cannot stand as it is: {', '.join(found)}", where, "give values by --set")


def _mend(settings: Settings, entity: Entity, row: Row, changes: Mapping[str, str | None]) -> None:
    """Put `changes` into the payload of `row`."""
    for name, value in changes.items():
        row["payload"][name] = _mended(settings, entity, name, value)
    row["trail"].append({"action": "fixed", "columns": sorted(changes)})
    verdict = split(from_payloads(entity, [row]), row["quarantined_at"])
    rules = {rule.code: rule for rule in entity.all_rules}
    for code in set(verdict.reasons.get(0, ())) - still_held(entity, row):
        if _columns_of(rules.get(code), code) & changes.keys():
            raise _refusal(entity, code)


def _columns_of(rule: Rule | None, code: str) -> set[str]:
    """The columns that the rule of `code` judges."""
    if rule is None:
        return {code.partition(":")[2]}
    return {rule.column, rule.args[1]} if rule.kind == "compare" else {rule.column}


def _refusal(entity: Entity, code: str) -> QuarantineError:
    return QuarantineError(f"the value breaks {code}", f"{entity.system}.{entity.name}", "give another value")


def _mended(settings: Settings, entity: Entity, name: str, value: str | None) -> Any:
    """`value` as the payload holds it: after privacy, so a steward may give a raw identifier and none is kept."""
    column = next((c for c in entity.columns if c.name == name), None)
    where = f"{entity.system}.{entity.name}"
    if column is None:
        raise QuarantineError(f"no column {name!r}", where, f"one of: {', '.join(entity.column_names)}")
    if value is None:
        return None
    if column.privacy in ("key", "contact"):
        given, _ = identifiers(pa.array([value]))
        _judge_raw(entity, column, given)
        return protect(column, given, Pseudonymiser(pseudonym_key(settings.home), entity.system))[0].as_py()
    _, bad = cast(pa.array([value]), column.data_type)
    if bad is not None and bad[0].as_py():
        raise QuarantineError(f"{value!r} is no {column.data_type}", f"{where}.{name}", "give another value")
    return value


def _judge_raw(entity: Entity, column: Column, given: pa.Array) -> None:
    for rule in column.raw_rules:
        if pc.any(broken(rule, {column.name: given})).as_py():
            raise _refusal(entity, rule.code)
