"""Fixtures every test folder shares: one embedded PostgreSQL for the session, one fresh database a test.

warehouse_server (session) -> settings (own home, own database on that server) -> warehouse (opened)

    pytest tests
"""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.credentials import CREDENTIALS_FILE, KEY_FILE
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

SHARED_RUN = "finished: Finished"
"""How a test asks for the whole run that is made once a process."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile`, keep all files that share the run in one process; by itself xdist keeps each file."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # only there if xdist is

    files = {path for path in Path(__file__).parent.rglob("test_*.py") if SHARED_RUN in path.read_text()}

    class SharedRunScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return SHARED_RUN if config.rootpath / file in files else file

    return SharedRunScheduling(config, log)


@pytest.fixture(scope="session")
def warehouse_server() -> Iterator[Settings]:
    """Settings of an embedded server that runs for the whole session."""
    home = Path(tempfile.mkdtemp(prefix="mm-"))
    settings = Settings(home=home)
    warehouse = Warehouse(settings)
    try:
        warehouse.up()
        yield settings
    finally:
        warehouse.down()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def own_database(warehouse_server: Settings) -> Callable[[Path], AbstractContextManager[Settings]]:
    """Opens settings with the given home, still to be made, and an own empty database, which goes when it closes."""

    @contextmanager
    def opened(home: Path) -> Iterator[Settings]:
        home.mkdir(mode=0o700)
        # roles belong to the server, not to a database: their passwords must be the same in every home
        for name in (CREDENTIALS_FILE, KEY_FILE):
            shutil.copy2(warehouse_server.home / name, home / name)
        owner = Warehouse(warehouse_server).dsn("owner")
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        try:
            yield replace(warehouse_server, home=home, database_url=f"{owner.rsplit('/', 1)[0]}/{name}")
        finally:
            drop(owner, name)

    return opened


def drop(owner: str, name: str) -> None:
    """Drop a database together with whatever a test left running in it."""
    with psycopg.connect(owner, autocommit=True) as connection:
        try:
            connection.execute(f"drop database if exists {name} with (force)")
        except psycopg.errors.InsufficientPrivilege:
            # an autovacuum worker is the superuser's: force may not end it, while a plain drop does
            connection.execute(f"drop database if exists {name}")


@pytest.fixture
def settings(own_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path: Path) -> Iterator[Settings]:
    """Settings with an own home and an own empty database on the session's server."""
    with own_database(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """The opened warehouse of `settings`: schemas, roles and bookkeeping tables are there, no data."""
    opened = Warehouse(settings)
    opened.up()
    return opened
