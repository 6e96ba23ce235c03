"""One `moodmart run` on the bundled sample, shared by every test here."""

import subprocess
from dataclasses import dataclass

import pytest

from ingestion.settings import Settings
from tests.test_orchestration.command_line import moodmart


@dataclass(frozen=True)
class Finished:
    """A finished run: where it ran and what it printed."""

    settings: Settings
    result: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="session")
def finished(warehouse_server: Settings) -> Finished:
    """The first run of a new home, on the bundled sample."""
    return Finished(warehouse_server, moodmart(warehouse_server, "run"))
