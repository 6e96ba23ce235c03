"""JSON in files: every way to write objects is read, and a line nobody can read is one row, never the file."""

import gzip
import json
from pathlib import Path

import pytest

from ingestion.errors import BadShareError, SourceError
from ingestion.settings import Settings
from ingestion.sources import json_files
from ingestion.warehouse import Warehouse
from tests.documents import MASTERX, USERS
from tests.documents import load as load_documents
from tests.events import event, load
from tests.source_files import Read, ids, numbered, read, write

FILE = "UserInteractionEvent.jsonl"
EVENTS_OF_JSON = [event(number) for number in (1, 2, 3)]
LINES = [json.dumps(row) for row in EVENTS_OF_JSON]
LEARNERS = MASTERX.entity("users")


def read_text(folder: Path, text: str | bytes, name: str = FILE) -> Read:
    return read(write(folder, name, text))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\ufeff" + "\r\n".join(LINES) + "\r\n",
        "\n\n \n".join(LINES),
        "\r".join(LINES),
        "".join(LINES),
        json.dumps(EVENTS_OF_JSON),
        json.dumps(EVENTS_OF_JSON, indent=2),
        "[" + ",\n".join(LINES) + ",]",
        f"[{LINES[0]}]\n[{LINES[1]}]\n[{LINES[2]}]",
        "\n".join(json.dumps(row, indent=4) for row in EVENTS_OF_JSON),
        "\n".join(json.dumps(row, indent=1).replace("{\n ", "{", 1) for row in EVENTS_OF_JSON),
    ],
    ids=["lines", "windows", "blank lines", "cr", "no line ends", "array", "pretty array", "array of lines", "arrays",
         "pretty", "pretty from the first line"],
)  # fmt: skip
@pytest.mark.parametrize("name", [FILE, "UserInteractionEvent.json", "UserInteractionEvent.ndjson"])
def test_objects_are_read_however_they_are_laid_out(tmp_path: Path, text: str, name: str) -> None:
    rows, unreadable = read_text(tmp_path, text, name)
    assert ids(rows) == numbered(1, 2, 3)
    assert [json.loads(row["eventData"])["viewDuration"] for row in rows] == [1001, 1002, 1003]
    assert unreadable == []


BROKEN = [
    *("{broken", '{"id": "cut off', "null", '"text"', '{"id": 1,}', '{"id": 1} and more', "{'id': 1}", '{"id": None}'),
    *("[1, 2]", "[" * 100_000, '{"id": ' + "9" * 5000 + "}", '{"id": "\x00"}', "\x00"),
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_line_that_is_no_object_is_one_row(tmp_path: Path, broken: str, place: int) -> None:
    if place == 0 and broken.startswith("["):
        pytest.skip("a file that begins so is an array")
    rows, unreadable = read_text(tmp_path, "\n".join([*LINES[:place], broken, *LINES[place:]]))
    assert ids(rows) == numbered(1, 2, 3)
    assert unreadable == [f"{FILE}: line {place + 1} is no JSON object"]


def test_so_is_one_that_is_no_utf8(tmp_path: Path) -> None:
    text = "\n".join([LINES[0], LINES[1].replace("event-2", "caf@"), LINES[2]])
    rows, unreadable = read_text(tmp_path, text.encode().replace(b"@", b"\xe9"))
    assert ids(rows) == numbered(1, 3)
    assert unreadable == [f"{FILE}: line 2 is no JSON object"]


@pytest.mark.parametrize("text", ["{broken", "\n".join(["{broken"] * 3), "[1, 2]\n[3]", "no JSON\nat all"])
def test_a_file_without_a_readable_line_is_loaded_as_unreadable_rows(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, text: str
) -> None:
    result = load(settings, write(tmp_path / "in", FILE, text))["user_interaction_events"]
    assert (result.extracted, result.inserted) == (result.quarantined, 0)
    assert set(result.reasons) == {"unreadable_row"}


def test_so_is_one_of_documents_and_many_such_lines_are_a_broken_source(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    line = '{ "_id" : ObjectId("650000000000000000000001"), "created_at" : ISODate("2025-01-01T00:00:00Z") }\n'
    result = load_documents(settings, write(tmp_path / "few", "users.jsonl", line * 3))["users"]
    assert (result.extracted, result.quarantined) == (3, 3)
    with warehouse.connect("steward") as connection:
        (place,) = connection.execute("select source_key from ops.quarantine order by 1").fetchall()[0]
    assert place == "users.jsonl: line 1 is output of the mongo shell, no JSON: use mongoexport"
    with pytest.raises(BadShareError, match="60 of 60 rows are bad: unreadable_row 60"):
        load_documents(settings, write(tmp_path / "many", "users.jsonl", line * 60))


def test_output_of_the_mongo_shell_over_several_lines_is_named(tmp_path: Path) -> None:
    text = "[\n  {\n    _id: ObjectId('65'),\n    name: 'a'\n  },\n  {\n    _id: ObjectId('66')\n  }\n]"
    rows, unreadable = read(write(tmp_path, "users.json", text), MASTERX, LEARNERS)
    assert rows == []
    assert unreadable == [
        f"users.json: document {number} is output of the mongo shell, no JSON: use mongoexport" for number in (1, 2)
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("name", [FILE, "UserInteractionEvent.json"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str, name: str) -> None:
    with pytest.raises(SourceError, match=rf"{name}: is UTF-{encoding[4:6]} \(save it as UTF-8\)"):
        read_text(tmp_path, "\n".join(LINES).encode(encoding), name)


def test_so_it_is_for_documents(tmp_path: Path) -> None:
    text = "\r\n".join(json.dumps(user, default=str) for user in USERS).encode("utf-16")
    with pytest.raises(SourceError, match=r"users.jsonl: is UTF-16 \(save it as UTF-8\)"):
        read(write(tmp_path, "users.jsonl", text), MASTERX, LEARNERS)


def test_a_broken_object_of_an_array_is_one_row(tmp_path: Path) -> None:
    rows, unreadable = read_text(tmp_path, f'[{LINES[0]}, {{"id": }}, "text", {LINES[1]}]')
    assert ids(rows) == numbered(1, 2)
    assert unreadable == [f"{FILE}: document {number} is no JSON object" for number in (2, 3)]


@pytest.mark.parametrize("text", ["[" + LINES[0], "[" + LINES[0] + ", {", "[" + LINES[0] + "] trailing"])
def test_an_array_that_is_cut_off_or_damaged_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=f"{FILE}: is cut off"):
        read_text(tmp_path, text)


def test_the_last_value_of_a_repeated_key_counts(tmp_path: Path) -> None:
    rows, _ = read_text(tmp_path, '{"id": "first", ' + LINES[0][1:])
    assert ids(rows) == numbered(1)


def test_numbers_that_are_none_and_lone_surrogates_are_one_fields_matter(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    lines = [
        *LINES,
        json.dumps(event(4, value=float("nan"), duration=float("inf"))),
        json.dumps(event(5, userAgent="\ud800")),
    ]
    result = load(settings, write(tmp_path / "in", FILE, "\n".join(lines)))["user_interaction_events"]
    assert result.extracted == 5
    assert result.inserted >= 3
    assert set(result.reasons) <= {"type:duration_ms", "type:value", "type:rating_value"}


def test_text_is_read_by_its_content_where_its_name_says_or_hides_that_it_is_packed(tmp_path: Path) -> None:
    packed = gzip.compress("\n".join(LINES).encode())
    for name, content in ((FILE, packed), (f"{FILE}.GZ", packed), (f"{FILE}.gz", "\n".join(LINES))):
        rows, _ = read_text(tmp_path / name, content, name)
        assert ids(rows) == numbered(1, 2, 3)


@pytest.mark.parametrize("name", [f"{FILE}.gz", "UserInteractionEvent.csv.gz"])
@pytest.mark.parametrize("cut", [1, 9, 200, 1400])
def test_a_packed_file_that_is_cut_off_is_refused(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, name: str, cut: int
) -> None:
    rows = "\n".join(json.dumps(event(n, userAgent=f"{n * 7919 % 10007}")) for n in range(300))
    content = gzip.compress(rows.encode())
    with pytest.raises(
        SourceError, match=f"{name}: cannot be read: its compressed data is cut off or damaged"
    ) as caught:
        load(settings, write(tmp_path / "in", name, content[:-cut] if "json" in name else content[:20]))
    assert "\n" not in str(caught.value)
    with warehouse.connect("owner") as connection:
        assert connection.execute("select count(*) from ops.loads").fetchone() == (0,)


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "LARGEST_ELEMENT", 2000)
    with pytest.raises(SourceError, match="line 2 is longer than"):
        read_text(tmp_path, LINES[0] + "\n" + "{" * 3000)
