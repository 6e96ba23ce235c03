"""One transaction of a PostgreSQL, in which every statement sees the same rows in the same form.

The session is told how to write dates, numbers and texts, whatever the database or the role prescribes, and that it may
wait for the loader as long as it takes; how long a statement may last stays the source's own matter. It says which
cluster and database it is in, since another one may stand behind the same address some day.

    python -m ingestion.load new_smell          with a source address in MOODMART_SOURCE_NEW_SMELL
"""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import SourceError
from ingestion.sources.base import SourceBatch
from ingestion.sources.postgres_failures import failure

BATCH_BYTES = 12 << 20

SETTINGS = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # not every version has all three
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
}
SET = "select set_config(name, (array[{values}])[array_position(array[{names}], name)], true) from pg_settings" + (
    " where name = any(array[{names}])"
)
SNAPSHOT = """
select
    pg_current_snapshot()::text,
    pg_is_in_recovery(),
    current_setting('server_version_num')::bigint,
    (select oid::bigint from pg_database where datname = current_database())
"""
# some managed servers do not let everybody ask: what cannot be told is not compared
SYSTEM = "select system_identifier::text from pg_control_system()"
TIMELINE = """
select case when pg_is_in_recovery() then (select timeline_id::bigint from pg_control_checkpoint())
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint end
"""

CLOCK_OFFSET = 946_684_800_000_000
INFINITIES = ((1 << 63) - 1 + CLOCK_OFFSET - (1 << 64), -(1 << 63) + CLOCK_OFFSET)
"""`infinity` and `-infinity` as the driver hands them over, in microseconds."""
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, in microseconds."""
OUT_OF_RANGE = "beyond the years 1 to 9999"


@dataclass(frozen=True)
class Reader:
    """Who reads what: for the messages of a session."""

    address: str
    name: str
    user: str
    table: str
    encoding: str

    def failure(self, error: Exception) -> SourceError:
        """One line about `error`."""
        return failure(error, self.address, self.name, self.user, self.table)


class Session:
    """A read-only transaction with one snapshot."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._codec = _codec(reader.encoding)
        try:
            self._connection = adbc.connect(reader.address, autocommit=True)
        except adbc.Error as error:
            raise reader.failure(error) from None
        try:
            # asked before the transaction begins, which a refusal would end
            system, timeline = self._told(SYSTEM), self._told(TIMELINE)
            self._run("begin isolation level repeatable read, read only")
            self.rows(_settings())
            (self.snapshot, self.is_standby, self.version, database), *_ = self.rows(SNAPSHOT)
        except BaseException:
            self.close()
            raise
        self.identity: dict[str, Any] = {"system": system, "timeline": timeline, "database": database}

    @property
    def next_transaction(self) -> int:
        """The first transaction that the snapshot knows nothing of."""
        return int(self.snapshot.split(":")[1])

    def read(self, query: str) -> Iterator[SourceBatch]:
        """The rows of `query`, batch by batch."""
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            try:
                cursor.execute(query)
                for batch in cursor.fetch_record_batch():
                    if batch.num_rows:
                        yield SourceBatch(self._readable(batch))
            except (adbc.Error, pa.ArrowException, OSError) as error:
                raise self._reader.failure(error) from None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a short answer."""
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(query)
                return list(cursor.fetchall())
            except (adbc.Error, pa.ArrowException, OSError) as error:
                raise self._reader.failure(error) from None

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except adbc.Error as error:
                raise self._reader.failure(error) from None

    def _told(self, query: str) -> Any:
        with suppress(SourceError):
            return self.rows(query)[0][0]
        return None

    def _readable(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with texts decoded, and moments beyond the calendar as text: they are one row's matter."""
        columns = [self._readable_column(column) for column in batch.columns]
        return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def _readable_column(self, values: pa.Array) -> pa.Array:
        if pa.types.is_timestamp(values.type):
            return _within_calendar(values)
        if pa.types.is_binary(values.type) and self._codec:
            return _decoded(values, self._codec)
        return values


def _settings() -> str:
    names = ", ".join(f"'{name}'" for name in SETTINGS)
    values = ", ".join(f"'{value}'" for value in SETTINGS.values())
    return SET.format(names=names, values=values)


def _codec(encoding: str) -> str | None:
    """Python's name of a database encoding; None where there is none, or no need of one.

    SQL_ASCII is no encoding at all: its bytes are what the applications sent, today UTF-8.
    """
    name = {"SQL_ASCII": "utf-8", "KOI8R": "koi8_r", "KOI8U": "koi8_u"}.get(encoding, encoding.replace("WIN", "cp"))
    try:
        return None if encoding == "UTF8" else codecs.lookup(name).name
    except LookupError:
        return None


def can_be_decoded(encoding: str) -> bool:
    """Whether texts of this encoding can be decoded here, one by one."""
    return encoding != "UTF8" and _codec(encoding) is not None


def _within_calendar(values: pa.Array) -> pa.Array:
    micros = values.cast(pa.int64())
    outside = pc.or_(pc.less(micros, FIRST), pc.greater(micros, LAST))
    if not pc.any(outside).as_py():
        return values
    kept = pc.if_else(outside, pa.scalar(None, values.type), values).cast(pa.string())
    infinite = pc.is_in(micros, pa.array(INFINITIES))
    said = pc.if_else(infinite, "infinity", OUT_OF_RANGE)
    return pc.if_else(outside, said, kept)


def _decoded(values: pa.Array, codec: str) -> pa.Array:
    """Texts from the bytes of another encoding; if one cannot be decoded all stay bytes, the others in UTF-8."""
    texts: list[bytes | None] = [None if value is None else _recoded(value, codec) for value in values.to_pylist()]
    try:
        return pa.array(texts, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array(texts, pa.binary())


def _recoded(value: bytes, codec: str) -> bytes:
    try:
        return value.decode(codec).encode()
    except UnicodeDecodeError:
        return b"\xff"
