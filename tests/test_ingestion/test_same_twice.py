"""What counts as one thing where a source says it twice; contracts.md has the decisions."""

from pathlib import Path
from typing import Any

from ingestion.contracts import load_contracts
from ingestion.load import load_entity
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.documents import SESSIONS, folder, object_id, session
from tests.documents import load as load_documents
from tests.events import write_jsonl

CORE = load_contracts()["emotional_core"]
OBSERVATIONS = CORE.entity("user_emotions")


def observation(number: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(OBSERVATIONS.source_columns)
    for column in OBSERVATIONS.columns:
        allowed = next((rule.args[0] for rule in column.rules if rule.kind == "in"), None)
        required = any(rule.kind == "not_null" for rule in column.rules)
        if column.source and required:
            row[column.source_column] = allowed or (0.5 if column.data_type == "double precision" else "x")
    times = {c.source_column: "2025-01-02T10:00:00Z" for c in OBSERVATIONS.columns if c.data_type == "timestamptz"}
    return row | times | {"id": f"00000000-0000-0000-0000-00000000000{number}"}


def test_one_observation_under_two_ids_is_two_rows(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in", [observation(1), observation(2)], OBSERVATIONS.source).parent
    result = load_entity(settings.with_sources({CORE.name: str(source)}), CORE, OBSERVATIONS)[0]
    assert (result.inserted, result.quarantined) == (2, 0)


def test_two_documents_of_one_session_are_one_row_and_the_newer_counts(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [session(1), session(1, _id=object_id(2), duration_minutes=20)]
    result = load_documents(settings, folder(tmp_path / "in", rows))[SESSIONS.name]
    assert (result.extracted, result.inserted, result.updated) == (2, 1, 1)
    with warehouse.connect("owner") as connection:
        query = f"select duration_minutes from {SESSIONS.table}"
        assert connection.execute(query).fetchall() == [(20,)]
