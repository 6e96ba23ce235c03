"""What a reader may not do, and what ends a reading, is one line that says what to grant or set; the rest goes on."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.sources.postgres import PostgresSource
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load

SESSIONS = NEW_SMELL.entity("user_sessions")
COLUMNS = ", ".join(f'"{name}"' for name in EVENTS.source_columns)
PASSWORD = "kept-to-itself"


@dataclass
class Reader:
    """A role of the source with no rights but what a test grants it, and the owner's connection."""

    name: str
    address: str
    owner: psycopg.Connection

    def may(self, right: str) -> None:
        self.owner.execute(f"grant {right} to {self.name}".encode())

    def set(self, setting: str) -> None:
        database = self.address.rsplit("/", 1)[1]
        self.owner.execute(f"alter role {self.name} in database {database} set {setting}".encode())


@pytest.fixture
def reader(settings: Settings, warehouse: Warehouse) -> Iterator[Reader]:
    name = f"reader_{uuid.uuid4().hex[:8]}"
    address = str(settings.database_url)
    with psycopg.connect(address, autocommit=True) as owner:
        create_prisma_tables(owner)
        insert_events(owner, [event(n) for n in range(4)])
        owner.execute(f"create role {name} login password '{PASSWORD}'".encode())
        yield Reader(name, f"postgresql://{name}:{PASSWORD}@{address.rsplit('@', 1)[1]}", owner)
        owner.execute(f"grant {name} to current_user; drop owned by {name}; drop role {name}".encode())


def refusal(settings: Settings, address: str) -> str:
    """The line that a load from `address` ends with; the entities beside the one it names are loaded."""
    lines: list[str] = []
    with pytest.raises(SourceError) as caught:
        load_system(settings.with_sources({"new_smell": address}), NEW_SMELL, lines.append)
    assert any(line.startswith("new_smell.user_sessions: ") for line in lines)
    line = str(caught.value)
    assert line in lines
    assert "\n" not in line
    assert PASSWORD not in line
    return line


def others(reader: Reader) -> None:
    for table in ("UserSession", "SearchQuery", "RecommendationFeedback"):
        reader.may(f'select on "{table}"')


def test_a_reader_without_any_right_is_told_the_grant(settings: Settings, reader: Reader) -> None:
    others(reader)
    line = refusal(settings, reader.address)
    assert f'may not read table UserInteractionEvent (grant select on "UserInteractionEvent" to {reader.name})' in line


def test_a_right_that_is_taken_away_later_is_told_as_well(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.may('select on "UserInteractionEvent"')
    load(settings, reader.address)
    reader.owner.execute(f'revoke select on "UserInteractionEvent" from {reader.name}'.encode())
    assert f'(grant select on "UserInteractionEvent" to {reader.name})' in refusal(settings, reader.address)


def test_column_grants_work_with_xmin_and_the_first_load_asks_for_it(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.may(f'select ({COLUMNS}) on "UserInteractionEvent"')
    line = refusal(settings, reader.address)
    assert f'(grant select (xmin) on "UserInteractionEvent" to {reader.name})' in line
    reader.may('select (xmin) on "UserInteractionEvent"')
    assert load(settings, reader.address)[EVENTS.name].inserted == 4
    insert_events(reader.owner, [event(5)])
    reader.owner.execute("""delete from "UserInteractionEvent" where id = 'event-0'""")
    result = load(settings, reader.address)[EVENTS.name]
    assert (result.extracted, result.inserted, result.deleted) == (1, 1, 1)
    assert load(settings, reader.address)[EVENTS.name].load_id is None


def test_a_column_that_may_not_be_read_is_named(settings: Settings, reader: Reader) -> None:
    others(reader)
    columns = COLUMNS.replace(', "userId"', "").replace(', "path"', "")
    reader.may(f'select ({columns}, xmin) on "UserInteractionEvent"')
    line = refusal(settings, reader.address)
    assert f'(grant select ("userId", path) on "UserInteractionEvent" to {reader.name})' in line.replace(
        'select (path, "userId")', 'select ("userId", path)'
    )


def test_a_schema_that_may_not_be_used_is_named(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.owner.execute("revoke usage on schema public from public")
    with pytest.raises(SourceError) as caught:
        load(settings, reader.address)
    assert f"may not use schema public (grant usage on schema public to {reader.name})" in str(caught.value)


def test_a_statement_timeout_stops_its_table_only_and_is_named(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.owner.execute("""create function slow() returns boolean language sql as 'select pg_sleep(2) is null'""")
    reader.owner.execute('alter table "UserInteractionEvent" enable row level security')
    reader.owner.execute('create policy slow on "UserInteractionEvent" using (not slow())')
    reader.may('select on "UserInteractionEvent"')
    reader.set("statement_timeout = '400ms'")
    line = refusal(settings, reader.address)
    assert "table UserInteractionEvent: the source's statement_timeout ended the reading" in line
    assert f"alter role {reader.name} set statement_timeout" in line


def test_a_lock_timeout_stops_its_table_only_and_is_named(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.may('select on "UserInteractionEvent"')
    reader.set("lock_timeout = '200ms'")
    with psycopg.connect(str(settings.database_url)) as other:
        other.execute('lock table "UserInteractionEvent"')
        line = refusal(settings, reader.address)
    assert "table UserInteractionEvent: the source's lock_timeout ended the wait for a lock on it" in line


def test_the_session_waits_for_the_loader_as_long_as_it_takes(settings: Settings, reader: Reader) -> None:
    reader.may('select on "UserInteractionEvent"')
    settings_of_session = ("idle_in_transaction_session_timeout", "transaction_timeout", "idle_session_timeout")
    for setting in settings_of_session:
        reader.set(f"{setting} = '150ms'")
    extraction = PostgresSource(reader.address, NEW_SMELL).extract(EVENTS, None)
    assert extraction is not None
    assert extraction.census is not None
    assert sum(batch.rows.num_rows for batch in extraction.batches) == 4
    reader.owner.execute("select pg_sleep(0.5)")
    assert sum(batch.rows.num_rows for batch in extraction.census.read_keys()) == 4
    extraction.close()


def test_what_row_security_hides_is_not_there(settings: Settings, reader: Reader) -> None:
    reader.owner.execute('alter table "UserInteractionEvent" enable row level security')
    reader.owner.execute("""create policy partly on "UserInteractionEvent" using (id <> 'event-1')""")
    others(reader)
    reader.may('select on "UserInteractionEvent"')
    assert load(settings, reader.address)[EVENTS.name].inserted == 3
    assert load(settings, reader.address)[EVENTS.name].load_id is None


def test_no_message_shows_a_value_of_a_row(settings: Settings, reader: Reader) -> None:
    others(reader)
    reader.owner.execute('alter table "UserInteractionEvent" rename to base')
    numbers = COLUMNS.replace('"path"', 'path::integer::text as "path"')
    reader.owner.execute(f'create view "UserInteractionEvent" as select {numbers} from base'.encode())
    reader.may('select on "UserInteractionEvent"')
    line = refusal(settings, reader.address)
    assert "table UserInteractionEvent: the source failed while its rows were read" in line


@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("127.0.0.1:9/app", SourceUnreachableError, "Connection refused"),
        ("no-such-host.invalid/app", SourceUnreachableError, "no-such-host.invalid"),
        ("[::1]:9/app", SourceUnreachableError, "server up"),
    ],
)
def test_a_host_that_does_not_answer_is_named(place: str, kind: type[SourceError], said: str) -> None:
    source = PostgresSource(f"postgresql://reader:{PASSWORD}@{place}", NEW_SMELL)
    with pytest.raises(kind) as caught:
        source.check(NEW_SMELL.roots)
    line = str(caught.value)
    assert said in line
    assert place.split("/", maxsplit=1)[0].split(":9", maxsplit=1)[0].strip("[]") in line
    assert PASSWORD not in line
    assert "\n" not in line


def test_a_wrong_password_user_or_database_is_told_by_name(settings: Settings, reader: Reader) -> None:
    server = reader.address.rsplit("@", 1)[1]
    tries = {
        f"{reader.name}:wrong-one@{server}": "check user and password",
        f"nobody-here:wrong-one@{server}": "check user and password",
        f"{reader.name}:{PASSWORD}@{server.rsplit('/', 1)[0]}/nothing": "check the database name",
    }
    for place, hint in tries.items():
        with pytest.raises(SourceError, match=hint) as caught:
            PostgresSource(f"postgresql://{place}", NEW_SMELL).check(NEW_SMELL.roots)
        assert not isinstance(caught.value, SourceUnreachableError)
        assert not any(secret in str(caught.value) for secret in ("wrong-one", PASSWORD))
