"""PostgreSQL servers for tests that need more than a database: a primary with its standby, and another in its place."""

import os
import shutil
import subprocess
from pathlib import Path

from ingestion.credentials import free_port
from ingestion.embedded import SYSTEM_USER, ensure_system_user, programs

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = '16MB'
fsync = off
autovacuum = off
wal_level = replica
max_prepared_transactions = 2
hot_standby = on
"""
TRANSACTIONS_LEFT = 500
TRANSACTIONS_A_FILE = 1 << 20
STATUS_BYTES = TRANSACTIONS_A_FILE // 4
ACCESS = "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n"


class Cluster:
    """A server with its data in a folder of its own, which every user may pass through."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.data = folder / "data"
        self.port = port or free_port()
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            ensure_system_user(SYSTEM_USER)
            shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)

    @property
    def address(self) -> str:
        """The superuser's connection string."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self, *options: str) -> "Cluster":
        """Make an empty cluster with a system identifier of its own."""
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "--no-sync", *options)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        (self.data / "pg_hba.conf").write_text(ACCESS)
        return self

    def copy(self, primary: "Cluster") -> "Cluster":
        """Make a standby of `primary`."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        self._run("pg_basebackup", "-D", str(self.data), "-R", "--no-sync", "--checkpoint=fast", "-d", source)
        return self

    def near_wraparound(self) -> "Cluster":
        """Let its transaction numbers begin anew soon, as those of an old and busy server do."""
        self.start()
        self._run("vacuumdb", "--all", "--freeze", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")
        self.stop()
        self._run("pg_resetwal", "-D", str(self.data), "-x", str((1 << 32) - TRANSACTIONS_LEFT))
        status = self.data / "pg_xact" / f"{((1 << 32) - TRANSACTIONS_LEFT) // TRANSACTIONS_A_FILE:04X}"
        status.write_bytes(bytes(STATUS_BYTES))
        if os.geteuid() == 0:
            shutil.chown(status, SYSTEM_USER, SYSTEM_USER)
        return self

    def start(self) -> "Cluster":
        """Start it on its port."""
        log = str(self.data / "server.log")
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", f"-p {self.port}", "start")
        return self

    def promote(self) -> None:
        """Make a primary of a standby."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        user = SYSTEM_USER if os.geteuid() == 0 else None
        subprocess.run(
            [str(programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            check=True,
        )
