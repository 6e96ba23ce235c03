"""Kill the loader at any moment, or run two at once: the next run gives the warehouse of one clean run."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, event, load, staged, write_jsonl

ROWS = 30_000
COMMAND = [sys.executable, "-m", "ingestion.load", "new_smell"]


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


def test_killed_at_any_moment_nothing_is_lost_and_nothing_twice(
    settings: Settings, warehouse: Warehouse, source: Path
) -> None:
    moments = random.Random(11)
    killed = 0
    for _ in range(8):
        process = subprocess.Popen(
            COMMAND, env=environment(settings, source), cwd=settings.project_root, stdout=subprocess.DEVNULL
        )
        time.sleep(moments.uniform(0.9, 2.2))
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait()
    assert killed
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
    deadline = time.monotonic() + 20
    with warehouse.connect("owner") as connection:
        connection.autocommit = True
        query = (
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where usename = 'moodmart_loader' and datname = current_database() and query ilike 'copy%%'"
        )
        while process.poll() is None and connection.execute(query).fetchone() == (0,):
            assert time.monotonic() < deadline
    _, stderr = process.communicate()
    assert process.returncode == 2
    assert len(stderr.splitlines()) == 1
    load(settings, source)
    assert state(settings, warehouse) == (ROWS, ROWS, 40, 1)
