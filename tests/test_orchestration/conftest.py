"""Two runs of `moodmart` on the bundled sample, shared by every test here."""

import subprocess
from dataclasses import dataclass

import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.test_orchestration.command_line import moodmart


@dataclass(frozen=True)
class Finished:
    """A finished run and the one right after it: where they ran, what they printed, how often dbt had been started."""

    settings: Settings
    result: "subprocess.CompletedProcess[str]"
    builds: int
    second: "subprocess.CompletedProcess[str]"
    builds_after_second: int


def builds(settings: Settings) -> int:
    """How often dbt was started."""
    with Warehouse(settings).connect("owner") as connection:
        row = connection.execute("select count(*) from ops.runs").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="session")
def finished(warehouse_server: Settings) -> Finished:
    """The first two runs of a new home, on the bundled sample."""
    first = moodmart(warehouse_server, "run")
    built = builds(warehouse_server)
    second = moodmart(warehouse_server, "run")
    return Finished(warehouse_server, first, built, second, builds(warehouse_server))
