"""Bad input gets one clear line and leaves the warehouse as it was."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from ingestion.errors import ContractError, MoodmartError, SourceError, SourceUnreachableError
from ingestion.load import find_system
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import create_prisma_tables, event, load, write_csv, write_parquet


def tables(warehouse: Warehouse) -> dict[str, int]:
    """Rows by table that has any: what the warehouse holds, without what was noticed about the sources."""
    with warehouse.connect("owner") as connection:
        names = connection.execute(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname in ('staging', 'ops') and tablename not in ('source_schemas', 'schema_events')"
        ).fetchall()
        counts = {n: connection.execute(f"select count(*) from {n}").fetchone() for (n,) in names}
    return {name: count[0] for name, count in counts.items() if count and count[0]}


def refused(settings: Settings, warehouse: Warehouse, address: object) -> MoodmartError:
    before = tables(warehouse)
    with pytest.raises(MoodmartError) as caught:
        load(settings, address)
    assert tables(warehouse) == before
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_column_is_named(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [{k: v for k, v in event(n).items() if k != "eventData"} for n in range(5)]
    error = refused(settings, warehouse, write_parquet(tmp_path / "in", rows).parent)
    assert "column eventData is missing" in str(error)
    assert "UserInteractionEvent.parquet" in str(error)


def test_a_missing_folder_and_an_empty_one_are_named(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    assert "no such folder" in str(refused(settings, warehouse, tmp_path / "absent"))
    assert "no file of any entity" in str(refused(settings, warehouse, tmp_path))


def test_a_file_of_another_kind_is_named(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "UserInteractionEvent.parquet").write_text("not parquet")
    assert "cannot be read" in str(refused(settings, warehouse, tmp_path))


def test_an_unreachable_host_is_a_source_error_worth_a_retry(settings: Settings, warehouse: Warehouse) -> None:
    error = refused(settings, warehouse, "postgresql://someone:hush@127.0.0.1:9/app")
    assert isinstance(error, SourceUnreachableError)
    assert "127.0.0.1:9" in str(error)
    assert "hush" not in str(error)


def test_a_wrong_password_is_named_and_not_shown(settings: Settings, warehouse: Warehouse) -> None:
    parts = urlsplit(str(settings.database_url))
    wrong = f"postgresql://{parts.username}:hush@{parts.hostname}:{parts.port}{parts.path}"
    error = refused(settings, warehouse, wrong)
    assert not isinstance(error, SourceUnreachableError)
    assert "password authentication failed" in str(error)
    assert "hush" not in str(error)


def test_a_missing_table_and_a_missing_column_of_a_live_source_are_named(
    settings: Settings, warehouse: Warehouse
) -> None:
    address = str(settings.database_url)
    assert "table UserInteractionEvent is missing" in str(refused(settings, warehouse, address))
    with psycopg.connect(address) as source:
        create_prisma_tables(source)
        source.execute('alter table "UserSession" drop column bounced')
    assert "column bounced is missing" in str(refused(settings, warehouse, address))


def test_an_unknown_system_and_an_unknown_kind_of_source_are_named(settings: Settings, warehouse: Warehouse) -> None:
    with pytest.raises(ContractError, match="unknown system 'old_smell'"):
        find_system(settings, "old_smell")
    assert "unknown kind of source 'mysql'" in str(refused(settings, warehouse, "mysql://host/app"))
    with pytest.raises(SourceError):
        load(settings, "ftp://host")


def limited() -> None:
    """No file of this process may pass 200 kB, as on a disk with as little room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_full_disk_is_named_and_nothing_was_loaded(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    write_csv(tmp_path / "in", [event(n, userAgent=os.urandom(40).hex()) for n in range(20_000)])
    before = tables(warehouse)
    environment = {
        "PATH": os.environ["PATH"],
        "MOODMART_HOME": str(settings.home),
        "MOODMART_DATABASE_URL": str(settings.database_url),
        "MOODMART_SOURCE_NEW_SMELL": str(tmp_path / "in"),
    }
    command = [sys.executable, "-m", "ingestion.load", "new_smell"]
    result = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=limited,
        check=False,
        cwd=settings.project_root,
    )
    assert result.returncode == 2
    assert result.stderr.splitlines() == [f"error: {settings.home}/lake: the disk is full (nothing was loaded)"]
    assert tables(warehouse) == before
    assert not list((settings.home / "lake").rglob("*.parquet"))
