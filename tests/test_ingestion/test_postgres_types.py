"""What a live PostgreSQL holds comes as its value, whatever the type is called and however the database is set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from ingestion.contracts import load_contracts
from ingestion.load import load_entity
from ingestion.settings import Settings
from ingestion.sources.postgres import PostgresSource
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load

VISUALIZER = load_contracts()["emotion_visualizer"]
ENTRIES = VISUALIZER.entity("emotion_entries")
TABLES = (Path(__file__).parent.parent / "data" / "emotion_visualizer.sql").read_text()
ENTRY = """insert into users (id, email, name, hashed_password) values
    ('00000000-0000-4000-8000-00000000000a', 'a@example.org', 'A', 'x');
    insert into emotion_entries (user_id, situation, emotions, intensity)
    values ('00000000-0000-4000-8000-00000000000a', 'rain', '{joy,"two, words"}', 0.5);
    alter table emotion_entries drop constraint emotions_not_empty"""
TYPES = """
create schema other;
create domain emotion_list as text[];
create domain other."List of emotions" as emotion_list check (cardinality(value) > 0);
create type "_Mood" as enum ('joy', 'two, words');
create type _word as enum ('joy');
create domain mood as "_Mood";
create domain document as jsonb;
create type pair as (name text, strength integer);
"""


@pytest.fixture
def source(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        yield connection


def read(address: object, system: Any = VISUALIZER, entity: Any = ENTRIES) -> pa.Table:
    extraction = PostgresSource(str(address), system).extract(entity, None)
    assert extraction is not None
    try:
        return pa.Table.from_batches([batch.rows for batch in extraction.batches])
    finally:
        extraction.close()


@pytest.fixture
def entries(source: psycopg.Connection) -> psycopg.Connection:
    for statement in (TABLES, ENTRY, TYPES):
        source.execute(statement.encode())
    return source


@pytest.mark.parametrize(
    "kind",
    [
        "text[]",
        "varchar(20)[]",
        "emotion_list",
        'other."List of emotions"',
        '"_Mood"[]',
        "mood[]",
        "name[]",
        "document using to_jsonb(emotions)",
        "json using to_json(emotions)",
    ],
)
def test_a_list_is_a_list_whatever_its_type(settings: Settings, entries: psycopg.Connection, kind: str) -> None:
    using = "" if "using" in kind else f" using emotions::text[]::{kind}"
    entries.execute(f"alter table emotion_entries alter emotions type {kind}{using}".encode())
    assert json.loads(read(settings.database_url)["emotions"][0].as_py()) == ["joy", "two, words"]


@pytest.mark.parametrize(
    ("column", "kind", "value", "text"),
    [
        ("source", "_word", "joy", "joy"),
        ("source", "mood", "joy", "joy"),
        ("source", "bit varying", "0101", "0101"),
        ("source", "interval", "1 day 02:00", "1 day 02:00:00"),
        ("source", "tstzrange", "[2025-01-02,2025-01-03)", '["2025-01-02 00:00:00+00","2025-01-03 00:00:00+00")'),
        ("source", "int4multirange", "{[1,3),[5,6)}", "{[1,3),[5,6)}"),
        ("source", "bytea", r"\xfeed", r"\xfeed"),
        ("source", "pair", "(joy,3)", '{"name":"joy","strength":3}'),
        ("source", "pair[]", '{"(joy,3)"}', '[{"name":"joy","strength":3}]'),
        ("source", "text[]", "{{a,b},{c,d}}", '[["a","b"],["c","d"]]'),
        ("source", "inet", "10.0.0.1", "10.0.0.1/32"),
        ("intensity", "money", "0.50", "0.50"),
        ("intensity", "numeric", "0.123456789012345678", "0.123456789012345678"),
        ("intensity", "numeric", "NaN", "NaN"),
        ("created_at", "date", "2025-03-02", "2025-03-02"),
        ("created_at", "timestamptz", "infinity", "infinity"),
        ("created_at", "timestamp", "-infinity", "infinity"),
        ("created_at", "timestamptz", "4713-01-01 BC", "beyond the years 1 to 9999"),
        ("created_at", "timestamp", "294000-01-01", "beyond the years 1 to 9999"),
    ],
)
def test_a_value_comes_as_its_text(
    settings: Settings, entries: psycopg.Connection, column: str, kind: str, value: str, text: str
) -> None:
    names = {"column": sql.Identifier(column), "kind": sql.SQL(kind), "value": sql.Literal(value)}
    for statement in (
        "alter table emotion_entries drop column {column}",
        "alter table emotion_entries add column {column} {kind} default {value}",
    ):
        entries.execute(sql.SQL(statement).format(**names))
    assert read(settings.database_url)[column].to_pylist() == [text]


def test_numbers_and_flags_in_domains_come_as_themselves(settings: Settings, source: psycopg.Connection) -> None:
    create_prisma_tables(source)
    source.execute("create domain whole as integer; create domain milliseconds as whole")
    source.execute('alter table "UserInteractionEvent" alter duration type milliseconds')
    insert_events(source, [event(1, duration=7)])
    values = read(settings.database_url, NEW_SMELL, EVENTS)["duration"]
    assert (values.type, values.to_pylist()) == (pa.int32(), [7])


def test_dates_and_numbers_do_not_depend_on_how_the_database_is_set(
    settings: Settings, entries: psycopg.Connection
) -> None:
    name = sql.Identifier(str(settings.database_url).rsplit("/", 1)[1])
    entries.execute("alter table emotion_entries alter source drop default")
    entries.execute("update emotion_entries set created_at = '2025-02-03 04:05:06+00'")
    entries.execute(
        "alter table emotion_entries alter source type tstzrange using '[2025-02-03 04:05:06+00,]'::tstzrange"
    )
    entries.execute("alter table emotion_entries alter notes type interval using '1 day 02:00'::interval")
    before = read(settings.database_url)
    for setting, value in {
        "DateStyle": "SQL, DMY",
        "TimeZone": "Asia/Tokyo",
        "IntervalStyle": "sql_standard",
        "extra_float_digits": "-10",
        "bytea_output": "escape",
        "client_encoding": "LATIN1",
    }.items():
        entries.execute(
            sql.SQL("alter database {} set {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
        )
    assert read(settings.database_url).equals(before)


def test_a_domain_over_a_list_and_moments_without_end_load(
    settings: Settings, warehouse: Warehouse, entries: psycopg.Connection
) -> None:
    entries.execute("alter table emotion_entries alter emotions type emotion_list")
    entries.execute("""insert into emotion_entries (user_id, situation, emotions, intensity, created_at)
        select id, 'sun', '{joy}', 0.5, at::timestamptz from users,
        unnest(array['infinity', '-infinity', '4713-01-01 BC', '20000-01-01']) as at""")
    found = settings.with_sources({"emotion_visualizer": str(settings.database_url)})
    result = load_entity(found, VISUALIZER, ENTRIES)[0]
    assert (result.inserted, result.quarantined) == (1, 4)
    assert result.reasons == {"type:created_at": 4}


@pytest.fixture
def encoded(settings: Settings) -> Iterator[Any]:
    """Makes databases of another encoding on the test's server."""
    owner = str(settings.database_url)
    made: list[str] = []

    def make(encoding: str) -> str:
        name = f"{owner.rsplit('/', 1)[1]}_{encoding.lower()}"
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template template0 encoding {} locale 'C' locale_provider libc").format(
                    sql.Identifier(name), sql.Literal(encoding)
                )
            )
        made.append(name)
        return f"{owner.rsplit('/', 1)[0]}/{name}"

    yield make
    with psycopg.connect(owner, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.mark.parametrize(
    ("encoding", "path"),
    [("LATIN1", "/münchen"), ("LATIN9", "/€"), ("WIN1252", "/“€”"), ("EUC_JP", "/香水"), ("KOI8R", "/духи")],
)
def test_texts_of_another_encoding_come_as_they_read(encoded: Any, encoding: str, path: str) -> None:
    address = encoded(encoding)
    with psycopg.connect(address, client_encoding="UTF8", autocommit=True) as source:
        create_prisma_tables(source)
        insert_events(source, [event(1, path=path, eventData=json.dumps({"a": path}, ensure_ascii=False))])
    rows = read(address, NEW_SMELL, EVENTS)
    assert rows["path"].to_pylist() == [path]
    assert json.loads(rows["eventData"][0].as_py()) == {"a": path}


@pytest.mark.parametrize(("encoding", "byte"), [("SQL_ASCII", 0xE9), ("WIN1252", 0x81)])
def test_bytes_that_are_no_text_are_one_rows_matter(
    settings: Settings, warehouse: Warehouse, encoded: Any, encoding: str, byte: int
) -> None:
    address = encoded(encoding)
    with psycopg.connect(address, autocommit=True, client_encoding="SQL_ASCII") as source:
        create_prisma_tables(source)
        insert_events(source, [event(n) for n in range(3)])
        source.execute(
            rf"""update "UserInteractionEvent" set "perfumeId" = E'a\x{byte:x}b' where id = 'event-1'""".encode()
        )
    result = load(settings, address)[EVENTS.name]
    assert (result.inserted, result.reasons) == (2, {"type:perfume_id": 1})
    assert load(settings, address)[EVENTS.name].load_id is None
