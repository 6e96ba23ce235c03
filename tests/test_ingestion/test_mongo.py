"""A live MongoDB gives the rows of dumps and exports, and what has arrived is found without any clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import SourceUnreachableError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.documents import (
    INTERACTIONS,
    MASTERX,
    SESSIONS,
    USERS,
    WRITERS,
    Document,
    encoded,
    everything,
    extracted,
    folder,
    load,
    object_id,
    quarantined,
    refused,
    session,
    staged,
    undecodable,
)
from tests.mongo_server import MongoServer


@contextmanager
def served(sessions: list[Any], **login: str) -> Iterator[MongoServer]:
    """A server that holds `sessions` and their users."""
    empty: dict[str, list[Document]] = {entity.source: [] for entity in MASTERX.roots}
    with MongoServer({**empty, "users": USERS}, **login) as server:
        server.put("learning_sessions", *sessions)
        yield server


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


def test_a_live_document_nobody_can_read_is_one_row_of_the_quarantine(settings: Settings, warehouse: Warehouse) -> None:
    with served([session(1), undecodable(2), session(3)]) as server:
        result = extracted(settings, server.address)
    assert (result.extracted, result.inserted, result.reasons) == (3, 2, {"unreadable_row": 1})
    assert str(object_id(2)) in quarantined(warehouse)[0][1]


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
        allowing = replace(settings, allowed_deletions=("masterx.learning_sessions",))
        assert extracted(allowing, server.address).deleted == 20
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
