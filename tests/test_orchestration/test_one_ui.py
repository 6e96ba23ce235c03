"""One `moodmart ui` a home: two would run every schedule twice."""

import subprocess
import time
from pathlib import Path

import pytest

from ingestion.settings import Settings
from tests.test_orchestration.command_line import moodmart, start
from tests.test_orchestration.test_ui import two_free_ports

PATIENCE_SECONDS = 60


def started(settings: Settings) -> "subprocess.Popen[str]":
    """The interface, once it says where it is."""
    process = start(settings, "ui", "--port", str(two_free_ports()))
    assert process.stdout is not None
    assert any("Ctrl-C ends both" in line for line in process.stdout)
    return process


def daggers(settings: Settings) -> list[int]:
    """Dagster's processes that work on the home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"dagster\0dev" in command and f"MOODMART_HOME={settings.home}\0".encode() in variables:
            found.append(int(folder.name))
    return found


@pytest.fixture
def first(settings: Settings) -> "subprocess.Popen[str]":
    return started(settings)


def test_a_second_one_is_refused_on_any_port_until_the_first_is_gone(
    settings: Settings, first: "subprocess.Popen[str]"
) -> None:
    second = moodmart(settings, "ui", "--port", str(two_free_ports()))
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == f"error: {settings.home}: `moodmart ui` runs already (process {first.pid})\n"
    assert daggers(settings)
    first.kill()
    first.communicate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while daggers(settings):
        assert time.monotonic() < deadline, "Dagster outlived the interface that was killed"
        time.sleep(0.2)
    third = started(settings)
    third.terminate()
    third.communicate(timeout=PATIENCE_SECONDS)
    assert third.returncode == 0
