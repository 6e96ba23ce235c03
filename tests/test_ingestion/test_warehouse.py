"""The embedded server and the roles."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mm-"))
    yield folder
    Warehouse(Settings(home=folder)).down()
    shutil.rmtree(folder)


def test_the_server_outlives_the_process_that_started_it_until_it_is_told_to_stop(home: Path) -> None:
    code = "import sys; from pathlib import Path; from ingestion.settings import Settings;"
    code += "from ingestion.warehouse import Warehouse; Warehouse(Settings(home=Path(sys.argv[1]))).up()"
    subprocess.run([sys.executable, "-c", code, str(home)], check=True)
    warehouse = Warehouse(Settings(home=home))
    assert warehouse.is_running()
    with warehouse.connect("owner") as connection:
        row = connection.execute("show server_version_num").fetchone()
        assert row is not None and int(row[0]) >= 180_000
    assert warehouse.down()
    assert not warehouse.is_running()
    assert not warehouse.down()


def test_a_killed_server_comes_back_with_its_data(home: Path) -> None:
    warehouse = Warehouse(Settings(home=home))
    warehouse.up()
    with warehouse.connect("owner") as connection:
        connection.execute("insert into ops.runs (as_of) values ('2025-01-01')")
    process = int((home / "postgres/data/postmaster.pid").read_text().split()[0])
    subprocess.run(["kill", "-9", str(process)], check=True)
    warehouse.up()
    with warehouse.connect("owner") as connection:
        assert connection.execute("select count(*) from ops.runs").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes system users")
def test_processes_that_start_at_once_agree_on_the_system_user() -> None:
    name = f"mm{os.getpid()}"
    code = f"from ingestion import embedded as e; e.ensure_system_user('{name}'); print(e.pwd.getpwnam('{name}'))"
    for _ in range(6):
        try:
            started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
            entries = [process.communicate()[0] for process in started]
        finally:
            subprocess.run(["userdel", name], check=False)
        assert entries[0]
        assert len(set(entries)) == 1


def test_secrets_lie_in_files_only_their_owner_reads(home: Path) -> None:
    Warehouse(Settings(home=home)).up()
    for name in ("credentials.json", "pseudonym.key", "profiles.yml"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert len(set(json.loads((home / "credentials.json").read_text())["passwords"].values())) == 5


def test_nobody_gets_in_without_the_password(warehouse: Warehouse) -> None:
    address = warehouse.dsn("analyst").split("@")[1]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://moodmart_analyst:guess@{address}")


ALLOWED = {
    "analyst": {"select * from behavior.probe"},
    "steward": {"select * from behavior.probe", "select * from ops.quarantine", "select * from ops.loads"},
    "loader": {
        "select * from ops.quarantine",
        "select * from ops.loads",
        "delete from ops.quarantine",
        "delete from ops.loads",
        "create table staging.mine (a integer)",
    },
}
STATEMENTS = sorted(
    set().union(*ALLOWED.values())
    | {
        "select * from staging.probe",
        "insert into behavior.probe values (1)",
        "create table behavior.mine (a integer)",
        "create table public.mine (a integer)",
        "drop table ops.loads",
        "drop table behavior.probe",
        "create role intruder",
        "select pg_read_file('/etc/passwd')",
    }
)


@pytest.mark.parametrize("role", sorted(ALLOWED))
def test_each_role_may_do_its_work_and_nothing_else(warehouse: Warehouse, role: str) -> None:
    with warehouse.connect("owner") as owner:
        owner.execute("create table behavior.probe (a integer); create table staging.probe (a integer)")
    allowed = set()
    with warehouse.connect(role) as connection:
        for statement in STATEMENTS:
            try:
                connection.execute(statement.encode())
                allowed.add(statement)
            except psycopg.Error as error:
                assert isinstance(error, psycopg.errors.InsufficientPrivilege | psycopg.errors.ReadOnlySqlTransaction)
            connection.rollback()
    assert allowed == ALLOWED[role]


def test_opening_twice_changes_nothing(settings: Settings) -> None:
    warehouse = Warehouse(settings)
    warehouse.up()
    profile = (settings.home / "profiles.yml").read_text()
    warehouse.up()
    assert (settings.home / "profiles.yml").read_text() == profile


def test_dbt_connects_with_the_options_of_the_address(settings: Settings, warehouse: Warehouse) -> None:
    options = "sslmode=disable&connect_timeout=7&sslrootcert=%2Fit%27s%2Froot.crt&application_name=mine"
    Warehouse(replace(settings, database_url=f"{settings.database_url}?{options}")).up()
    profile = yaml.safe_load((settings.home / "profiles.yml").read_text())["moodmart"]["outputs"]["warehouse"]
    assert (profile["sslmode"], profile["connect_timeout"], profile["sslrootcert"]) == ("disable", 7, "/it's/root.crt")
    known = profile.keys() - {"type", "threads", "schema"} - {"sslmode", "connect_timeout", "sslrootcert"}
    assert {name: profile[name] for name in known} == {
        name: int(value) if name == "port" else value
        for name, value in conninfo_to_dict(str(settings.database_url)).items()
    }
