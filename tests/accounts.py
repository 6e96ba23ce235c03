"""Accounts of EmotionVisualizer for tests, whose e-mail addresses are checked and must differ."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ingestion.contracts import Entity, System, load_contracts
from ingestion.ledger import LoadResult
from ingestion.load import load_entity
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import write_jsonl

Row = dict[str, Any]
VISUALIZER: System = load_contracts()["emotion_visualizer"]
USERS: Entity = VISUALIZER.entity("users")


def person(number: int, mail: str, **changes: Any) -> Row:
    row: Row = dict.fromkeys(USERS.source_columns)
    row |= {"id": f"user-{number}", "email": mail, "name": "someone", "created_at": "2025-01-01T10:00:00Z"}
    return row | changes


def loaded(settings: Settings, system: System, entity: Entity, folder: Path, rows: Iterable[Row]) -> LoadResult:
    """What a load of `rows` from a folder of their own did."""
    address = write_jsonl(folder, rows, entity.source).parent
    source = settings.with_sources({system.name: str(address)})
    return load_entity(source, system, entity)[0]


def people(settings: Settings, folder: Path, rows: Iterable[Row]) -> LoadResult:
    return loaded(settings, VISUALIZER, USERS, folder, rows)


def staged(warehouse: Warehouse, entity: Entity = USERS) -> int:
    with warehouse.connect("owner") as connection:
        found = connection.execute(f"select count(*) from {entity.table}").fetchone()
    assert found
    return int(found[0])


def waiting(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    with warehouse.connect("steward") as connection:
        query = "select reasons, status from ops.quarantine order by quarantine_id"
        return connection.execute(query).fetchall()
