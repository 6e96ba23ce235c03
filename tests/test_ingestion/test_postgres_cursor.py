"""No row of a live PostgreSQL is passed over, whatever was in flight and whichever server stands behind the address."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion.errors import SourceError
from ingestion.ledger import LoadResult
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, create_prisma_tables, event, insert_events, load
from tests.postgres_servers import Cluster


@pytest.fixture
def folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="mm-servers-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def source(settings: Settings, warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """The application's database: the test's own, beside the warehouse."""
    with psycopg.connect(str(settings.database_url)) as connection:
        create_prisma_tables(connection)
        yield connection


def load_events(settings: Settings, address: str | None = None) -> LoadResult:
    return load(settings, address or settings.database_url)[EVENTS.name]


def staged_ids(warehouse: Warehouse) -> list[str]:
    with warehouse.connect("owner") as connection:
        return [key for (key,) in connection.execute(f"select event_id from {EVENTS.table} order by 1")]


def use_up(source: psycopg.Connection, transactions: int) -> None:
    source.execute(
        f"""do $$ begin for n in 1..{transactions} loop perform pg_current_xact_id(); commit; end loop;
        end $$""".encode()
    )


def test_a_row_of_a_savepoint_in_flight_comes_with_the_next_load_and_not_by_chance(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    with psycopg.connect(str(settings.database_url)) as writer:
        insert_events(writer, [event(100)])
        with writer.transaction():
            insert_events(writer, [event(101)])
        insert_events(source, [event(200)])
        source.commit()
        assert load_events(settings).inserted == 1
        writer.commit()
    result = load_events(settings)
    assert (result.inserted, result.unchanged, result.recovered) == (2, 1, 0)
    assert load_events(settings).load_id is None


def test_a_row_that_a_failed_savepoint_left_behind_comes_too(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    with psycopg.connect(str(settings.database_url)) as writer:
        for number in range(3):
            with pytest.raises(psycopg.errors.DivisionByZero), writer.transaction():
                insert_events(writer, [event(number)])
                writer.execute("select 1 / 0")
            with writer.transaction(), writer.transaction():
                insert_events(writer, [event(10 + number)])
        insert_events(source, [event(200)])
        source.commit()
        load_events(settings)
        writer.commit()
    load_events(settings)
    assert staged_ids(warehouse) == ["event-10", "event-11", "event-12", "event-200"]


def test_updated_locked_and_upserted_rows_come_as_they_are_and_nothing_else_does(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    insert_events(source, [event(n) for n in range(20)])
    source.commit()
    load_events(settings)
    source.execute("""select from "UserInteractionEvent" where id = 'event-1' for update""")
    source.execute("""select from "UserInteractionEvent" where id = 'event-2' for key share""")
    source.execute("""update "UserInteractionEvent" set duration = 5 where id = 'event-3'""")
    source.execute("""insert into "UserInteractionEvent" select (r).* from (select r from "UserInteractionEvent" r
        where id in ('event-4', 'event-5')) x on conflict (id) do update set duration = 6""")
    source.commit()
    source.autocommit = True
    source.execute('vacuum (freeze) "UserInteractionEvent"')
    result = load_events(settings)
    assert (result.extracted, result.updated) == (3, 3)


def test_a_table_and_a_partition_that_were_filled_before_they_came_are_read(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserInteractionEvent" rename to old')
    source.execute('create table "UserInteractionEvent" (like old) partition by list (path)')
    source.execute("""create table first partition of "UserInteractionEvent" for values in ('first')""")
    source.execute("create table second (like old)")
    insert_events(source, [event(n, path="first") for n in range(3)])
    source.commit()
    source.execute("""insert into second select 'late', "userId", "sessionId", "eventType", "eventCategory", timestamp,
        "perfumeId", "houseId", "noteId", "eventData", "deviceType", "userAgent", referrer, 'second' from first limit 1
    """)
    source.commit()
    assert load_events(settings).inserted == 3
    source.execute("""alter table "UserInteractionEvent" attach partition second for values in ('second')""")
    source.commit()
    result = load_events(settings)
    assert (result.extracted, result.inserted, result.recovered) == (1, 1, 0)
    source.execute(
        'alter table "UserInteractionEvent" rename to partitioned; alter table old rename to "UserInteractionEvent"'
    )
    source.execute("""update second set path = 'x' where false""")
    source.commit()
    assert load_events(settings).deleted == 4


def test_an_increment_scans_the_applications_table_once(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    def scans() -> int:
        # counts come with a delay, and this session sees them as of its own transaction
        source.commit()
        time.sleep(0.1)
        source.execute("select pg_stat_force_next_flush()")
        source.commit()
        row = source.execute(
            "select seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables where relname = 'UserInteractionEvent'"
        ).fetchone()
        source.commit()
        assert row is not None
        return int(row[0])

    insert_events(source, [event(n) for n in range(3000)])
    before = scans()
    load_events(settings)
    first = scans()
    insert_events(source, [event(n) for n in range(3000, 3010)])
    source.execute("""update "UserInteractionEvent" set duration = 5 where ctid = '(0,3)'""")
    source.commit()
    middle = scans()
    result = load_events(settings)
    assert (result.inserted, result.updated, result.unchanged) == (10, 1, 0)
    assert (first - before, scans() - middle) == (1, 1)


def test_new_rows_are_found_in_every_stretch_of_a_table(
    settings: Settings, warehouse: Warehouse, source: psycopg.Connection
) -> None:
    source.execute('alter table "UserInteractionEvent" set (fillfactor = 10)')
    source.execute(
        """insert into "UserInteractionEvent"
        (id, "sessionId", "eventType", "eventCategory", timestamp, "eventData", path, "userAgent")
        select n::text, 's', 'PAGE_VIEW', 'VIEW', '2025-01-01', '{}', '/', repeat('x', 500)
        from generate_series(1, 2500) as n"""
    )
    source.commit()
    row = source.execute("""select max((ctid::text::point)[0]) from "UserInteractionEvent" """).fetchone()
    assert row is not None
    assert row[0] > 1536, "more than three stretches"
    load_events(settings)
    source.execute("""update "UserInteractionEvent" set duration = 5 where id in ('1', '1250', '1300', '2500')""")
    source.commit()
    result = load_events(settings)
    assert (result.extracted, result.updated) == (4, 4)


def test_a_standby_hides_what_is_in_flight_and_nothing_is_lost(
    settings: Settings, warehouse: Warehouse, folder: Path
) -> None:
    primary, standby = Cluster(folder / "primary").create().start(), Cluster(folder / "standby")
    try:
        with psycopg.connect(primary.address) as writer, psycopg.connect(primary.address) as other:
            create_prisma_tables(writer)
            standby.copy(primary).start()
            insert_events(other, [event(100)])
            with other.transaction():
                insert_events(other, [event(101)])
            with psycopg.connect(primary.address) as preparing:
                insert_events(preparing, [event(102)])
                preparing.execute("prepare transaction 'waits'")
            insert_events(writer, [event(200)])
            writer.commit()
            _wait_for(standby, 1)
            assert load_events(settings, standby.address).inserted == 1
            other.commit()
            _wait_for(standby, 3)
            result = load_events(settings, standby.address)
            assert (result.inserted, result.unchanged, result.recovered) == (2, 1, 0)
            writer.autocommit = True
            writer.execute("commit prepared 'waits'")
            _wait_for(standby, 4)
            result = load_events(settings, standby.address)
            assert (result.inserted, result.unchanged, result.recovered) == (1, 1, 0)
            assert load_events(settings, standby.address).load_id is None
        standby.promote()
        with psycopg.connect(standby.address) as writer:
            insert_events(writer, [event(300)])
            writer.commit()
        result = load_events(settings, standby.address)
        assert (result.inserted, result.unchanged) == (1, 4), "another timeline is read whole"
    finally:
        standby.stop()
        primary.stop()


def test_a_standby_behind_the_last_load_is_refused(settings: Settings, warehouse: Warehouse, folder: Path) -> None:
    primary = Cluster(folder / "primary").create().start()
    standby = Cluster(folder / "standby", primary.port)
    try:
        with psycopg.connect(primary.address) as writer:
            create_prisma_tables(writer)
            insert_events(writer, [event(1)])
            writer.commit()
            standby.copy(primary)
            insert_events(writer, [event(2)])
            writer.commit()
        load_events(settings, primary.address)
        primary.stop()
        standby.start()
        with pytest.raises(SourceError, match="the standby is behind what the last load saw"):
            load_events(settings, standby.address)
        assert staged_ids(warehouse) == ["event-1", "event-2"]
    finally:
        standby.stop()
        primary.stop()


def test_another_server_behind_the_address_is_read_whole(
    settings: Settings, warehouse: Warehouse, folder: Path
) -> None:
    first = Cluster(folder / "first").create().start()
    second = Cluster(folder / "second", first.port).create()
    try:
        with psycopg.connect(first.address) as source:
            source.autocommit = True
            create_prisma_tables(source)
            use_up(source, 2000)
            insert_events(source, [event(n) for n in range(3)])
            load_events(settings, first.address)
            insert_events(source, [event(n) for n in (3, 4)])
        first.stop()
        second.start()
        with psycopg.connect(second.address) as source:
            source.autocommit = True
            create_prisma_tables(source)
            # two rows are gone and two came, all at low numbers: the count alone would not tell
            insert_events(source, [event(n) for n in (1, 2, 3, 4)])
            source.execute("""update "UserInteractionEvent" set duration = 7 where id = 'event-2'""")
            use_up(source, 4000)
        result = load_events(settings, second.address)
        assert (result.extracted, result.inserted, result.updated, result.deleted) == (4, 2, 1, 1)
        assert staged_ids(warehouse) == [f"event-{n}" for n in range(1, 5)]
        assert load_events(settings, second.address).load_id is None
    finally:
        first.stop()
        second.stop()


def test_transaction_numbers_that_begin_anew_hide_no_row_and_repeat_none(
    settings: Settings, warehouse: Warehouse, folder: Path
) -> None:
    server = Cluster(folder / "old").create().near_wraparound().start()
    try:
        with psycopg.connect(server.address, autocommit=True) as source:
            create_prisma_tables(source)
            insert_events(source, [event(n) for n in range(3)])
            load_events(settings, server.address)
            use_up(source, 1000)
            insert_events(source, [event(3), event(4)])
            source.execute('vacuum (freeze) "UserInteractionEvent"')
            now = source.execute("select pg_current_xact_id()::text::bigint >> 32").fetchone()
        assert now == (1,)
        result = load_events(settings, server.address)
        assert (result.extracted, result.inserted, result.recovered) == (2, 2, 0)
    finally:
        server.stop()


def _wait_for(standby: Cluster, rows: int) -> None:
    with psycopg.connect(standby.address, autocommit=True) as connection:
        for _ in range(100):
            if connection.execute('select count(*) from "UserInteractionEvent"').fetchone() == (rows,):
                return
            time.sleep(0.1)
    raise AssertionError("the standby does not follow")
