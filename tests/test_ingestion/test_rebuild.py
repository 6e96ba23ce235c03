"""The lake alone gives the warehouse again, equal to before."""

import json
import shutil
import subprocess
import sys
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
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged, write_jsonl
from tests.test_ingestion.test_faults import environment, eventually

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


def manifests(settings: Settings) -> list[Path]:
    return list((settings.home / "lake").rglob("load.json"))


def test_a_lake_without_the_numbers_of_chunks_is_rebuilt(settings: Settings, warehouse: Warehouse) -> None:
    load_system(settings, VISUALIZER)
    before = everything(warehouse)
    for path in manifests(settings):
        manifest = json.loads(path.read_text())
        del manifest["chunks"]
        path.write_text(json.dumps(manifest))
    rebuild(settings)
    assert everything(warehouse) == before


def test_a_rebuild_that_is_killed_has_changed_nothing_and_readers_go_on_until_its_end(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_jsonl(tmp_path / "in", [event(n) for n in range(5)] + [event(9, eventType="?")]).parent
    load(settings, folder)
    before = everything(warehouse)
    command = [sys.executable, "-m", "ingestion.rebuild"]
    with warehouse.connect("owner") as reader, warehouse.connect("owner") as connection:
        connection.autocommit = True
        assert len(staged(reader)) == 5
        process = subprocess.Popen(
            command, env=environment(settings, folder), cwd=settings.project_root, stdout=subprocess.DEVNULL
        )
        query = (
            "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and query ilike '%in access exclusive mode nowait%' or query ilike 'rollback to%')"
        )
        eventually(lambda: connection.execute(query).fetchone() == (True,))
        assert len(staged(reader)) == 5
        process.kill()
        process.wait()
    assert everything(warehouse) == before
    rebuild(settings)
    assert everything(warehouse) == before


def test_views_on_staging_tables_stay(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1), event(2)]).parent)
    with warehouse.connect("owner") as connection:
        connection.execute(f"create view core.events as select event_id, _load_id from {EVENTS.table}")
        connection.execute(f"delete from {EVENTS.table} where event_id = 'event-1'")
    rebuild(settings)
    with warehouse.connect("analyst") as connection:
        assert connection.execute("select count(*) from core.events").fetchone() == (2,)
    load(settings, write_jsonl(tmp_path / "two", [event(3, timestamp="2025-07-01T10:00:00Z")]).parent)


def test_what_a_steward_has_mended_and_not_yet_replayed_stays(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    bad = [event(n, eventType="?") for n in range(3)]
    load(settings, write_jsonl(tmp_path / "in", [event(9), *bad]).parent)
    fix(settings, 2, {"event_type": "PAGE_VIEW"})
    with warehouse.connect("steward") as connection:
        connection.execute("update ops.quarantine set status = 'dismissed' where quarantine_id = 3")
    before = everything(warehouse)
    rebuild(settings)
    assert everything(warehouse) == before
    assert replay(settings, NEW_SMELL, EVENTS)[0].inserted == 1


def test_a_lake_that_lacks_a_load_of_the_ledger_is_refused(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "one", [event(1)]).parent)
    load(settings, write_jsonl(tmp_path / "two", [event(2)]).parent)
    before = everything(warehouse)
    shutil.rmtree(manifests(settings)[0].parent)
    with pytest.raises(WarehouseError, match="the lake lacks 1 loads of the ledger"):
        rebuild(settings)
    assert everything(warehouse) == before


def test_a_damaged_or_missing_file_of_the_lake_stops_the_rebuild_in_one_line(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "one", [event(1), event(2, eventType="?")]).parent)
    before = everything(warehouse)
    folder = manifests(settings)[0].parent
    rows, bad = folder / "part-00000.parquet", folder / "quarantined.jsonl"
    whole = rows.read_bytes()
    for damaged in (b"PAR1", whole[:200] + bytes(400) + whole[600:], whole[:-1]):
        rows.write_bytes(damaged)
        with pytest.raises(WarehouseError, match="cannot be loaded"):
            rebuild(settings)
    rows.unlink()
    with pytest.raises(WarehouseError, match="the lake lacks new_smell/"):
        rebuild(settings)
    rows.write_bytes(whole)
    bad.write_text(bad.read_text()[:50])
    with pytest.raises(WarehouseError, match="cannot be loaded"):
        rebuild(settings)
    assert everything(warehouse) == before


def test_loads_are_done_again_in_the_order_in_which_they_ended(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    """A load that began later may have ended before: its id is the greater one."""
    load(settings, write_jsonl(tmp_path / "one", [event(1)]).parent)
    load(settings, write_jsonl(tmp_path / "two", [event(2)]).parent)
    ended = {
        int(path.parent.name): json.loads(path.read_text())["loads"][0]["finished_at"] for path in manifests(settings)
    }
    first, second = sorted(ended)
    for path in manifests(settings):
        manifest = json.loads(path.read_text())
        other = second if int(path.parent.name) == first else first
        for record in manifest["loads"]:
            record["finished_at"] = ended[other]
        path.write_text(json.dumps(manifest))
    lines: list[str] = []
    rebuild(settings, lines.append)
    assert [line.rsplit(" ", 1)[1] for line in lines] == [str(second), str(first)]
