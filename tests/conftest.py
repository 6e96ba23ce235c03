"""Fixtures every test folder shares: one embedded PostgreSQL for the session, one fresh database a test.

warehouse_server (session) -> settings (own home, own database on that server) -> warehouse (opened)

    pytest tests
"""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ingestion.credentials import CREDENTIALS_FILE, KEY_FILE
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse


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


@pytest.fixture
def settings(warehouse_server: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings with an own home and an own empty database on the session's server."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    # roles belong to the server, not to a database: their passwords must be the same in every home
    for name in (CREDENTIALS_FILE, KEY_FILE):
        shutil.copy2(warehouse_server.home / name, home / name)
    owner = Warehouse(warehouse_server).dsn("owner")
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield replace(warehouse_server, home=home, database_url=f"{owner.rsplit('/', 1)[0]}/{name}")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """The opened warehouse of `settings`: schemas, roles and bookkeeping tables are there, no data."""
    opened = Warehouse(settings)
    opened.up()
    return opened
