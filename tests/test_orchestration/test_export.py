"""Training sets as a data scientist gets them: written by the command line, read from their folder alone.

a build of the bundled sample -> `moodmart export training-set` -> Parquet and manifest

    pytest tests/test_orchestration/test_export.py
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.settings import SAMPLE_AS_OF, Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.training_set import SMALLEST_GROUP, shared_values
from tests.dbt_builds import build
from tests.events import load
from tests.test_orchestration.command_line import moodmart

EXPORT = ("export", "training-set", "--as-of")


@pytest.fixture(scope="module")
def exported(warehouse_server: Settings, staged_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Settings with vectors of the sample, and the folder of the sets."""
    folder = tmp_path_factory.mktemp("export")
    with staged_database(folder / "home") as settings:
        Warehouse(settings).up()
        load(settings, settings.sample_root / "new_smell")
        build(settings, SAMPLE_AS_OF, "--select", "+user_features")
        yield settings, folder / "sets"


@pytest.fixture(scope="module")
def written(exported: tuple[Settings, Path]) -> tuple[str, pa.Table, dict[str, Any]]:
    """The first set: the line that was printed, the rows, the manifest."""
    settings, sets = exported
    result = moodmart(settings, *EXPORT, str(SAMPLE_AS_OF), "--to", str(sets))
    assert (result.returncode, result.stderr) == (0, "")
    (folder,) = sets.iterdir()
    return result.stdout, pq.read_table(folder / "features.parquet"), json.loads((folder / "manifest.json").read_text())


def vectors(settings: Settings) -> list[tuple[Any, ...]]:
    with Warehouse(settings).connect("analyst") as connection:
        return connection.execute("select user_key::text, features from behavior.user_feature_vectors").fetchall()


def test_the_set_has_a_row_of_every_user_and_a_column_of_every_feature(
    exported: tuple[Settings, Path], written: tuple[str, pa.Table, dict[str, Any]]
) -> None:
    line, table, manifest = written
    users = len(vectors(exported[0]))
    assert users > 900
    assert table.num_rows == manifest["rows"] == users
    assert table.column_names == ["row_id", *(feature["name"] for feature in manifest["features"])]
    assert re.fullmatch(rf"{users} rows of 111 features as of {SAMPLE_AS_OF} in \S+\n", line)


def test_the_manifest_says_what_the_columns_are_and_what_made_them(written: tuple[str, pa.Table, Any]) -> None:
    manifest = written[2]
    first = manifest["features"][0]
    assert (first["position"], first["name"], first["group"]) == (1, "account_age_days", "demographic")
    assert all(feature["definition"] and feature["range"] for feature in manifest["features"])
    assert manifest["as_of"] == str(SAMPLE_AS_OF)
    assert re.fullmatch("[0-9a-f]{64}", manifest["code"])
    assert manifest["vocabulary"]["house"] == ["Snowplow"]


def test_a_set_names_nobody_and_its_rows_stand_in_another_order(
    exported: tuple[Settings, Path], written: tuple[str, pa.Table, dict[str, Any]]
) -> None:
    rows = vectors(exported[0])
    text = json.dumps(written[2]) + written[1].to_pandas().to_csv()
    assert not [key for key, _ in rows if key in text or key.replace("-", "") in text]
    idle = np.array([features[91] for _, features in rows], dtype=float)
    found = np.array(written[1].column("days_since_last_activity").to_pylist(), dtype=float)
    np.testing.assert_array_equal(np.sort(found), np.sort(shared_values(idle)))
    assert not np.array_equal(found, shared_values(idle), equal_nan=True)


def test_every_value_of_a_set_is_shared_by_several_rows(written: tuple[str, pa.Table, dict[str, Any]]) -> None:
    for column in written[1].drop_columns("row_id").columns:
        assert min(Counter(column.to_pylist()).values()) >= SMALLEST_GROUP


def test_sums_of_a_column_known_of_all_are_kept(
    exported: tuple[Settings, Path], written: tuple[str, pa.Table, dict[str, Any]]
) -> None:
    events = sum(features[7] for _, features in vectors(exported[0]))
    assert events > 0
    assert sum(written[1].column("total_events").to_pylist()) == pytest.approx(events)


def test_the_last_three_sets_are_kept_and_other_folders_left_alone(
    exported: tuple[Settings, Path], written: tuple[str, pa.Table, dict[str, Any]]
) -> None:
    settings, sets = exported
    (sets / "training-set-of-somebody-else").mkdir()
    (first,) = sets.glob("training-set-2022*")
    results = [moodmart(settings, *EXPORT, str(SAMPLE_AS_OF), "--to", str(sets)) for _ in range(3)]
    assert ["removed" in result.stdout for result in results] == [False, False, True]
    assert not first.exists()
    assert len(list(sets.glob("training-set-2022*"))) == 3
    assert (sets / "training-set-of-somebody-else").exists()


def test_row_ids_of_two_sets_have_nothing_in_common(exported: tuple[Settings, Path], tmp_path: Path) -> None:
    for _ in range(2):
        assert moodmart(exported[0], *EXPORT, str(SAMPLE_AS_OF), "--to", str(tmp_path)).returncode == 0
    first, second = (
        set(pq.read_table(path, columns=["row_id"]).column(0).to_pylist())
        for path in tmp_path.glob("training-set-*/features.parquet")
    )
    assert len(first) == len(second) > 900
    assert not first & second


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("2022-12-01",), "no feature vectors for 2022-12-01"),
        (("yesterday",), "'yesterday' is not a date"),
        (("2022-12-22", "--to", "pyproject.toml"), "pyproject.toml: is not a folder"),
    ],
)
def test_bad_input_is_one_line(exported: tuple[Settings, Path], arguments: tuple[str, ...], told: str) -> None:
    result = moodmart(exported[0], *EXPORT, *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert told in result.stderr


def test_a_warehouse_without_vectors_says_so(settings: Settings, warehouse: Warehouse) -> None:
    result = moodmart(settings, *EXPORT, "2022-12-22")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "no feature vectors were built" in result.stderr


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 2]),
        ([1, 2, 3, 9, 9, 9], [2, 2, 2, 9, 9, 9]),
        ([1, 1, 1, 7], [2.5, 2.5, 2.5, 2.5]),
        ([9, 1, 2, 3, 8, 7], [8, 2, 2, 2, 8, 8]),
        ([1, 1, np.nan, np.nan, np.nan], [np.nan] * 5),
        ([1, 1, 1, np.nan], [1, 1, 1, 1]),
        ([1, 1, 1, np.nan, np.nan, np.nan], [1, 1, 1, np.nan, np.nan, np.nan]),
    ],
)
def test_neighbouring_values_are_one_until_three_rows_share_it(column: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(shared_values(np.array(column, dtype=float), 3), np.array(expected, dtype=float))
