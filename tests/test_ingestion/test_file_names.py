"""Which files are read by their names, which are passed over and say so, and which silently."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bson import json_util

from ingestion.errors import SourceError
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.sources.file_names import stem_and_kind
from ingestion.sources.files import FolderSource
from ingestion.warehouse import Warehouse
from tests.documents import MASTERX, USERS
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_csv, write_jsonl, write_parquet
from tests.source_files import csv_lines, ids, numbered, read, write

ENTITY = "UserInteractionEvent"
CSV = "\n".join(csv_lines(1))
ROWS = [event(number) for number in (1, 2, 3)]


def remarks(folder: Path) -> tuple[str, ...]:
    source = FolderSource(folder, NEW_SMELL)
    source.check(NEW_SMELL.roots)
    return source.remarks()


def renamed(folder: Path, name: str) -> Path:
    """`folder` with its only file called `name`."""
    (path,) = folder.iterdir()
    content = path.read_bytes()
    path.unlink()
    return write(folder, name, content)


@pytest.mark.parametrize(
    "name", ["{}.CSV", "{}.Csv", "{}.csv.gz", "{}.CSV.GZ", "{}/part-0.CSV", "{}.csv/part-00000-a1.csv"]
)
def test_csv_is_read_whatever_its_case_and_folder(tmp_path: Path, name: str) -> None:
    for entity in (ENTITY, "user_interaction_events", ENTITY.upper()):
        rows, _ = read(renamed(write_csv(tmp_path / entity, ROWS).parent, name.format(entity)))
        assert ids(rows) == numbered(1, 2, 3)


@pytest.mark.parametrize("name", ["{}.JSONL", "{}.ndjson", "{}.NDJSON.gz", "{}.json", "{}/a.ndjson"])
def test_so_is_json(tmp_path: Path, name: str) -> None:
    rows, _ = read(renamed(write_jsonl(tmp_path, ROWS).parent, name.format(ENTITY)))
    assert ids(rows) == numbered(1, 2, 3)


@pytest.mark.parametrize(
    "name",
    ["{}.Parquet", "{}.snappy.parquet", "{}.parquet.snappy", "{}.gz.parquet", "{}.parquet.gz", "{}.zstd.parquet",
     "{}.parquet/part-0.c000.snappy.parquet", "{}/2025/01/31/a.parquet", "{}/2025-01-31/a.parquet"],
)  # fmt: skip
def test_so_is_parquet(tmp_path: Path, name: str) -> None:
    rows, _ = read(renamed(write_parquet(tmp_path, ROWS).parent, name.format(ENTITY)))
    assert ids(rows) == numbered(1, 2, 3)


@pytest.mark.parametrize(
    ("name", "stem", "kind"),
    [("users.csv.zst", "users.csv.zst", ""), ("users.csv.snappy", "users", ""), ("users.tar.gz", "users.tar", ""),
     ("a.b.csv", "a.b", "csv"), ("users", "users", ""), ("users.json.csv", "users.json", "csv")],
)  # fmt: skip
def test_what_is_packed_in_another_way_is_of_no_kind(name: str, stem: str, kind: str) -> None:
    assert stem_and_kind(name) == (stem, kind)


@pytest.mark.parametrize("write_rows", [write_csv, write_jsonl, write_parquet])
def test_a_column_that_only_the_folders_name_has_is_read_from_it(tmp_path: Path, write_rows: object) -> None:
    assert callable(write_rows)
    rows = [{name: value for name, value in row.items() if name not in ("deviceType", "referrer")} for row in ROWS]
    folder = write_rows(tmp_path, rows).parent
    (file,) = folder.iterdir()
    renamed(
        folder, f"{ENTITY}/date=2025-01-01/deviceType=a%20phone/referrer=__HIVE_DEFAULT_PARTITION__/part-0{file.suffix}"
    )
    found, _ = read(folder)
    assert [(row["deviceType"], row["referrer"]) for row in found] == [("a phone", None)] * 3
    assert all("date" not in row for row in found)


def test_a_column_of_the_file_counts_before_that_of_its_folder(tmp_path: Path) -> None:
    folder = write_csv(tmp_path, [event(1, deviceType="tablet")]).parent
    rows, _ = read(renamed(folder, f"{ENTITY}/deviceType=phone/part-0.csv"))
    assert [row["deviceType"] for row in rows] == ["tablet"]


def test_rows_of_hive_folders_reach_the_warehouse_once(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    for day in (1, 2, 3):
        table = pa.Table.from_pylist([event(day)])
        path = tmp_path / "in" / ENTITY / f"date=2025-01-0{day}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(table, path)
    assert load(settings, tmp_path / "in")["user_interaction_events"].inserted == 3
    assert load(settings, tmp_path / "in")["user_interaction_events"].load_id is None
    with warehouse.connect("owner") as connection:
        assert len(staged(connection)) == 3


def test_unreadable_rows_of_files_with_one_name_are_told_apart(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    for day in (1, 2):
        write(tmp_path, f"{ENTITY}/date=2025-01-0{day}/part-0.csv", CSV + f"\nshort,{day}\n")
    assert load(settings, tmp_path)["user_interaction_events"].quarantined == 2
    with warehouse.connect("steward") as connection:
        places = connection.execute("select source_key from ops.quarantine order by 1").fetchall()
    assert places == [(f"{ENTITY}/date=2025-01-0{day}/part-0.csv: line 3 with 2 of 16 fields",) for day in (1, 2)]


@pytest.mark.parametrize("content", ["", CSV.splitlines()[0] + "\n"])
def test_an_empty_part_is_no_row_and_no_error(tmp_path: Path, content: str) -> None:
    write(tmp_path, f"{ENTITY}/part-0.csv", CSV)
    rows, unreadable = read(write(tmp_path, f"{ENTITY}/part-1.csv", content))
    assert (ids(rows), unreadable) == (numbered(1), [])


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_so_is_an_empty_part_of_another_kind(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, f"{ENTITY}/part-0.csv", CSV)
    rows, _ = read(write(tmp_path, f"{ENTITY}/part-1.{suffix}", ""))
    assert ids(rows) == numbered(1)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_entitys_only_file_must_have_a_header(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(SourceError, match=f"{ENTITY}.{suffix}: is empty, without a header"):
        read(write(tmp_path, f"{ENTITY}.{suffix}", ""))


SILENT = ["._{}.csv", ".{}.csv.crc", ".DS_Store", "~${}.csv", "{}.csv~", "_SUCCESS", "{}.csv.crc", "Thumbs.db"]


@pytest.mark.parametrize("name", [*SILENT, *("{}/" + name for name in SILENT), "{}/_temporary/0/part-1.csv"])
def test_litter_is_passed_over_silently(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{ENTITY}/part-0.csv", CSV)
    write(tmp_path, name.replace("{}", ENTITY), b"\x00\x05\x16\x07 of the file system")
    assert ids(read(tmp_path)[0]) == numbered(1)
    assert remarks(tmp_path) == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [(f"{ENTITY}.xlsx", "only .parquet, .csv, .jsonl, .ndjson, .json are read, text also as .gz"),
     (f"{ENTITY}.csv.zst", "only .parquet, .csv, .jsonl, .ndjson, .json are read, text also as .gz"),
     (f"{ENTITY}.old.csv", "no entity of new_smell has such a name"),
     (f"{ENTITY}.bson", "only .parquet, .csv, .jsonl, .ndjson, .json are read, text also as .gz"),
     (f"{ENTITY}/part-1.orc", "only .parquet, .csv, .jsonl, .ndjson, .json are read, text also as .gz"),
     ("UserInteractionEvents2.csv", "no entity of new_smell has such a name"),
     ("Unknown/part-0.csv", "no entity of new_smell has such a name"),
     (f"{ENTITY}/backup/part-0.csv", "folders in an entity's folder are called column=value or by a date")],
)  # fmt: skip
def test_any_other_file_is_passed_over_in_words(tmp_path: Path, name: str, reason: str) -> None:
    write(tmp_path, f"{ENTITY}/part-0.csv", CSV)
    write(tmp_path, name, CSV.replace("event-1", "event-2"))
    assert ids(read(tmp_path)[0]) == numbered(1)
    (line,) = remarks(tmp_path)
    shown = name if name.startswith(f"{ENTITY}/part") else "/".join(name.split("/")[: 2 if "backup" in name else 1])
    assert line == f"passed over {shown}: {reason}"


def test_many_files_passed_over_are_one_line(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path, f"other-{number:02}.txt", "")
    write(tmp_path, f"{ENTITY}.csv", CSV)
    (line,) = remarks(tmp_path)
    assert "other-04.txt and 7 more: no entity" in line


def test_an_entity_in_files_of_two_kinds_is_read_from_both_and_says_so(tmp_path: Path) -> None:
    write_csv(tmp_path, ROWS[:1])
    write_parquet(tmp_path, ROWS[1:])
    assert ids(read(tmp_path)[0]) == numbered(1, 2, 3)
    (line,) = remarks(tmp_path)
    assert line == f"user_interaction_events is in files of several kinds, all are read: {ENTITY}.csv, {ENTITY}.parquet"


def test_what_is_passed_over_is_reported_by_a_load(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    said: list[str] = []
    write(tmp_path / "in", "Orders.csv", CSV)
    write(tmp_path / "in", f"{ENTITY}.csv", CSV)
    load_system(settings.with_sources({"new_smell": str(tmp_path / "in")}), NEW_SMELL, said.append)
    assert said[0] == "new_smell: passed over Orders.csv: no entity of new_smell has such a name"


def test_documents_are_read_by_any_of_their_names(tmp_path: Path) -> None:
    document = json.loads(json_util.dumps(USERS[0]))
    users = MASTERX.entity("users")
    for name in ("users.JSON", "Users.ndjson", "users.jsonl.GZ", "users/part-1.Json"):
        rows, _ = read(write(tmp_path / name.replace("/", "-"), name, json.dumps(document)), MASTERX, users)
        assert [row["_id"] for row in rows] == [document["_id"]["$oid"]]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, f"{ENTITY}.csv", CSV)
    (tmp_path / f"{ENTITY}.csv").unlink()
    (tmp_path / f"{ENTITY}.csv").symlink_to(tmp_path / "gone")
    with pytest.raises(SourceError, match=f"{ENTITY}.csv: cannot be read: No such file or directory"):
        FolderSource(tmp_path, NEW_SMELL).columns(EVENTS)
