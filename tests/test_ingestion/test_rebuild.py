"""The lake alone gives the warehouse again, equal to before."""

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.contracts import load_contracts
from ingestion.errors import WarehouseError
from ingestion.load import load_system
from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, write_jsonl

VISUALIZER = load_contracts()["emotion_visualizer"]
BOOKS = {
    "ops.loads": "*",
    "ops.quarantine": "*",
    "ops.watermarks": "*",
    "ops.erasures": "*",
    "ops.source_schemas": "*",
}


def everything(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    with warehouse.connect("owner") as connection:
        tables = {entity.table: "*" for system in load_contracts().values() for entity in system.entities} | BOOKS
        return {t: sorted(connection.execute(f"select {c} from {t}").fetchall(), key=repr) for t, c in tables.items()}


def test_the_sample_of_all_systems_is_rebuilt_as_it_was(settings: Settings, warehouse: Warehouse) -> None:
    for system in load_contracts().values():
        load_system(settings, system)
    before = everything(warehouse)
    assert len(before[VISUALIZER.entity("emotion_entry_emotions").table]) > 0
    rebuild(settings)
    assert everything(warehouse) == before
    assert {result.load_id for result in load_system(settings, NEW_SMELL)} == {None}


def test_updates_conflicts_vanished_elements_fixes_and_removals_are_rebuilt(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    def shown(*names: str) -> str:
        return json.dumps({"shownPerfumeIds": names})

    first = [event(n, eventData=shown("a", "b")) for n in range(100, 130)] + [event(200, eventType="?")]
    again = [event(101, eventData=shown("a")), event(102, path="/other"), event(103, eventData=shown("a", "b", "c"))]
    load(settings, write_jsonl(tmp_path / "one", first).parent)
    load(settings, write_jsonl(tmp_path / "two", again).parent)
    with warehouse.connect("steward") as connection:
        for (number,) in connection.execute("select quarantine_id from ops.quarantine where source_key = 'event-200'"):
            fix(settings, number, {"event_type": "PAGE_VIEW"})
    replay(settings, NEW_SMELL, EVENTS)
    before = everything(warehouse)
    rebuild(settings)
    assert everything(warehouse) == before


def test_people_erased_before_stay_erased(settings: Settings, warehouse: Warehouse) -> None:
    with psycopg.connect(str(settings.database_url), autocommit=True) as source:
        create_prisma_tables(source)
        source.execute('create table "User" (id text primary key, "createdAt" timestamp(3) not null)')
        source.execute("""insert into "User" values ('user-1', '2024-01-01'), ('user-2', '2024-01-01')""")
        insert_events(source, [event(n) for n in range(14)])
        load(settings, settings.database_url)
        source.execute("""delete from "User" where id = 'user-1'""")
        load(settings, settings.database_url)
    before = everything(warehouse)
    assert before["ops.erasures"]
    rebuild(settings)
    assert everything(warehouse) == before


def test_a_load_that_never_committed_is_not_rebuilt(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_jsonl(tmp_path / "one", [event(1)]).parent)
    before = everything(warehouse)
    folder = settings.home / "lake" / "new_smell" / EVENTS.name
    committed = next(folder.iterdir())
    shutil.copytree(committed, folder / "77")
    (folder / "77" / "committed").unlink()
    rebuild(settings)
    assert everything(warehouse) == before


def test_an_empty_lake_is_said_in_one_line_and_nothing_is_dropped(settings: Settings, warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="no committed load"):
        rebuild(settings)
