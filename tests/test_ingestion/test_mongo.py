"""Documents: dumps, exports and a live server give the same rows, and what has arrived is found without any clock."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import MoodmartError, SourceError, SourceUnreachableError
from ingestion.ledger import LoadResult
from ingestion.settings import Settings
from ingestion.sources import open_source
from ingestion.warehouse import Warehouse
from tests.documents import (
    INTERACTIONS,
    MASTERX,
    SESSIONS,
    Document,
    encoded,
    everything,
    load,
    object_id,
    session,
    staged,
    user,
    write_array,
    write_bson,
    write_bson_gz,
    write_canonical,
    write_relaxed,
)
from tests.mongo_server import MongoServer

USERS = [user(number) for number in range(7)]
Writer = Callable[..., Path]
WRITERS: tuple[Writer, ...] = (write_bson, write_bson_gz, write_canonical, write_relaxed, write_array)


@contextmanager
def served(sessions: list[Any], **login: str) -> Iterator[MongoServer]:
    """A server that holds `sessions` and their users."""
    empty: dict[str, list[Document]] = {entity.source: [] for entity in MASTERX.roots}
    with MongoServer({**empty, "users": USERS}, **login) as server:
        server.put("learning_sessions", *sessions)
        yield server


def folder(path: Path, sessions: list[Document], write: Writer = write_bson) -> Path:
    """A folder that holds `sessions` and their users."""
    write(path, USERS, "users")
    return write(path, sessions).parent


def extracted(settings: Settings, address: object) -> LoadResult:
    """What a load did with the sessions."""
    return load(settings, address)["learning_sessions"]


def quarantined(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    with warehouse.connect("steward") as connection:
        return connection.execute("select entity, source_key, reasons from ops.quarantine order by 1, 2").fetchall()


def test_dumps_exports_and_a_live_server_give_the_same_rows(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    sessions = [session(n) for n in range(40)]
    tables = ", ".join(e.table for root in MASTERX.roots for e in (root, *MASTERX.children(root)))
    found = []
    with served(sessions) as server, warehouse.connect("owner") as connection:
        offers = [server.address, *(folder(tmp_path / w.__name__, sessions, w) for w in WRITERS)]
        for offer in offers:
            assert not any(result.quarantined for result in load(settings, offer).values())
            found.append(everything(connection) | everything(connection, MASTERX.entity("users")))
            connection.execute(f"truncate {tables}")
            connection.commit()
    assert all(found[0].values())
    assert all(tables == found[0] for tables in found)


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


def refused(settings: Settings, warehouse: Warehouse, address: object) -> MoodmartError:
    """The error of a load that leaves no session behind."""
    with pytest.raises(MoodmartError) as caught:
        load(settings, address)
    with warehouse.connect("owner") as connection:
        if connection.execute("select to_regclass(%s)", [SESSIONS.table]).fetchone() != (None,):
            assert staged(connection) == []
    assert "\n" not in str(caught.value)
    return caught.value


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


def undecodable(number: int) -> bytes:
    """A session whose id is no UTF-8."""
    return encoded(session(number)).replace(b"session-", b"sess\xff\xfe\xfd-", 1)


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


def test_a_live_document_nobody_can_read_is_one_row_of_the_quarantine(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(1), undecodable(2), session(3)]) as server:
        result = extracted(settings, server.address)
    assert (result.extracted, result.inserted, result.reasons) == (3, 2, {"unreadable_row": 1})
    assert str(object_id(2)) in quarantined(warehouse)[0][1]


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


def test_an_unreachable_server_is_worth_a_retry(settings: Settings, warehouse: Warehouse) -> None:
    address = "mongodb://someone:hush@127.0.0.1:9/app?serverSelectionTimeoutMS=200"
    error = refused(settings, warehouse, address)
    assert isinstance(error, SourceUnreachableError)
    assert "mongodb://127.0.0.1:9/app" in str(error)
    assert "hush" not in str(error)


def test_a_wrong_password_is_named_and_not_shown(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(1)], user="loader", password="open-sesame") as server:
        error = refused(settings, warehouse, server.address.replace("open-sesame", "hush"))
        assert not isinstance(error, SourceUnreachableError)
        assert "Authentication failed" in str(error)
        assert "hush" not in str(error)
        assert extracted(settings, server.address).inserted == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mongodb://loader:hu/sh@127.0.0.1/app", "malformed"),
        ("mongodb://loader:hush@127.0.0.1:port/app", "malformed"),
        ("mongodb://loader:hush@127.0.0.1:9", "names no database"),
    ],
)
def test_a_malformed_address_is_named_without_its_password(
    settings: Settings, warehouse: Warehouse, address: str, said: str
) -> None:
    error = str(refused(settings, warehouse, address))
    assert said in error
    assert not any(part in error for part in ("hu/sh", "hush", "hu@", "loader"))


def test_a_missing_collection_and_a_missing_field_are_named(settings: Settings, warehouse: Warehouse) -> None:
    with MongoServer({"other": []}) as server:
        assert "collection users is missing, as is every other" in str(refused(settings, warehouse, server.address))
    with MongoServer({"users": USERS}) as server:
        assert "collection learning_dna is missing" in str(refused(settings, warehouse, server.address))
    nameless = session(1)
    del nameless["session_id"]
    with served([nameless]) as server:
        assert "column session_id is missing" in str(refused(settings, warehouse, server.address))


def test_what_is_never_read_is_never_sent(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(1)]) as server:
        server.keep_sent = True
        load(settings, server.address)
        assert b"Europe/Berlin" in server.sent
        for secret in (b"canary-hash", b"canary-name", b"canary-card"):
            assert secret not in server.sent


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


def test_a_second_load_finds_nothing_new(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(20)]) as server:
        load(settings, server.address)
        assert {result.load_id for result in load(settings, server.address).values()} == {None}


def test_a_late_document_with_an_old_id_is_found(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(10, 20)]) as server:
        load(settings, server.address)
        server.put("learning_sessions", session(3))
        result = extracted(settings, server.address)
    assert (result.inserted, result.updated, result.deleted) == (1, 0, 0)


def test_an_update_that_leaves_no_trace_of_its_time_is_found(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(20)]) as server:
        load(settings, server.address)
        server.put("learning_sessions", session(5, duration_minutes=77))
        result = extracted(settings, server.address)
    assert (result.inserted, result.updated) == (0, 1)


def test_a_deleted_document_leaves_and_comes_back_with_its_return(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(20)]) as server, warehouse.connect("owner") as connection:
        load(settings, server.address)
        server.remove("learning_sessions", object_id(5))
        assert extracted(settings, server.address).deleted == 1
        connection.autocommit = True
        assert len(staged(connection)) == 19
        assert len(staged(connection, INTERACTIONS)) == 19 * 3
        server.put("learning_sessions", session(5))
        assert extracted(settings, server.address).inserted == 1


def test_a_collection_that_is_emptied_and_filled_again_is_followed(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(20)]) as server:
        load(settings, server.address)
        for number in range(20):
            server.remove("learning_sessions", object_id(number))
        assert extracted(settings, server.address).deleted == 20
        server.put("learning_sessions", *(session(n) for n in range(20)))
        assert extracted(settings, server.address).inserted == 20


def test_a_deleted_document_that_cannot_be_told_from_one_nobody_can_read_stays(
    settings: Settings, warehouse: Warehouse
) -> None:
    with served([session(n) for n in range(20)]) as server, warehouse.connect("owner") as connection:
        load(settings, server.address)
        server.put("learning_sessions", encoded(session(5)).replace(b"calm", b"ca\xff\xfe", 1))
        server.remove("learning_sessions", object_id(6))
        assert extracted(settings, server.address).deleted == 1
        assert len(staged(connection)) == 19


@pytest.fixture
def small_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five documents a reply, and chunks of about eight."""
    monkeypatch.setattr("ingestion.sources.mongo.REPLY_DOCUMENTS", 5)
    monkeypatch.setattr("ingestion.sources.chunks.CUT_AFTER_ONE_IN", 8)


def sessions_of(server: MongoServer, act: Callable[[int], None]) -> Callable[[int], None]:
    """`act`, but only for replies about sessions: before the batch of that number."""

    def before(number: int) -> None:
        if server.commands[-1].get("collection") == "learning_sessions":
            act(number)

    return before


@pytest.mark.usefixtures("small_replies")
def test_what_is_written_while_a_load_reads_is_found_by_it_or_the_next(
    settings: Settings, warehouse: Warehouse
) -> None:
    with served([session(n) for n in range(10, 70)]) as server, warehouse.connect("owner") as connection:

        def write(number: int) -> None:
            if number == 6:
                server.put("learning_sessions", session(2), session(15, duration_minutes=77), session(90))
                server.remove("learning_sessions", object_id(60))

        server.before_batch = sessions_of(server, write)
        first = extracted(settings, server.address)
        server.before_batch = lambda number: None
        second = extracted(settings, server.address)
        # 60 went before it was read, 90 came before the end was reached; 2 and 15 lay behind
        assert (first.inserted, second.inserted, second.updated, second.deleted) == (60, 1, 1, 0)
        durations = {row[0] for row in connection.execute(f"select duration_minutes from {SESSIONS.table}")}
        assert (len(staged(connection)), durations) == (61, {40, 77})


@pytest.mark.usefixtures("small_replies")
def test_a_document_that_is_away_only_while_keys_are_read_is_not_lost(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(60)]) as server, warehouse.connect("owner") as connection:
        load(settings, server.address)
        server.remove("learning_sessions", object_id(3))
        server.commands.clear()

        def vanish(number: int) -> None:
            readings = [c for c in server.commands if c.get("aggregate") == "learning_sessions"]
            # the names of fields, what has arrived, and then the keys
            if len(readings) == 3 and number == 1:
                server.remove("learning_sessions", object_id(50))

        server.before_batch = sessions_of(server, vanish)
        assert extracted(settings, server.address).deleted == 2
        server.before_batch = lambda number: None
        server.put("learning_sessions", session(50))
        assert extracted(settings, server.address).inserted == 1
        assert len(staged(connection)) == 59


@pytest.mark.usefixtures("small_replies")
@pytest.mark.parametrize("is_cursor_lost", [False, True])
def test_a_reading_that_breaks_off_changes_nothing_and_the_next_is_whole(
    settings: Settings, warehouse: Warehouse, is_cursor_lost: bool
) -> None:
    with served([session(n) for n in range(60)]) as server:

        def break_off(number: int) -> None:
            if number >= 4:
                if is_cursor_lost:
                    server.cursors.clear()
                else:
                    raise ConnectionResetError

        server.before_batch = sessions_of(server, break_off)
        assert isinstance(refused(settings, warehouse, server.address), SourceUnreachableError)
        server.before_batch = lambda number: None
        assert extracted(settings, server.address).inserted == 60


@pytest.mark.usefixtures("small_replies")
def test_only_what_lies_beside_a_change_is_read_again(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(n) for n in range(300)]) as server:
        load(settings, server.address)
        server.put("learning_sessions", session(150, duration_minutes=77))
        result = extracted(settings, server.address)
    assert result.updated == 1
    assert result.extracted < 100


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
