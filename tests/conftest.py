"""Fixtures every test folder shares: one embedded PostgreSQL for the session, one fresh database a test.

warehouse_server (session) -> settings (own home, own database on that server) -> warehouse (opened)

Bootstrapping a database and making its staging views is done once a session, in databases that others are copies of.

    pytest tests
"""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.contracts import load_contracts
from ingestion.credentials import CREDENTIALS_FILE, KEY_FILE, load_or_create
from ingestion.settings import Settings
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse

SHARED_RUN = "finished: Finished"
"""How a test asks for the whole run that is made once a process."""
EMPTY = "template1"
"""PostgreSQL's own template."""
STAGING_OF_MARTS = "path:dbt_project/models/staging,+path:dbt_project/models/marts"
OwnDatabase = Callable[..., AbstractContextManager[Settings]]


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
        write_lazily(home)
        yield settings
    finally:
        warehouse.down()
        shutil.rmtree(home, ignore_errors=True)


def write_lazily(home: Path) -> None:
    """Let the server's writes reach the disk when they may: only a machine that fails would lose them.

    A killed server loses nothing by that. The tests that kill one have a server of their own all the same.
    """
    credentials = load_or_create(home)
    superuser = f"postgresql://postgres:{credentials.passwords['superuser']}@127.0.0.1:{credentials.port}/postgres"
    with psycopg.connect(superuser, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def own_database(warehouse_server: Settings) -> OwnDatabase:
    """Opens settings with the given home, still to be made, and an own database, which goes when it closes.

    The database is empty, or a copy of the one that `template` names.
    """

    @contextmanager
    def opened(home: Path, template: str = EMPTY) -> Iterator[Settings]:
        home.mkdir(mode=0o700)
        # roles belong to the server, not to a database: their passwords must be the same in every home
        for name in (CREDENTIALS_FILE, KEY_FILE):
            shutil.copy2(warehouse_server.home / name, home / name)
        owner = Warehouse(warehouse_server).dsn("owner")
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(f"create database {name} template {template} strategy file_copy")
        try:
            yield replace(warehouse_server, home=home, database_url=f"{owner.rsplit('/', 1)[0]}/{name}")
        finally:
            drop(owner, name)

    return opened


@pytest.fixture(scope="session")
def opened_template(own_database: OwnDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of the database of an opened warehouse: it has schemas, rights and bookkeeping tables."""
    with own_database(tmp_path_factory.mktemp("opened") / "home") as settings:
        Warehouse(settings).up()
        yield database_of(settings)


@pytest.fixture(scope="session")
def staged_template(
    own_database: OwnDatabase, opened_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of one that has every table of `staging` as well, empty, and dbt's seeds and views that are read by marts.

    Nothing else is built: what is incremental is still built from scratch by the first build.
    """
    from tests.dbt_builds import build  # importing dbt takes seconds

    with own_database(tmp_path_factory.mktemp("staged") / "home", opened_template) as settings:
        Warehouse(settings).up()  # writes the profile of dbt
        with Warehouse(settings).connect("loader") as connection:
            ensure_tables(
                connection, tuple(entity for system in load_contracts().values() for entity in system.entities)
            )
        build(settings, date.min, "--select", STAGING_OF_MARTS, "resource_type:seed")
        yield database_of(settings)


@pytest.fixture(scope="session")
def staged_database(own_database: OwnDatabase, staged_template: str) -> OwnDatabase:
    """As `own_database`, for tests that build marts: a copy of the staged template."""
    return partial(own_database, template=staged_template)


def database_of(settings: Settings) -> str:
    """Name of the database."""
    return str(settings.database_url).rsplit("/", 1)[1]


def drop(owner: str, name: str) -> None:
    """Drop a database together with whatever a test left running in it."""
    with psycopg.connect(owner, autocommit=True) as connection:
        try:
            connection.execute(f"drop database if exists {name} with (force)")
        except psycopg.errors.InsufficientPrivilege:
            # an autovacuum worker is the superuser's: force may not end it, while a plain drop does
            connection.execute(f"drop database if exists {name}")


@pytest.fixture
def settings(own_database: OwnDatabase, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings with an own home and an own database on the session's server: empty, or that of `warehouse`."""
    template = request.getfixturevalue("opened_template") if "warehouse" in request.fixturenames else EMPTY
    with own_database(tmp_path / "home", template) as opened:
        yield opened


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """The opened warehouse of `settings`: schemas, roles and bookkeeping tables are there, no data."""
    opened = Warehouse(settings)
    opened.up()
    return opened
