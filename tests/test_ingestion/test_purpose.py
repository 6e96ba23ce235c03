"""A warehouse is for the bundled sample or for one's own sources, and says so when it is offered the other.

python -m ingestion.load on a home -> the ledger, or one line on standard error
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import SourceError, WarehouseError
from ingestion.load import find_system, load_system
from ingestion.purpose import confirm, is_for_sample, of_source
from ingestion.settings import SAMPLE_AS_OF, Settings
from ingestion.warehouse import Warehouse
from tests.events import event, load, write_csv

SMALLEST = "emotional_core"
"""The system whose sample loads fastest."""


def loaded(warehouse: Warehouse) -> list[tuple[str, int]]:
    with warehouse.connect("owner") as connection:
        return connection.execute("select system, count(*) from ops.loads group by 1 order by 1").fetchall()


def load_sample(settings: Settings) -> None:
    load_system(settings, find_system(settings, SMALLEST))


def test_the_sample_stays_outside_once_a_source_was_loaded(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, write_csv(tmp_path / "in", [event(1)]).parent)
    before = loaded(warehouse)
    with pytest.raises(WarehouseError, match=r"emotional_core: this warehouse is for your own sources.*source add"):
        load_sample(settings)
    assert loaded(warehouse) == before


def test_a_source_stays_outside_once_the_sample_was_loaded(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load_sample(settings)
    before = loaded(warehouse)
    folder = write_csv(tmp_path / "in", [event(1)]).parent
    with pytest.raises(WarehouseError, match=r"holds the bundled sample.*MOODMART_HOME to a new folder"):
        load(settings, folder)
    assert loaded(warehouse) == before
    load_sample(settings)


def test_a_load_by_hand_is_refused_in_one_line(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    load(settings, write_csv(tmp_path / "in", [event(1)]).parent)
    environment = {"MOODMART_HOME": str(settings.home), "MOODMART_DATABASE_URL": str(settings.database_url)}
    command = [sys.executable, "-m", "ingestion.load", SMALLEST]
    told = subprocess.run(
        command, cwd=settings.project_root, env=environment, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)


def test_a_load_that_brought_nothing_decides_nothing(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no file of any entity"):
        load(settings, write_csv(tmp_path / "in", [event(1)], name="Unknown").parent)
    load_sample(settings)
    assert loaded(warehouse)


def test_the_sample_named_as_a_folder_is_still_the_sample(settings: Settings, warehouse: Warehouse) -> None:
    load_sample(settings.with_sources({SMALLEST: str(settings.sample_root / SMALLEST)}))
    load_sample(settings)
    assert is_for_sample(settings)


@pytest.mark.parametrize(
    ("source", "purpose"),
    [
        ("/elsewhere/moodmart/ingestion/sample/masterx", "sample"),
        ("/elsewhere/moodmart/ingestion/sample/../sample/masterx/", "sample"),
        ("/elsewhere/moodmart/ingestion/sample/new_smell", "own"),
        ("/elsewhere/sample/masterx", "own"),
        ("mongodb://host/ingestion/sample/masterx", "own"),
        ("/data/masterx", "own"),
    ],
)
def test_the_sample_is_known_by_its_folder_in_any_checkout(source: str, purpose: str) -> None:
    assert of_source(source, "masterx") == purpose


def test_a_copy_of_the_sample_is_a_source_like_any(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    shutil.copytree(settings.sample_root / SMALLEST, tmp_path / SMALLEST)
    load_sample(settings.with_sources({SMALLEST: str(tmp_path / SMALLEST)}))
    assert not is_for_sample(settings)


def test_no_load_of_the_other_kind_begins_beside_one(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    folder = write_csv(tmp_path / "in", [event(1)]).parent
    with warehouse.connect("loader") as connection:
        confirm(connection, settings, SMALLEST, settings.source_address(SMALLEST))
        with pytest.raises(WarehouseError, match="holds the bundled sample"):
            load(settings, folder)
    load(settings, folder)


def test_an_own_warehouse_is_as_of_today_though_no_source_is_named(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    assert is_for_sample(settings) and settings.default_as_of() == SAMPLE_AS_OF
    load(settings, write_csv(tmp_path / "in", [event(1)]).parent)
    assert not is_for_sample(settings)
    assert settings.with_sources({"new_smell": "/in"}).default_as_of() == datetime.now(UTC).date()


def test_a_system_without_a_source_is_not_loaded_from_the_sample(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    own = settings.with_sources({"new_smell": str(write_csv(tmp_path / "own", [event(1)]).parent)})
    with pytest.raises(SourceError, match="masterx: has no source"):
        load_system(own, find_system(own, "masterx"))
