"""A full disk, a home that cannot be written, a server that does not answer: one line that names it, nothing else."""

import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.embedded import EmbeddedServer
from ingestion.errors import WarehouseError
from ingestion.outages import plain
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

NOWHERE = "/proc/no/home"
"""Nobody, not even root, makes a folder there."""


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file"


def test_a_home_that_cannot_be_written_is_named() -> None:
    with pytest.raises(WarehouseError, match=rf"{NOWHERE}: cannot be used: .*set MOODMART_HOME"):
        Warehouse(Settings(home=Path(NOWHERE))).up()


@pytest.mark.parametrize("below", ["", "home"])
def test_a_home_that_is_a_file_is_named(a_file: Path, below: str) -> None:
    with pytest.raises(WarehouseError, match=str(a_file)):
        Warehouse(Settings(home=a_file / below)).up()


@pytest.mark.parametrize("kind", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_what_cannot_be_written_is_named(kind: OSError) -> None:
    told = plain(kind, "/home/lake", "nothing was loaded")
    assert str(told) == f"/home/lake: cannot be used: {kind.strerror} (nothing was loaded)"


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), FileNotFoundError(2, "No such file"), ValueError()]
)
def test_other_errors_are_no_outage(error: Exception) -> None:
    assert plain(error, "/home") is None


def little_room() -> None:
    """No file of this process may pass 100 bytes, as on a disk with as little room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@pytest.mark.parametrize("command", [("up",), ("source", "add", "emotional_core=ingestion/sample/emotional_core")])
def test_a_full_disk_is_named_and_no_half_file_stays(
    settings: Settings, warehouse: Warehouse, command: tuple[str, ...], tmp_path: Path
) -> None:
    home = settings.home if command[0] == "source" else tmp_path / "new"
    before = sorted(path.name for path in home.glob("*"))
    result = subprocess.run(
        [sys.executable, "-B", "-m", "orchestration.cli", *command],
        env={"MOODMART_HOME": str(home), "MOODMART_DATABASE_URL": str(settings.database_url)},
        cwd=settings.project_root, capture_output=True, text=True, preexec_fn=little_room, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (2, f"error: {home}: the disk is full\n")
    assert sorted(path.name for path in home.glob("*") if path.name != ".lock") == [n for n in before if n != ".lock"]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which somebody listens and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("127.0.0.1:1", "refused"),
        ("[::1]:1", "refused|assign|unreachable"),
        ("no-such-host.invalid:5432", "resolve"),
        ("127.0.0.1:{silent}", "time"),
    ],
)
def test_a_warehouse_that_does_not_answer_is_named(tmp_path: Path, silent: int, place: str, why: str) -> None:
    place = place.format(silent=silent)
    address = f"postgresql://owner:secret@{place}/db?connect_timeout=2"
    with pytest.raises(WarehouseError, match=why) as caught:
        Warehouse(Settings(home=tmp_path / "home", database_url=address)).up()
    told = str(caught.value)
    assert place.replace("[", "").replace("]", "") in told
    assert "secret" not in told and "\n" not in told


def test_a_start_that_failed_says_why(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.root.mkdir()
    server.log.write_text("LOG: starting\nFATAL:  could not write to file: No space left on device\nLOG: shut down\n")
    assert str(server._failure("pg_ctl", "could not start server")).startswith(f"{server.root}: the disk is full")
    server.log.write_text("LOG: starting\nFATAL:  data directory has wrong ownership\nLOG: shut down\n")
    assert "FATAL:  data directory has wrong ownership".replace("  ", " ") in str(server._failure("pg_ctl", "no"))


def test_a_full_disk_of_the_server_is_told(warehouse: Warehouse) -> None:
    with warehouse.connect("owner") as connection, pytest.raises(psycopg.errors.DiskFull) as caught:
        connection.execute("do $$ begin raise exception 'no room' using errcode = 'disk_full'; end $$")
    assert str(plain(caught.value, "/home")) == "warehouse: the disk is full: no room"
