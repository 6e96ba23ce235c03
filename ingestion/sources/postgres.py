"""A live PostgreSQL: rows of transactions that may have ended after the last load looked.

Every row version carries the transaction that wrote it (`xmin`), and a load reads in one snapshot. A snapshot has an
`xmin` of its own: every transaction below it had ended when the snapshot was taken, with its subtransactions, and on a
standby too. The watermark is that snapshot. A row has possibly arrived since when its transaction is not below the last
snapshot's xmin; rows written late with old timestamps, and rows of transactions that were in flight during the last
load, are among them, and no column of the source has to be trusted. (PostgreSQL manual, 9.28. "Transaction ID and
Snapshot Information Functions".)

Where nothing was in flight this is exact. Otherwise rows are read again that had been written since the oldest open
transaction began: they are merged as `unchanged`. So a transaction left open for hours, or prepared and forgotten,
costs what was written beside it at every load. What the snapshot says of single transactions is not used: it does not
know subtransactions, and on a standby it lists no running ones.

Transaction numbers mean something in one database of one cluster only. The watermark names it (system identifier,
timeline, database) and the tables that hold the rows: from another one everything is read, and so is a table or
partition that has come in since. A standby behind the last load is refused. Where a managed server does not tell, and
where somebody goes on writing to a copy of the cluster's files, what remains is the comparison of counts
(`ingestion/recovery.py`), which follows every load and misses only as many rows as were deleted since.

The application's table is read once: one scan counts its rows and tells in which stretches of it new ones lie, and
only those are read again. Where the grants, or PostgreSQL 13, do not allow that, the table is counted and read.
"""

from collections.abc import Iterator
from functools import cached_property, partial
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
from psycopg import sql

from ingestion.contracts import Entity, System
from ingestion.errors import SourceError
from ingestion.sources.addresses import malformed, shown
from ingestion.sources.base import Census, Extraction, SourceBatch, Watermark, require_columns
from ingestion.sources.postgres_catalogue import Catalogue, Table, read_catalogue
from ingestion.sources.postgres_content import ContentReading, chained
from ingestion.sources.postgres_failures import failure
from ingestion.sources.postgres_session import Reader, Session, can_be_decoded

HALF_OF_ALL = 1 << 31
"""Transaction numbers are compared on a circle of 32 bits: what is further back cannot be told from what is ahead."""
LOW_BITS = (1 << 32) - 1
STRETCH_PAGES = 512
"""New rows are looked for in stretches of 4 MB."""
READS_RANGES = 140_000
"""From this version on PostgreSQL reads a part of a table by place."""

# frozen rows have a number too, which is old, or by chance new: then the row is read once more
IS_NEW = "age(row_.xmin) between 0 and age('{oldest}'::xid)"
SCAN = """
select tableoid::bigint, case when {is_new} then ((ctid::text::point)[0])::bigint / {pages} end as stretch, count(*)
from {table} as row_ group by 1, 2 order by 1, 2
"""


class PostgresSource:
    """One system's tables in one database."""

    is_keyed = True

    def __init__(self, address: str, system: System) -> None:
        self.address = address.replace("postgres://", "postgresql://", 1)
        self.system = system
        self.name = _name(self.address)

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """The database answers and has one of the tables; returns those it lacks."""
        absent = tuple(entity.name for entity in entities if entity.source not in self._catalogue.tables)
        if len(absent) == len(entities):
            where = f"{self.name} schema {self.system.source_schema}"
            raise SourceError(f"table {entities[0].source} is missing, as is every other", where, "check the address")
        return absent

    def remarks(self) -> tuple[str, ...]:
        """Tables beside the contract's are the application's own matter."""
        return ()

    def columns(self, entity: Entity) -> dict[str, str]:
        """Type by column of the entity's table, all of whose columns the user may read."""
        table = self._catalogue.tables.get(str(entity.source))
        if table is None:
            if entity.optional:
                return {}
            where = f"{self.name} schema {self.system.source_schema}"
            raise SourceError(f"table {entity.source} is missing", where, "check the address")
        require_columns(f"{self.name} table {entity.source}", entity, table.columns)
        table.require_rights(entity.source_columns, self.name, self._catalogue.user)
        return {column.name: column.declared for column in table.columns.values()}

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """Rows that may be new since `watermark`; None if there are none and none is gone."""
        table = self._catalogue.tables.get(str(entity.source))
        if table is None:
            return None
        catalogue = self._catalogue
        session = Session(Reader(self.address, self.name, catalogue.user, table.name, catalogue.encoding))
        try:
            return _Reading(self, catalogue, session, entity, table, watermark or {}).extraction()
        except BaseException:
            session.close()
            raise

    @cached_property
    def _catalogue(self) -> Catalogue:
        try:
            with psycopg.connect(self.address, connect_timeout=10, client_encoding="UTF8") as connection:
                return read_catalogue(connection, self.system.source_schema)
        except psycopg.Error as error:
            raise self.failure(error) from None

    def failure(self, error: Exception) -> SourceError:
        """One line without the password, and whether another try may help."""
        return failure(error, self.address, self.name)


class _Reading:
    """What one load reads of one table."""

    def __init__(
        self,
        source: PostgresSource,
        catalogue: Catalogue,
        session: Session,
        entity: Entity,
        table: Table,
        known: Watermark,
    ) -> None:
        self.source, self.session, self.entity, self.table, self.known = source, session, entity, table, known
        self._is_utf8 = not can_be_decoded(catalogue.encoding)
        self.watermark: Watermark = {"identity": session.identity, "relations": list(table.relations)}
        self.census = Census(known.get("rows"), 0, self._keys, self._rows_of, known.get("outside", 0))
        keys = [column.source_column for column in entity.columns if column.name in entity.key]
        self._key_names = list(dict.fromkeys(name for name in keys if name))

    def extraction(self) -> Extraction | None:
        """Everything that may be new; closes the session if nothing is."""
        is_as_known = partial(self._is_as_known)
        if self.table.has_transactions:
            self.watermark["snapshot"] = self.session.snapshot
            batches = self._new_rows()
        else:
            key_order = sql.SQL(" order by {}").format(sql.SQL(", ").join(map(sql.Identifier, self._key_names)))
            query = self._query(self.entity.source_columns) + key_order.as_string(None)
            reading = ContentReading(self.session.read(query), self.known, self.watermark, self.census)
            batches = reading.rows()
            is_as_known = partial(self._is_as_known, reading)
        first = next(batches, None)
        if first is None and is_as_known():
            self.session.close()
            return None
        return Extraction(self.watermark, chained(first, batches), self.census, self.session.close)

    def _is_as_known(self, content: ContentReading | None = None) -> bool:
        """After a reading without new rows: whether the load has nothing to do and nothing to remember."""
        if content is not None and not content.is_as_known:
            return False
        rows = self.census.now
        if not self.known:
            return rows == 0
        return rows == self.known["rows"] and "outside" in self.known and self._is_same_cluster()

    # --- the cursor

    def _new_rows(self) -> Iterator[SourceBatch]:
        since = self._last_snapshot()
        added = sorted(set(self.table.relations) - set(self.known.get("relations", self.table.relations)))
        if since is None or (added and not self.table.may_be_scanned_by_place):
            yield from self._counted(self.session.read(self._query(self.entity.source_columns)))
            return
        is_new = IS_NEW.format(oldest=since & LOW_BITS)
        if added:
            is_new = f"({is_new} or tableoid = any('{{{', '.join(map(str, added))}}}'::oid[]))"
        if self.table.may_be_scanned_by_place and self.session.version >= READS_RANGES:
            yield from self._by_place(is_new)
            return
        count = sql.SQL("select count(*) from {}").format(self.table.identifier).as_string(None)
        self._note_rows(self.session.rows(count)[0][0])
        yield from self.session.read(self._query(self.entity.source_columns, is_new))

    def _by_place(self, is_new: str) -> Iterator[SourceBatch]:
        table = self.table.identifier.as_string(None)
        found = self.session.rows(SCAN.format(is_new=is_new, pages=STRETCH_PAGES, table=table))
        self._note_rows(sum(rows for _, _, rows in found))
        places = [(relation, stretch) for relation, stretch, _ in found if stretch is not None]
        for relation, first, end in _joined(places):
            place = f"ctid >= '({first * STRETCH_PAGES},0)'::tid and ctid < '({end * STRETCH_PAGES},0)'::tid"
            condition = f"{place} and tableoid = {relation} and {is_new}"
            yield from self.session.read(self._query(self.entity.source_columns, condition))

    def _counted(self, batches: Iterator[SourceBatch]) -> Iterator[SourceBatch]:
        rows = 0
        for batch in batches:
            rows += batch.rows.num_rows
            yield batch
        self._note_rows(rows)

    def _note_rows(self, rows: int) -> None:
        self.census.now = rows
        self.watermark["rows"] = rows

    def _last_snapshot(self) -> int | None:
        """The last snapshot's xmin; None where it says nothing here, so that everything is read."""
        snapshot = self.known.get("snapshot")
        if snapshot is None or not self._is_same_cluster():
            return None
        oldest, following = (int(part) for part in snapshot.split(":")[:2])
        if following > self.session.next_transaction:
            if self.session.is_standby and self.known.get("identity"):
                hint = "load again when it has caught up, or name another"
                raise SourceError("the standby is behind what the last load saw", self.source.name, hint)
            return None  # a restored database
        return oldest if self.session.next_transaction - oldest < HALF_OF_ALL else None

    def _is_same_cluster(self) -> bool:
        """Whether nothing says otherwise: what one side cannot tell is not compared."""
        before: dict[str, Any] = self.known.get("identity", {})
        now = self.session.identity
        return all(before.get(name) in (None, now[name]) for name in now if now[name] is not None)

    # --- keys

    def _keys(self) -> Iterator[SourceBatch]:
        yield from self.session.read(self._query(tuple(self._key_names)))

    def _rows_of(self, keys: list[pa.RecordBatch]) -> Iterator[SourceBatch]:
        """The rows whose keys, as `_keys` gave them, are among `keys`."""
        for batch in keys:
            arrays = []
            for name in self._key_names:
                values = [str(value) for value in batch.column(name).to_pylist()]
                array = sql.SQL("{}::text[]::{}[]").format(sql.Literal(values), sql.SQL(self._sql_type(name)))
                arrays.append(array.as_string(None))
            names = ", ".join(sql.Identifier(name).as_string(None) for name in self._key_names)
            condition = f"({names}) in (select * from unnest({', '.join(arrays)}))"
            yield from self.session.read(self._query(self.entity.source_columns, condition))

    def _sql_type(self, name: str) -> str:
        return self.table.columns[name].sql_type

    def _query(self, names: tuple[str, ...], condition: str = "") -> str:
        columns = [
            sql.SQL("{} as {}").format(self.table.columns[name].transported(self._is_utf8), sql.Identifier(name))
            for name in names
        ]
        query = sql.SQL("select {} from {} as row_").format(sql.SQL(", ").join(columns), self.table.identifier)
        return query.as_string(None) + (f" where {condition}" if condition else "")


def _joined(places: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Neighbouring stretches of a table as one: its oid, the first stretch, and the one after the last."""
    if not places:
        return
    starts = [0, *(n for n, (a, b) in enumerate(pairwise(places), 1) if b != (a[0], a[1] + 1)), len(places)]
    for start, end in pairwise(starts):
        relation, first = places[start]
        yield relation, first, places[end - 1][1] + 1


def _name(address: str) -> str:
    try:
        parts = urlsplit(shown(address))
        return f"postgresql://{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError:  # more than one host, or a port beyond all ports
        raise malformed(address) from None
