"""A hundred kills at random moments of a load, and of the server under it; slow, so `make test-slow` runs it."""

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_jsonl

KILLS = 100
ROWS = 20_000
ITEMS = NEW_SMELL.entity("user_interaction_event_items")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["ingestion.load", "tests.events"])
SHOWN = '{"shownPerfumeIds": ["a", "b"]}'


def killed(settings: Settings, folder: Path, after: float) -> bool:
    """Start a load and kill it; whether it was still running."""
    process = FORKS.Process(target=load, args=(settings, folder))
    process.start()
    process.join(after)
    running = process.is_alive()
    if running and process.pid:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return running


@pytest.mark.slow
def test_after_a_hundred_kills_the_warehouse_equals_one_clean_run(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(n, eventData=SHOWN) if n % 4 == 0 else event(n) for n in range(ROWS)]
    rows += [event(n, eventType="?") for n in range(ROWS, ROWS + 40)]
    parts = [write_jsonl(tmp_path / f"part{n}", rows[n::4]).parent for n in range(4)]
    moments, count, part = random.Random(5), 0, 0
    clock = time.monotonic()
    load(settings, parts[0])
    typical = time.monotonic() - clock
    while count < KILLS:
        # some loads come through: the next part is then under fire
        folder = parts[1 + part % 3]
        part += not killed(settings, folder, moments.uniform(0.02, typical))
        count += 1
    for folder in parts:
        load(settings, folder)
    with warehouse.connect("owner") as connection:
        events = staged(connection)
        assert len(events) == len({row[0] for row in events}) == ROWS
        assert len(staged(connection, ITEMS)) == ROWS // 2
        assert connection.execute("select count(*) from ops.quarantine").fetchone() == (40,)
        loads = connection.execute(
            "select count(*), sum(inserted), sum(quarantined) from ops.loads where entity = %s", [EVENTS.name]
        ).fetchone()
        assert loads == (4, ROWS, 40)
    folders = {path.name for path in (settings.home / "lake" / "new_smell" / EVENTS.name).iterdir()}
    assert len(folders) == 4


@pytest.mark.slow
def test_a_server_killed_during_loads_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "h")
    warehouse = Warehouse(settings)
    folder = write_jsonl(tmp_path / "in", [event(n) for n in range(ROWS)]).parent
    moments = random.Random(6)
    try:
        for _ in range(6):
            warehouse.up()
            process = FORKS.Process(target=load, args=(settings, folder))
            process.start()
            time.sleep(moments.uniform(0.1, 0.9))
            postmaster = int((settings.home / "postgres/data/postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGKILL)
            process.join()
        warehouse.up()
        load(settings, folder)
        with warehouse.connect("owner") as connection:
            events = staged(connection)
        assert len(events) == len({row[0] for row in events}) == ROWS
    finally:
        warehouse.down()
