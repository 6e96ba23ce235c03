"""Kill the loader at any moment, or run two at once: the next run gives the warehouse of one clean run."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl

ROWS = 30_000
COMMAND = [sys.executable, "-m", "ingestion.load", "new_smell"]
PATIENCE_SECONDS = 120
"""Far beyond what anything here takes, on slow machines too."""
T = TypeVar("T")


def eventually(find: Callable[[], T]) -> T:
    """What `find` gives as soon as it is anything."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [event(n) for n in range(ROWS)] + [event(n, eventType="?") for n in range(ROWS, ROWS + 40)]
    return write_jsonl(tmp_path / "in", rows).parent


def environment(settings: Settings, source: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "MOODMART_HOME": str(settings.home),
        "MOODMART_DATABASE_URL": str(settings.database_url),
        "MOODMART_SOURCE_NEW_SMELL": str(source),
    }


def state(settings: Settings, warehouse: Warehouse) -> tuple[int, int, int, int]:
    """Rows, distinct keys, quarantined rows, and loads in the ledger."""
    with warehouse.connect("owner") as connection:
        rows = staged(connection)
        bad = connection.execute("select count(*) from ops.quarantine").fetchone()
        loads = connection.execute("select count(*) from ops.loads where entity = %s", [EVENTS.name]).fetchone()
    assert bad is not None and loads is not None
    return len(rows), len({row[0] for row in rows}), bad[0], loads[0]


LOADER = "from pg_stat_activity where usename = 'moodmart_loader' and datname = current_database()"
MOMENTS = ("connected", "landing", "copying", "published")
"""Of a load, in their order."""


def has_reached(moment: str, warehouse: Warehouse, folders: set[Path]) -> bool:
    """Whether a load is at `moment`, given the lake's new folders."""
    if moment in ("landing", "published"):
        return any(folder.name.startswith(".") == (moment == "landing") for folder in folders)
    busy = "query ilike 'copy%'" if moment == "copying" else "true"
    with warehouse.connect("owner") as connection:
        return connection.execute(f"select count(*) > 0 {LOADER} and {busy}").fetchone() == (True,)


def was_killed(moment: str, wait: float, warehouse: Warehouse, source: Path) -> bool:
    """Start a load and kill it `wait` seconds after `moment`; whether it was still running."""
    settings = warehouse.settings
    lake = settings.home / "lake" / "new_smell" / EVENTS.name
    eventually(lambda: not has_reached("connected", warehouse, set()))
    before = set(lake.glob("*"))
    process = subprocess.Popen(
        COMMAND, env=environment(settings, source), cwd=settings.project_root, stdout=subprocess.DEVNULL
    )
    eventually(lambda: has_reached(moment, warehouse, set(lake.glob("*")) - before) or process.poll() is not None)
    time.sleep(wait)
    is_running = process.poll() is None
    process.kill()
    process.wait()
    return is_running


def test_killed_at_any_moment_nothing_is_lost_and_nothing_twice(
    settings: Settings, warehouse: Warehouse, source: Path
) -> None:
    chance = random.Random(11)
    waits = [0.0] * len(MOMENTS) + [chance.uniform(0, 0.4) for _ in MOMENTS]
    kills = [was_killed(moment, wait, warehouse, source) for moment, wait in zip(MOMENTS * 2, waits, strict=True)]
    # from the first load that comes through on, there is nothing left to load
    assert kills[0]
    load(settings, source)
    assert state(settings, warehouse) == (ROWS, ROWS, 40, 1)
    lake = settings.home / "lake" / "new_smell" / EVENTS.name
    assert len(list(lake.iterdir())) == 1


def test_two_runs_at_once_load_everything_once(settings: Settings, warehouse: Warehouse, source: Path) -> None:
    command = {"env": environment(settings, source), "cwd": settings.project_root, "stdout": subprocess.DEVNULL}
    processes = [subprocess.Popen(COMMAND, **command) for _ in range(2)]  # type: ignore[call-overload]
    assert [process.wait() for process in processes] == [0, 0]
    assert state(settings, warehouse) == (ROWS, ROWS, 40, 1)


def test_a_server_that_dies_mid_load_is_one_clear_line_and_the_next_run_repairs(
    settings: Settings, warehouse: Warehouse, source: Path
) -> None:
    process = subprocess.Popen(
        COMMAND, env=environment(settings, source), cwd=settings.project_root, stderr=subprocess.PIPE, text=True
    )
    with warehouse.connect("owner") as connection:
        connection.autocommit = True
        query = f"select count(pg_terminate_backend(pid)) > 0 {LOADER} and query ilike 'copy%'"
        eventually(lambda: connection.execute(query.encode()).fetchone() == (True,) or process.poll() is not None)
    _, stderr = process.communicate()
    assert process.returncode == 2
    assert len(stderr.splitlines()) == 1
    load(settings, source)
    assert state(settings, warehouse) == (ROWS, ROWS, 40, 1)


def unmarked(settings: Settings, warehouse: Warehouse, work: Callable[[], object]) -> Path:
    """Do `work`, a load of events whose lake folder cannot be marked once it has committed; the mark's path."""
    lake = settings.home / "lake" / "new_smell" / EVENTS.name
    before = set(lake.glob("[0-9]*"))
    with ThreadPoolExecutor() as pool, warehouse.connect("owner") as connection:
        # the load publishes its folder, and waits here with the ledger and the commit
        connection.execute("lock table ops.loads in share mode")
        working = pool.submit(work)
        mark = eventually(lambda: set(lake.glob("[0-9]*")) - before).pop() / "committed"
        mark.symlink_to("/no/such/folder/mark")
        connection.rollback()
        working.result()
    return mark


def test_a_committed_load_keeps_its_lake_folder_though_it_cannot_be_marked(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_jsonl(tmp_path / "in", [event(1)]).parent
    unmarked(settings, warehouse, lambda: load(settings, folder)).unlink()
    rebuild(settings)
    assert state(settings, warehouse) == (1, 1, 0, 1)


def test_a_committed_replay_keeps_its_lake_folder_though_it_cannot_be_marked(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_jsonl(tmp_path / "in", [event(1, eventType="?")]).parent)
    fix(settings, 1, {"event_type": "PAGE_VIEW"})
    unmarked(settings, warehouse, lambda: replay(settings, NEW_SMELL, EVENTS)).unlink()
    rebuild(settings)
    assert state(settings, warehouse) == (1, 1, 1, 2)
