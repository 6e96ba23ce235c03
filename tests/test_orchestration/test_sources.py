"""The sources a home keeps: named once, read by every later run, never shown with a password."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ingestion.credentials import CREDENTIALS_FILE
from ingestion.load import find_system, load_system
from ingestion.settings import SAMPLE_AS_OF, Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import as_of
from tests.events import create_prisma_tables, event, load, write_csv
from tests.test_orchestration.command_line import environment, moodmart, start

SCHEDULED = datetime(2025, 3, 1, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "in", [event(1)]).parent


def of_env(settings: Settings, **more: str) -> dict[str, str]:
    """Sources that a process on this home reads."""
    return dict(Settings.from_env(environment(settings) | more).sources)


def test_a_source_named_once_is_read_by_every_later_process(settings: Settings, folder: Path) -> None:
    result = moodmart(settings, "source", "add", f"new_smell={folder}")
    assert result.returncode == 0, result.stderr
    assert of_env(settings) == {"new_smell": str(folder)}
    assert f"new_smell  {folder}  kept" in moodmart(settings, "source", "list").stdout
    assert stat.S_IMODE((settings.home / CREDENTIALS_FILE).stat().st_mode) == 0o600


def test_the_environment_wins_over_what_is_kept(settings: Settings, folder: Path) -> None:
    moodmart(settings, "source", "add", f"new_smell={folder}")
    named = of_env(settings, MOODMART_SOURCE_NEW_SMELL="/other", MOODMART_SOURCE_MASTERX="/m")
    assert named == {"new_smell": "/other", "masterx": "/m"}
    assert "environment" in moodmart(settings, "source", "list", MOODMART_SOURCE_NEW_SMELL="/other").stdout


def test_a_folder_is_kept_absolute(settings: Settings) -> None:
    moodmart(settings, "source", "add", "emotional_core=ingestion/sample/emotional_core")
    assert of_env(settings) == {"emotional_core": str(settings.sample_root / "emotional_core")}


def test_a_password_is_kept_and_never_shown(settings: Settings, warehouse: Warehouse) -> None:
    address = str(settings.database_url)
    with psycopg.connect(address) as source:
        create_prisma_tables(source)
    added = moodmart(settings, "source", "add", f"new_smell={address}")
    listed, removed = moodmart(settings, "source", "list"), moodmart(settings, "source", "remove", "new_smell")
    assert added.returncode == listed.returncode == removed.returncode == 0
    password = conninfo_to_dict(address)["password"]
    assert password not in added.stdout + listed.stdout + removed.stdout + added.stderr
    assert address.rpartition("@")[2] in listed.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("new_smell=/no/such/folder", "no such folder"),
        ("new_smell=postgresql://me:secret@127.0.0.1:1/db", "127.0.0.1:1"),
        ("new_smell=postgresql://me:sec/ret@127.0.0.1:1/db?password=secret", "malformed"),
        ("nope=/tmp", "unknown system 'nope'"),
        ("postgresql://me:secret@127.0.0.1/db", "names no source"),
        ("new_smell", "names no source"),
    ],
)
def test_a_source_that_cannot_be_read_is_not_kept(settings: Settings, text: str, told: str) -> None:
    result = moodmart(settings, "source", "add", text)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert told in result.stderr and "secret" not in result.stderr + result.stdout
    assert of_env(settings) == {}


def test_of_several_sources_all_are_kept_or_none(settings: Settings, folder: Path) -> None:
    assert moodmart(settings, "source", "add", f"new_smell={folder}", "masterx=/no/such").returncode == 2
    assert of_env(settings) == {}


def test_a_removed_source_is_not_read_and_its_rows_stay(settings: Settings, warehouse: Warehouse, folder: Path) -> None:
    moodmart(settings, "source", "add", f"new_smell={folder}")
    load(settings, folder)
    assert "its loaded rows stay" in moodmart(settings, "source", "remove", "new_smell").stdout
    assert of_env(settings) == {}
    with warehouse.connect("owner") as connection:
        assert connection.execute("select count(*) from staging.new_smell__user_interaction_events").fetchone() == (1,)
    again = moodmart(settings, "source", "remove", "new_smell")
    assert (again.returncode, again.stderr) == (2, "error: new_smell: no source is kept (none is kept)\n")


def test_a_run_keeps_the_source_it_is_given(settings: Settings, folder: Path) -> None:
    process = start(settings, "run", "--source", f"new_smell={folder}")
    assert process.stdout is not None
    assert any("kept for the next runs: new_smell" in line for line in process.stdout)
    process.kill()
    process.communicate()
    assert of_env(settings) == {"new_smell": str(folder)}


def test_a_source_for_one_run_does_not_replace_the_kept_one(settings: Settings, folder: Path, tmp_path: Path) -> None:
    moodmart(settings, "source", "add", f"new_smell={folder}")
    other = write_csv(tmp_path / "other", [event(2)]).parent
    process = start(settings, "run", "--source", f"new_smell={other}")
    assert process.stdout is not None
    assert any("new_smell is read from there this once" in line for line in process.stdout)
    process.kill()
    process.communicate()
    assert of_env(settings) == {"new_smell": str(folder)}


def test_a_plain_run_never_puts_the_sample_on_top(settings: Settings, warehouse: Warehouse, folder: Path) -> None:
    load(settings, folder)
    result = moodmart(settings, "run")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "the bundled sample stays outside" in result.stderr


@pytest.mark.parametrize("command", [("source", "add"), ("run", "--source")])
def test_a_warehouse_of_the_sample_takes_no_source(
    settings: Settings, warehouse: Warehouse, folder: Path, command: tuple[str, str]
) -> None:
    load_system(settings, find_system(settings, "emotional_core"))
    result = moodmart(settings, *command, f"new_smell={folder}")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "this warehouse holds the bundled sample" in result.stderr
    assert of_env(settings) == {}


def test_schedules_are_of_their_day_as_soon_as_a_source_is_kept_or_was_loaded(
    settings: Settings, warehouse: Warehouse, folder: Path
) -> None:
    assert as_of.of_schedule(SCHEDULED, settings) == SAMPLE_AS_OF
    moodmart(settings, "source", "add", f"new_smell={folder}")
    assert as_of.of_schedule(SCHEDULED, settings) == SCHEDULED.date()
    moodmart(settings, "source", "remove", "new_smell")
    load(settings, folder)
    assert as_of.of_schedule(SCHEDULED, settings) == SCHEDULED.date()


def test_a_credentials_file_that_cannot_be_read_is_one_line(settings: Settings) -> None:
    (settings.home / CREDENTIALS_FILE).write_text(json.dumps({"port": 1})[:-1])
    result = moodmart(settings, "status")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"{settings.home / CREDENTIALS_FILE}: it is not as moodmart wrote it" in result.stderr
