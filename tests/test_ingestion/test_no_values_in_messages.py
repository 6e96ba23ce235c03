"""No error, line of progress, log, ledger or event shows a value of a row, however a file is damaged."""

import gzip
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import bson
import psycopg
import pyarrow as pa
import pytest
from bson import json_util

from ingestion.errors import MoodmartError, WarehouseError
from ingestion.load import load_system, plain_errors
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.documents import MASTERX, user
from tests.events import NEW_SMELL, event, write_parquet
from tests.source_files import csv_lines, write

CANARY = "canary"
LINES = csv_lines(3, userId="canary-person", userAgent="canary-agent", path="/canary")
OBJECTS = [json.dumps(event(n, userId="canary-person", userAgent="canary-agent")) for n in (1, 2, 3)]
DOCUMENTS = [user(n, email="canary@example.org", user_id="canary-person") for n in (1, 2, 3)]


def text(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


def parquet(folder: Path) -> bytes:
    rows = [event(n, userId=f"canary-person-{n}", userAgent=f"canary-agent-{n}") for n in range(500)]
    return write_parquet(folder, rows).read_bytes()


DAMAGED = {
    "UserInteractionEvent.csv": [
        text([*LINES, "canary,canary", LINES[1] + ",canary"]),
        text([*LINES, LINES[1].replace("/canary", '"canary')]),
        text([*LINES, LINES[1].replace("/canary", '"canary" canary')]),
        text(LINES[1:]),
        text([line.replace(",", ";") for line in LINES]),
        text(LINES).replace(b"canary-agent", b"canary-\xe9\x00agent"),
        text(LINES).decode().encode("utf-16"),
        text([*LINES, ",".join(reversed(LINES[0].split(",")))]),
        text(['"canary', *LINES]),
    ],
    "UserInteractionEvent.csv.gz": [gzip.compress(text(LINES))[:-9], b"canary"],
    "UserInteractionEvent.jsonl": [
        text([OBJECTS[0], OBJECTS[1][:-9], "canary", "[" + OBJECTS[2]]),
        text(["[" + OBJECTS[0]]),
        text(["{" + OBJECTS[0]]),
        text(OBJECTS).decode().encode("utf-16-le"),
        text(OBJECTS).replace(b"canary", b"canary\xff"),
        text([*OBJECTS, '{"id": "canary", "timestamp": ["canary"], "eventData": "{canary"}']),
    ],
    "UserInteractionEvent.json.gz": [gzip.compress(text(OBJECTS))[:-9], gzip.compress(text(OBJECTS)) + b"canary"],
}
DAMAGED_DOCUMENTS = {
    "users.jsonl": [
        text(["canary", json_util.dumps(DOCUMENTS[0])[:-5]]),
        text(['{ "_id" : ObjectId("650000000000000000000001"), "email" : "canary" }']),
        text(["[" + json_util.dumps(DOCUMENTS[0])]),
    ],
    "users.bson": [
        bson.encode(DOCUMENTS[0])[:-3],
        bson.encode(DOCUMENTS[0]).replace(b"canary@", b"canar\xff@"),
        bson.encode({"_id": 1, "canary": "canary"}),
        b"canary" * 9,
    ],
    "users.bson.gz": [gzip.compress(bson.encode(DOCUMENTS[0]))[:-9], b"canary"],
}


def everything_said(settings: Settings, warehouse: Warehouse, system: str, log: pytest.LogCaptureFixture) -> str:
    """What a load says anywhere; rows that were quarantined after privacy are no message."""
    said: list[str] = []
    try:
        load_system(settings, {"masterx": MASTERX, "new_smell": NEW_SMELL}[system], said.append)
    except MoodmartError as error:
        said.append(str(error))
        assert "\n" not in said[-1]
    with warehouse.connect("owner") as connection:
        for query in (
            "select to_jsonb(e)::text from ops.schema_events e",
            "select to_jsonb(l)::text from ops.loads l",
            "select source_key || reasons::text from ops.quarantine where 'unreadable_row' = any(reasons)",
        ):
            said += [row[0] for row in connection.execute(query).fetchall()]
    return "\n".join([*said, log.text])


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, n) for name, contents in (DAMAGED | DAMAGED_DOCUMENTS).items() for n in range(len(contents))],
)
def test_a_damaged_file_says_nothing_of_its_rows(
    settings: Settings,
    warehouse: Warehouse,
    tmp_path: Path,
    name: str,
    number: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    system = "masterx" if name in DAMAGED_DOCUMENTS else "new_smell"
    write(tmp_path / "in", name, (DAMAGED | DAMAGED_DOCUMENTS)[name][number])
    said = everything_said(settings.with_sources({system: str(tmp_path / "in")}), warehouse, system, caplog)
    assert name in said or "quarantined" in said, "the file or its rows are named"
    assert CANARY not in said.replace(tmp_path.name, "")


@pytest.mark.parametrize("place", range(4, 2400, 400))
def test_nor_does_damaged_parquet(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(parquet(tmp_path / "in"))
    content[place : place + 40] = b"canary damage".ljust(40, b"\xff")
    write(tmp_path / "in", "UserInteractionEvent.parquet", bytes(content))
    said = everything_said(settings.with_sources({"new_smell": str(tmp_path / "in")}), warehouse, "new_smell", caplog)
    assert said
    assert CANARY not in said.replace(tmp_path.name, "")


def test_nor_does_the_command(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    write(
        tmp_path / "in", "UserInteractionEvent.csv", text([*LINES, ",".join(reversed(LINES[0].split(","))), "canary"])
    )
    environment = {
        "PATH": os.environ["PATH"],
        "MOODMART_HOME": str(settings.home),
        "MOODMART_DATABASE_URL": str(settings.database_url),
        "MOODMART_SOURCE_NEW_SMELL": str(tmp_path / "in"),
    }
    command = [sys.executable, "-m", "ingestion.load", "new_smell"]
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=settings.project_root
    )
    assert result.returncode == 2
    assert "line 5 is another header" in result.stderr
    assert CANARY not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "select 'canary'::int",
        "insert into seen values ('canary'), ('canary')",
        "insert into seen values ('canary-longer-than-that')",
        "do $$ begin raise 'refused' using detail = 'canary', errcode = '53100'; end $$",
    ],
)
def test_a_value_that_the_warehouse_refuses_is_not_shown(
    settings: Settings, warehouse: Warehouse, statement: str
) -> None:
    with warehouse.connect("owner") as connection:
        connection.execute("create temporary table seen (value varchar(9) primary key)")
        with pytest.raises(WarehouseError) as caught, plain_errors(settings):
            connection.execute(statement.encode())
    assert CANARY not in str(caught.value)


def test_nor_are_the_rows_of_a_copy_that_ends(settings: Settings, warehouse: Warehouse) -> None:
    with warehouse.connect("owner") as connection:
        connection.execute("create temporary table seen (value int)")
        with (
            pytest.raises(WarehouseError) as caught,
            plain_errors(settings),
            connection.cursor() as cursor,
            cursor.copy("copy seen from stdin") as copy,
        ):
            copy.write(b"1\ncanary\n")
    assert CANARY not in str(caught.value)
    with pytest.raises(WarehouseError) as caught, plain_errors(settings):
        pa.array(["canary"]).cast(pa.int64())
    assert CANARY not in str(caught.value)


def test_a_server_that_is_gone_is_still_named(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match=r"127\.0\.0\.1"), plain_errors(settings):
        psycopg.connect("postgresql://someone@127.0.0.1:9/app")
