"""Documents in files: what is whole is loaded, what is not is refused or kept aside, element by element."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import SourceError
from ingestion.settings import Settings
from ingestion.sources import open_source
from ingestion.warehouse import Warehouse
from tests.documents import (
    MASTERX,
    SESSIONS,
    USERS,
    WRITERS,
    Document,
    Writer,
    encoded,
    everything,
    extracted,
    folder,
    load,
    object_id,
    quarantined,
    refused,
    session,
    undecodable,
    write_array,
    write_bson,
    write_bson_gz,
    write_canonical,
    write_relaxed,
)


def with_one_bad_element() -> Document:
    """A session whose second exchange has a word for a number, and whose second topic is an object."""
    document = session(3)
    document["interactions"][1]["ai_response"]["tokens_used"] = "many"
    document["session_context"]["topics"] = ["limits", {"name": "series"}, "vectors"]
    return document


@pytest.mark.parametrize("write", WRITERS)
def test_a_bad_element_goes_to_the_quarantine_and_the_rest_of_its_document_stays(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, write: Writer
) -> None:
    load(settings, folder(tmp_path / "in", [with_one_bad_element(), session(4)], write))
    with warehouse.connect("owner") as connection:
        kept = everything(connection)
    assert len(kept["learning_sessions"]) == 2
    assert len(kept["learning_session_interactions"]) == 5
    assert len(kept["learning_session_topics"]) == 4
    assert [reasons for _, _, reasons in quarantined(warehouse)] == [["type:tokens_used"], ["type:topic"]]
    assert {entity for entity, _, _ in quarantined(warehouse)} == {
        "learning_session_interactions",
        "learning_session_topics",
    }


@pytest.mark.parametrize("cut", [1, 3, 4, 5000])
def test_a_dump_that_is_cut_off_is_refused_as_a_whole(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, cut: int
) -> None:
    path = write_bson(tmp_path / "in", [session(n) for n in range(30)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    error = refused(settings, warehouse, path.parent)
    assert "learning_sessions.bson: is cut off or damaged" in str(error)


def test_a_damaged_length_and_a_cut_compressed_dump_are_refused(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    path = write_bson(tmp_path / "in", [session(n) for n in range(30)])
    content = bytearray(path.read_bytes())
    content[:4] = (20).to_bytes(4, "little")
    path.write_bytes(content)
    assert "no whole document at byte" in str(refused(settings, warehouse, path.parent))
    packed = write_bson_gz(tmp_path / "gz", [session(n) for n in range(30)])
    packed.write_bytes(packed.read_bytes()[:-40])
    assert "learning_sessions.bson.gz: cannot be read" in str(refused(settings, warehouse, packed.parent))


def test_an_array_that_does_not_end_is_refused(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_array(tmp_path / "in", [session(n) for n in range(5)])
    path.write_text(path.read_text().rstrip()[:-1])
    assert "its array does not end" in str(refused(settings, warehouse, path.parent))
    path.write_text(path.read_text()[:-9])
    assert "is cut off or damaged at document 5" in str(refused(settings, warehouse, path.parent))


def test_a_document_nobody_can_read_is_one_row_of_the_quarantine(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    path = write_bson(tmp_path / "in", [session(1)])
    path.write_bytes(path.read_bytes() + undecodable(2) + encoded(session(3)))
    write_bson(path.parent, USERS, "users")
    result = extracted(settings, path.parent)
    assert (result.extracted, result.inserted, result.reasons) == (3, 2, {"unreadable_row": 1})
    place = f"learning_sessions.bson: document 2 with _id {object_id(2)} is no readable BSON"
    assert quarantined(warehouse) == [("learning_sessions", place, ["unreadable_row"])]


@pytest.mark.parametrize(("write", "broken"), [(write_relaxed, "{broken\n"), (write_array, '{"a": {"}": }},')])
def test_broken_json_is_one_unreadable_row(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, write: Writer, broken: str
) -> None:
    path = write(tmp_path / "in", [session(1), session(2)])
    write(path.parent, USERS, "users")
    start = path.read_text().index('{"_id"', 10)
    path.write_text(path.read_text()[:start] + broken + path.read_text()[start:])
    result = extracted(settings, path.parent)
    assert (result.extracted, result.inserted, result.reasons) == (3, 2, {"unreadable_row": 1})


def test_documents_over_several_lines_are_read(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_relaxed(tmp_path / "in", [session(1), session(2)])
    pretty = [json.dumps(json.loads(line), indent=1) for line in path.read_text().splitlines()]
    path.with_suffix(".json").write_text("\n".join(pretty) + "\n")
    path.unlink()
    write_relaxed(path.parent, USERS, "users")
    assert extracted(settings, path.parent).inserted == 2


@pytest.mark.parametrize("write", WRITERS)
def test_what_is_never_read_is_left_behind_in_a_file(settings: Settings, tmp_path: Path, write: Writer) -> None:
    write(tmp_path, USERS, "users")
    extraction = open_source(settings.with_sources({"masterx": str(tmp_path)}), MASTERX).extract(
        MASTERX.entity("users"), None
    )
    assert extraction is not None
    (batch,) = extraction.batches
    assert "Europe/Berlin" in str(batch.rows.to_pydict())
    for secret in ("canary-hash", "canary-name", "canary-card"):
        assert secret not in str(batch.rows.to_pydict())


def test_batches_are_bounded_by_bytes(settings: Settings, tmp_path: Path) -> None:
    large = [session(n, session_context={"subject": "x" * 1_000_000}) for n in range(30)]
    source = open_source(settings.with_sources({"masterx": str(write_bson(tmp_path, large).parent)}), MASTERX)
    extraction = source.extract(SESSIONS, None)
    assert extraction is not None
    assert [batch.rows.num_rows for batch in extraction.batches] == [9, 9, 9, 3]


@pytest.mark.parametrize("write", WRITERS)
def test_an_empty_collection_is_no_row(settings: Settings, warehouse: Warehouse, tmp_path: Path, write: Writer) -> None:
    assert extracted(settings, folder(tmp_path / "in", [], write)).extracted == 0


def test_metadata_beside_a_dump_is_no_document(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    write_bson(tmp_path / "in" / "learning_sessions", [session(1)])
    write_bson(tmp_path / "in", USERS, "users")
    assert extracted(settings, tmp_path / "in").extracted == 1


def test_a_field_no_session_can_do_without_is_missed_in_a_dump(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    timeless = session(1)
    del timeless["started_at"]
    path = write_bson_gz(tmp_path / "in", [timeless])
    assert "column started_at is missing" in str(refused(settings, warehouse, path.parent))


def test_a_file_that_is_no_gzip_is_named(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "users.bson.gz").write_bytes(gzip.compress(b"")[:5])
    with pytest.raises(SourceError, match="cannot be read"):
        load(settings, tmp_path)


def test_dates_are_read_in_utc(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    at = datetime(2025, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    load(settings, folder(tmp_path / "in", [session(1, started_at=at, ended_at=None)], write_canonical))
    with warehouse.connect("owner") as connection:
        row = connection.execute(f"select started_at, ended_at from {SESSIONS.table}").fetchone()
    assert row == (at, None)
