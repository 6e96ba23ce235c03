"""A live PostgreSQL: rows of transactions that the last load's snapshot did not see.

Every row version carries the transaction that wrote it (`xmin`), and a snapshot tells which transactions had
committed when it was taken. The watermark is the last load's snapshot: a row arrived since then exactly when its
transaction was not visible in it. So rows written late with old timestamps, and rows of transactions that were in
flight during the last load, are found; no column of the source has to be trusted. (PostgreSQL manual, 9.28.
"Transaction ID and Snapshot Information Functions".)
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from psycopg import sql

from ingestion.contracts import Entity, System
from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.sources.addresses import malformed, masked, shown
from ingestion.sources.base import Census, Extraction, SourceBatch, Watermark, require_columns

NATIVE_TYPES = frozenset({"int2", "int4", "int8", "float4", "float8", "bool", "timestamp", "timestamptz"})
"""Types that arrive as themselves; all others as their text."""
BATCH_BYTES = 12 << 20

# A row's 32 bit xmin as a full transaction id: the newest id with these low bits that is not in the future. For a row
# frozen long ago this may be too new, and the row is read once more: never missed.
IS_NEW = """
not pg_visible_in_snapshot(
    (case
        when low.bits > {top}::bigint & 4294967295 then ({top}::bigint >> 32) - 1
        else {top}::bigint >> 32
    end * 4294967296 + low.bits)::text::xid8,
    {snapshot}::pg_snapshot
)"""


class PostgresSource:
    """One system's tables in one database."""

    is_keyed = True

    def __init__(self, address: str, system: System) -> None:
        self.address = address.replace("postgres://", "postgresql://", 1)
        self.system = system
        self.name = _name(self.address)
        self._types: dict[str, dict[str, str]] | None = None

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """The database answers and has one of the tables; returns those it lacks."""
        absent = tuple(entity.name for entity in entities if entity.source not in self._tables())
        if len(absent) == len(entities):
            where = f"{self.name} schema {self.system.source_schema}"
            raise SourceError(f"table {entities[0].source} is missing, as is every other", where, "check the address")
        return absent

    def remarks(self) -> tuple[str, ...]:
        """Tables beside the contract's are the application's own matter."""
        return ()

    def columns(self, entity: Entity) -> dict[str, str]:
        """Type by column of the entity's table."""
        columns = self._tables().get(entity.source)
        if columns is None:
            if entity.optional:
                return {}
            where = f"{self.name} schema {self.system.source_schema}"
            raise SourceError(f"table {entity.source} is missing", where, "check the address")
        require_columns(f"{self.name} table {entity.source}", entity, columns)
        return columns

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """Rows whose transaction the snapshot in `watermark` did not see; None if there are none and none is gone."""
        if entity.source not in self._tables():
            return None
        snapshot = _Snapshot(self)
        try:
            known = watermark or {}
            previous = known.get("snapshot")
            if previous and int(previous.split(":")[1]) > snapshot.top:
                known, previous = {}, None  # another or a restored database behind the same address
            batches = snapshot.read(self._query(entity, previous, snapshot.top))
            # counted before the rows begin to flow: a connection has room for one running COPY and nothing beside it
            rows = snapshot.count(self._table(entity))
            first = next(batches, None)
        except BaseException:
            snapshot.close()
            raise
        if first is None and rows == known.get("rows", rows):
            snapshot.close()
            return None
        return Extraction(
            watermark={"snapshot": snapshot.text, "rows": rows},
            batches=batches if first is None else _chain(first, batches),
            census=Census(known.get("rows"), rows, lambda: snapshot.read(self._key_query(entity))),
            close=snapshot.close,
        )

    def _table(self, entity: Entity) -> sql.Identifier:
        return sql.Identifier(self.system.source_schema, entity.source)

    def _key_query(self, entity: Entity) -> str:
        types = self._tables()[entity.source]
        names = dict.fromkeys(column.source for column in entity.columns if column.name in entity.key)
        columns = [sql.SQL("{} as {}").format(_transported(n, types[n]), sql.Identifier(n)) for n in names if n]
        return sql.SQL("select {} from {}").format(sql.SQL(", ").join(columns), self._table(entity)).as_string(None)

    def _query(self, entity: Entity, snapshot: str | None, top: int) -> str:
        types = self._tables()[entity.source]
        columns = [_transported(name, types[name]) for name in entity.source_columns]
        named = [
            sql.SQL("{} as {}").format(c, sql.Identifier(n))
            for c, n in zip(columns, entity.source_columns, strict=True)
        ]
        query = sql.SQL("select {} from {} as row_").format(sql.SQL(", ").join(named), self._table(entity))
        if snapshot is not None:
            low = sql.SQL(" cross join lateral (select row_.xmin::text::bigint as bits) as low where ")
            new = sql.SQL(IS_NEW).format(top=sql.Literal(top), snapshot=sql.Literal(snapshot))
            query += low + new
        return query.as_string(None)

    def _tables(self) -> dict[str, dict[str, str]]:
        """Type name by column by table of the source schema."""
        if self._types is None:
            self._types = {}
            query = (
                "select c.relname, a.attname, t.typname from pg_attribute a"
                " join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid"
                " where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'p', 'm')"
                " and a.attnum > 0 and not a.attisdropped"
            )
            try:
                with psycopg.connect(self.address, connect_timeout=10) as connection:
                    rows = connection.execute(query, [self.system.source_schema]).fetchall()
            except psycopg.Error as error:
                raise self.failure(error) from None
            for table, column, kind in rows:
                self._types.setdefault(table, {})[column] = kind
        return self._types

    def failure(self, error: Exception) -> SourceError:
        """One line without the password, and whether another try may help."""
        text = " ".join(masked(str(error), self.address).split())
        for known, kind, hint in FAILURES:
            if known in text:
                return kind(text[-300:], self.name, hint)
        return SourceUnreachableError(text[-300:], self.name, "is the server up and the address right?")


class _Snapshot:
    """A transaction of the source in which every statement sees the same rows."""

    def __init__(self, source: PostgresSource) -> None:
        self._source = source
        try:
            self._connection = adbc.connect(source.address)
            with self._connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute("select pg_current_snapshot()::text, pg_snapshot_xmax(pg_current_snapshot())::text")
                self.text, top = cursor.fetchone()
        except adbc.Error as error:
            raise source.failure(error) from None
        self.top = int(top)

    def read(self, query: str) -> Iterator[SourceBatch]:
        """The rows of `query`, batch by batch."""
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            try:
                cursor.execute(query)
                for batch in cursor.fetch_record_batch():
                    if batch.num_rows:
                        yield SourceBatch(batch)
            except (adbc.Error, pa.ArrowException, OSError) as error:
                raise self._source.failure(error) from None

    def count(self, table: sql.Identifier) -> int:
        """Number of rows of `table`."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("select count(*) from {}").format(table).as_string(None))
            return int(cursor.fetchone()[0])

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()


FAILURES: tuple[tuple[str, type[SourceError], str], ...] = (
    ("authentication failed", SourceError, "check user and password"),
    ("permission denied", SourceError, "grant select on it to the user"),
    ('database "', SourceError, "check the database name"),
    ('role "', SourceError, "check the user name"),
)


def _name(address: str) -> str:
    try:
        parts = urlsplit(shown(address))
        return f"postgresql://{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError:  # more than one host, or a port beyond all ports
        raise malformed(address) from None


def _transported(name: str, kind: str) -> sql.Composable:
    """The column as it travels: as itself, an array as JSON, anything else as its text."""
    column = sql.Identifier(name)
    if kind in NATIVE_TYPES:
        return column
    return sql.SQL("to_json({})::text" if kind.startswith("_") else "{}::text").format(column)


def _chain(first: SourceBatch, rest: Iterator[SourceBatch]) -> Iterator[SourceBatch]:
    yield first
    yield from rest
