"""`moodmart ui` in a real browser: the start page, Dagster behind it, and an end that leaves nothing running."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.settings import Settings
from orchestration.lib.site import HOST
from tests.test_orchestration.command_line import moodmart, start
from tests.test_orchestration.conftest import Finished

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 600


def two_free_ports() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind((HOST, 0))
            port = int(first.getsockname()[1])
            try:
                second.bind((HOST, port + 1))
            except (OSError, OverflowError):
                continue
            return port


def get(address: str) -> bytes:
    """A page's body."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        body: bytes = answer.read()
    return body


def wait_for(address: str) -> bytes:
    """A page's body, as soon as there is one."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return get(address)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def rendered(address: str, profile: Path) -> str:
    """The page as the browser has built it after its scripts have run."""
    browser = next(path for path in map(shutil.which, BROWSERS) if path)
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", *quiet, f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=20000", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=True).stdout


@pytest.fixture(scope="module")
def process(finished: Finished) -> Iterator["subprocess.Popen[str]"]:
    """The running interface, which the last test here ends."""
    process = start(finished.settings, "ui", "--port", str(two_free_ports()))
    yield process
    process.terminate()
    process.communicate(timeout=300)


@pytest.fixture(scope="module")
def ui(process: "subprocess.Popen[str]") -> int:
    """Port of the start page; Dagster answers on the next one."""
    port = int(str(process.args[-1]))  # type: ignore[index]
    wait_for(f"http://{HOST}:{port}/")
    return port


def test_the_start_page_shows_loads_quarantine_checks_and_marts(ui: int, tmp_path: Path) -> None:
    page = rendered(f"http://{HOST}:{ui}/", tmp_path)
    shown = ("new_smell.user_interaction_events", "query_text_empty", "core.sessions", "Last complete build as of")
    assert [text for text in shown if text not in page] == []


def test_the_start_page_needs_nothing_from_elsewhere(ui: int) -> None:
    page = get(f"http://{HOST}:{ui}/").decode()
    assert set(re.findall(r"https?://[^/\"]+", page)) <= {f"http://{HOST}:{ui + 1}"}
    assert "<script" not in page


def test_data_docs_are_served(ui: int) -> None:
    assert b"<html" in get(f"http://{HOST}:{ui}/data-docs/").lower()


def test_dbt_docs_are_served_once_made(ui: int) -> None:
    assert b"user_behavior_profiles" in wait_for(f"http://{HOST}:{ui}/dbt-docs/")


@pytest.mark.parametrize(
    "path", ["/credentials.json", "/data-docs/../credentials.json", "/data-docs/%2e%2e/profiles.yml"]
)
def test_nothing_else_is_served(ui: int, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"http://{HOST}:{ui}{path}")


def test_dagster_shows_the_run_of_the_command_line(ui: int, tmp_path: Path) -> None:
    wait_for(f"http://{HOST}:{ui + 1}/server_info")
    page = rendered(f"http://{HOST}:{ui + 1}/runs", tmp_path)
    assert "moodmart/as_of" in page and "Success" in page


def test_dagster_has_loaded_the_code_location(ui: int) -> None:
    wait_for(f"http://{HOST}:{ui + 1}/server_info")
    query = b'{"query": "{assetNodes { assetKey { path } }}"}'
    request = urllib.request.Request(f"http://{HOST}:{ui + 1}/graphql", query, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        nodes = json.load(answer)["data"]["assetNodes"]
    assert {"assetKey": {"path": ["behavior", "user_behavior_profiles"]}} in nodes


def test_a_taken_port_is_one_line(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        result = moodmart(settings, "ui", "--port", str(port))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and f"port {port}" in result.stderr


def test_ending_it_ends_dagster_too(process: "subprocess.Popen[str]", ui: int) -> None:
    wait_for(f"http://{HOST}:{ui + 1}/server_info")
    process.terminate()
    assert process.wait(60) == 0
    for port in (ui, ui + 1):
        with pytest.raises(urllib.error.URLError):
            get(f"http://{HOST}:{port}/")
