"""What a server must offer, asked before anything is written: its version, the encoding, the rights of the owner."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from ingestion import requirements
from ingestion.errors import WarehouseError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.conftest import drop


@pytest.fixture
def weak(warehouse_server: Settings) -> Iterator[tuple[str, str, str]]:
    """A role that may do nothing yet, the address of a database of somebody else's as that role, and the owner's."""
    owner = Warehouse(warehouse_server).dsn("owner")
    name, database = f"weak_{uuid.uuid4().hex[:8]}", f"other_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"create role {name} login password 'weak'".encode())
        connection.execute(f"create database {database}".encode())
    yield name, f"postgresql://{name}:weak@{urlsplit(owner).netloc.rpartition('@')[2]}/{database}", owner
    drop(owner, database)


def schemas(owner: str, address: str) -> int:
    with psycopg.connect(f"{owner.rsplit('/', 1)[0]}{urlsplit(address).path}") as connection:
        found = connection.execute("select count(*) from pg_namespace where nspname in ('ops', 'staging')").fetchone()
    assert found is not None
    return int(found[0])


def refused(home: Path, address: str) -> str:
    with pytest.raises(WarehouseError) as caught:
        Warehouse(Settings(home=home, database_url=address)).up()
    assert not (home / "pseudonym.key").exists()
    return str(caught.value)


def test_what_the_owner_may_not_do_is_told_right_by_right(weak: tuple[str, str, str], tmp_path: Path) -> None:
    name, address, owner = weak
    database = urlsplit(address).path[1:]
    told = refused(tmp_path / "home", address)
    assert (
        f'role {name} may not create schemas (as its owner: grant create on database "{database}" to "{name}")' in told
    )
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"grant create on database {database} to {name}".encode())
    told = refused(tmp_path / "home", address)
    assert f"role {name} may not create the roles moodmart_{database}_" in told
    assert f'(as a superuser: alter role "{name}" createrole)' in told
    assert schemas(owner, address) == 0
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"alter role {name} createrole".encode())
    warehouse = Warehouse(Settings(home=tmp_path / "home", database_url=address))
    warehouse.up()
    for role in ("loader", "steward", "analyst"):
        warehouse.connect(role).close()


def test_roles_that_somebody_else_has_made_are_taken_as_they_are(weak: tuple[str, str, str], tmp_path: Path) -> None:
    name, address, owner = weak
    database = urlsplit(address).path[1:]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"grant create on database {database} to {name}".encode())
        refused(tmp_path / "home", address)
        credentials = json.loads((tmp_path / "home" / "credentials.json").read_text())
        for role, made in credentials["roles"].items():
            connection.execute(f"create role {made} login password '{credentials['passwords'][role]}'".encode())
        told = refused(tmp_path / "home", address)
        assert f'grant "moodmart_{database}_loader" to "{name}"' in told
        connection.execute(f"grant moodmart_{database}_loader to {name}".encode())
    warehouse = Warehouse(Settings(home=tmp_path / "home", database_url=address))
    warehouse.up()
    for role in ("loader", "steward", "analyst"):
        warehouse.connect(role).close()


def test_another_role_does_not_open_a_warehouse_it_does_not_own(
    settings: Settings, warehouse: Warehouse, weak: tuple[str, str, str]
) -> None:
    name, address, _ = weak
    with warehouse.connect("owner") as connection:
        connection.execute(f"grant create on database {connection.info.dbname} to {name}".encode())
        connection.execute("comment on schema ops is 'older'")
    parts = urlsplit(str(settings.database_url))
    other = f"{address.rsplit('/', 1)[0]}{parts.path}"
    with pytest.raises(WarehouseError, match=rf"role {name} must own the warehouse"):
        Warehouse(Settings(home=settings.home, database_url=other)).up()


def test_a_server_that_is_too_old_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "OLDEST_VERSION", 99)
    told = refused_version(settings)
    assert "the server is PostgreSQL 18" in told and "moodmart needs PostgreSQL 99 or newer" in told


def refused_version(settings: Settings) -> str:
    with pytest.raises(WarehouseError) as caught:
        Warehouse(settings).up()
    assert schemas(str(settings.database_url), str(settings.database_url)) == 0
    return str(caught.value)


def test_a_database_of_another_encoding_is_refused(warehouse_server: Settings, tmp_path: Path) -> None:
    owner = Warehouse(warehouse_server).dsn("owner")
    database = f"latin_{uuid.uuid4().hex[:8]}"
    options = "encoding 'LATIN1' locale_provider libc locale 'C' template template0"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"create database {database} {options}".encode())
    try:
        assert "the database's encoding is LATIN1" in refused(
            tmp_path / "home", f"{owner.rsplit('/', 1)[0]}/{database}"
        )
    finally:
        drop(owner, database)


def test_a_database_that_is_read_only_is_refused(
    warehouse_server: Settings, weak: tuple[str, str, str], tmp_path: Path
) -> None:
    _, address, owner = weak
    database = urlsplit(address).path[1:]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"alter database {database} set default_transaction_read_only = on".encode())
    assert "the database is read only" in refused(tmp_path / "home", address)


@pytest.mark.parametrize("role", ["owner", "loader", "steward", "analyst"])
def test_every_role_counts_in_utc_whatever_the_server_does(
    weak: tuple[str, str, str], tmp_path: Path, role: str
) -> None:
    name, address, owner = weak
    database = urlsplit(address).path[1:]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"grant create on database {database} to {name}".encode())
        connection.execute(f"alter role {name} createrole".encode())
        connection.execute(f"alter database {database} set timezone = 'Asia/Kolkata'".encode())
    warehouse = Warehouse(Settings(home=tmp_path / "home", database_url=address))
    warehouse.up()
    with warehouse.connect(role) as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)
