"""A home, its key and its database fit together, or nothing runs; warehouses on one server leave each other alone."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from ingestion.credentials import CREDENTIALS_FILE, KEY_FILE, SHARED_ROLES, read_key
from ingestion.errors import WarehouseError
from ingestion.identity import fingerprint, names_for
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.conftest import drop
from tests.events import event, load, staged, write_csv

MakeDatabase = Callable[..., str]


@pytest.fixture
def new_database(warehouse_server: Settings) -> Iterator[MakeDatabase]:
    """Makes an empty database on the session's server and tells its owner's address."""
    owner = Warehouse(warehouse_server).dsn("owner")
    made = []

    def make(name: str | None = None, **options: str) -> str:
        name = name or f"other_{uuid.uuid4().hex[:12]}"
        words = " ".join(f"{option} '{value}'" for option, value in options.items())
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} " + words).format(sql.Identifier(name)))  # type: ignore[operator]
        made.append(name)
        return f"{owner.rsplit('/', 1)[0]}/{quote(name, safe='')}"

    yield make
    for name in made:
        drop(owner, sql.Identifier(name).as_string())


def opened(home: Path, address: str | None) -> Warehouse:
    warehouse = Warehouse(Settings(home=home, database_url=address))
    warehouse.up()
    return warehouse


def lets_in(warehouse: Warehouse) -> bool:
    """Whether every role of the warehouse gets in with its home's password."""
    for role in SHARED_ROLES:
        warehouse.connect(role).close()
    return True


def recorded(warehouse: Warehouse) -> tuple[str, dict[str, str]]:
    with warehouse.connect("owner") as connection:
        row = connection.execute("select key_fingerprint, roles from ops.warehouse").fetchone()
    assert row is not None
    return row


def forget_identity(warehouse: Warehouse) -> None:
    """Make it a warehouse from before it knew which it is."""
    with warehouse.connect("owner") as connection:
        connection.execute("drop table ops.warehouse; comment on schema ops is 'older'")


def test_a_new_home_makes_no_key_for_rows_of_another(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"made with a key that is not here \(put pseudonym.key and credentials"):
        opened(tmp_path / "second", settings.database_url)
    assert read_key(tmp_path / "second") is None
    assert lets_in(warehouse)


def test_a_home_that_lost_its_key_makes_no_other(settings: Settings, warehouse: Warehouse) -> None:
    (settings.home / KEY_FILE).unlink()
    with pytest.raises(WarehouseError, match="made with a key that is not here"):
        warehouse.up()
    assert read_key(settings.home) is None


def test_a_home_with_another_key_is_refused(settings: Settings, warehouse: Warehouse) -> None:
    (settings.home / KEY_FILE).write_text("00" * 32)
    with pytest.raises(WarehouseError, match="made with another key"):
        warehouse.up()


@pytest.mark.parametrize("text", ["", "not a key", "0"])
def test_a_key_that_cannot_be_read_is_one_line(settings: Settings, warehouse: Warehouse, text: str) -> None:
    (settings.home / KEY_FILE).write_text(text)
    with pytest.raises(WarehouseError):
        warehouse.up()
    assert (settings.home / KEY_FILE).read_text() == text


def test_a_key_is_told_by_a_fingerprint_that_does_not_hold_it(settings: Settings, warehouse: Warehouse) -> None:
    key = read_key(settings.home)
    assert key is not None
    assert recorded(warehouse)[0] == fingerprint(key) and recorded(warehouse)[0] not in key.hex()


def test_a_copy_of_a_home_opens_its_warehouse(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for name in (KEY_FILE, CREDENTIALS_FILE):
        shutil.copy(settings.home / name, tmp_path / "copy" / name)
    assert lets_in(opened(tmp_path / "copy", settings.database_url))


def test_a_warehouse_from_before_remembers_the_key_it_finds(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_csv(tmp_path / "in", [event(1)]).parent)
    forget_identity(warehouse)
    warehouse.up()
    assert recorded(warehouse) == (fingerprint(read_key(settings.home) or b""), SHARED_ROLES)
    with warehouse.connect("owner") as connection:
        assert len(staged(connection)) == 1


def test_a_warehouse_from_before_with_rows_takes_no_new_key(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_csv(tmp_path / "in", [event(1)]).parent)
    forget_identity(warehouse)
    (settings.home / KEY_FILE).unlink()
    with pytest.raises(WarehouseError, match="made with a key that is not here"):
        warehouse.up()


def test_a_home_keeps_its_key_for_a_database_made_anew(tmp_path: Path, new_database: MakeDatabase) -> None:
    home = tmp_path / "home"
    key = recorded(opened(home, new_database()))[0]
    again = opened(home, new_database())
    assert recorded(again)[0] == key and lets_in(again)


def test_a_lake_whose_key_is_gone_gets_no_new_one(tmp_path: Path, new_database: MakeDatabase) -> None:
    home = tmp_path / "home"
    (home / "lake" / "new_smell").mkdir(parents=True)
    with pytest.raises(WarehouseError, match="written with a key that is gone"):
        opened(home, new_database())


def test_two_warehouses_on_one_server_have_roles_of_their_own(tmp_path: Path, new_database: MakeDatabase) -> None:
    first, second = (opened(tmp_path / name, new_database()) for name in ("one", "two"))
    assert lets_in(first) and lets_in(second)
    assert not set(recorded(first)[1].values()) & set(recorded(second)[1].values())


def test_a_home_from_before_leaves_the_roles_of_others_alone(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, new_database: MakeDatabase
) -> None:
    own = tmp_path / "embedded"
    own.mkdir()
    passwords = dict.fromkeys(("superuser", "owner", "loader", "steward", "analyst"), "mine")
    (own / CREDENTIALS_FILE).write_text(json.dumps({"port": 1, "passwords": passwords}))
    second = opened(own, new_database())
    assert lets_in(warehouse) and lets_in(second)
    assert json.loads((own / CREDENTIALS_FILE).read_text())["roles"] == recorded(second)[1] != SHARED_ROLES


def test_roles_of_another_home_are_not_taken_over(tmp_path: Path, new_database: MakeDatabase) -> None:
    address = new_database()
    first = opened(tmp_path / "one", address)
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "one" / KEY_FILE, tmp_path / "two" / KEY_FILE)
    with pytest.raises(WarehouseError, match=r"does not take this home's password .*credentials\.json"):
        opened(tmp_path / "two", address).connect("analyst")
    assert lets_in(first)


def test_a_server_whose_passwords_are_gone_gets_no_new_ones(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("18")
    with pytest.raises(WarehouseError, match=r"credentials\.json: the passwords .* are gone \(put back a copy of it\)"):
        opened(tmp_path, None)
    assert not (tmp_path / CREDENTIALS_FILE).exists()


def test_names_kept_in_a_home_from_before_are_the_old_ones(settings: Settings, warehouse: Warehouse) -> None:
    kept = json.loads((settings.home / CREDENTIALS_FILE).read_text())
    del kept["roles"]
    (settings.home / CREDENTIALS_FILE).write_text(json.dumps(kept))
    warehouse.up()
    assert warehouse.dsn("analyst").startswith("postgresql://moodmart_analyst:")


@pytest.mark.parametrize("name", ['Odd "name" of-a/base', "größe", "x" * 63, "é" * 31, "50%"])
def test_any_name_of_a_database_makes_roles(tmp_path: Path, new_database: MakeDatabase, name: str) -> None:
    warehouse = opened(tmp_path / "home", new_database(name))
    names = recorded(warehouse)[1]
    assert lets_in(warehouse) and all(len(role.encode()) <= 63 for role in names.values())
    assert len(set(names.values())) == len(names)


def test_long_names_that_begin_alike_stay_apart() -> None:
    first, second = names_for("x" * 60 + "_one"), names_for("x" * 60 + "_two")
    assert not set(first.values()) & set(second.values())


def test_an_address_whose_login_stands_among_its_options_gives_roles_their_own(
    settings: Settings, warehouse: Warehouse
) -> None:
    given = psycopg.conninfo.conninfo_to_dict(str(settings.database_url))
    login = f"user={given['user']}&password={given['password']}&application_name=me"
    address = f"postgresql://{given['host']}:{given['port']}/{given['dbname']}?{login}"
    other = Warehouse(replace(settings, database_url=address))
    other.up()
    with other.connect("analyst") as connection:
        assert connection.execute("select current_user").fetchone() == (SHARED_ROLES["analyst"],)
    assert str(given["password"]) not in other.dsn("analyst")
