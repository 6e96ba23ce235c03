"""Write rows into a PostgreSQL server: one database per system, with the application's own tables, filled by COPY.

The databases are `<database of the address>_<system>`. Tables have the source's column types, keys and NOT NULLs; the
CHECKs of the documents are left out, for a source that enforced them all would have no dirty rows to find.
"""

import io
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from psycopg import sql

from ingestion.simulator.faults import plain
from ingestion.simulator.plan import Ints, SimulationError, Table

CSV = pv.WriteOptions(include_header=False, quoting_style="needed")
COPY_BYTES = 1 << 20


def database_address(address: str, system: str) -> str:
    """Address of the system's own database on the server of `address`."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path or '/simulated'}_{system}"))


class PostgresSink:
    """The database of one system."""

    def __init__(self, address: str, system: str, tables: tuple[Table, ...]) -> None:
        self._where = database_address(address, system)
        try:
            _create_database(address, urlsplit(self._where).path.lstrip("/"))
            self._connection = psycopg.connect(self._where)
            for table in tables:
                self._connection.execute(_ddl(table))
            self._connection.commit()
        except psycopg.Error as error:
            raise SimulationError(
                str(error), _shown(self._where), "the user needs CREATEDB, the database must be empty"
            ) from None

    def write(self, table: Table, data: pa.Table, arrival: Ints) -> None:
        """Copy rows in, in a transaction of their own."""
        buffer = io.BytesIO()
        pv.write_csv(_flat(plain(data, table.arrow)), buffer, CSV)
        csv = buffer.getbuffer()
        names = sql.SQL(", ").join(sql.Identifier(name) for name in data.schema.names)
        statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(sql.Identifier(table.name), names)
        try:
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                for start in range(0, len(csv), COPY_BYTES):
                    copy.write(csv[start : start + COPY_BYTES])
            self._connection.commit()
        except psycopg.Error as error:
            raise SimulationError(str(error), _shown(self._where), "the databases made so far are incomplete") from None

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def _create_database(address: str, name: str) -> None:
    with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _ddl(table: Table) -> sql.Composed:
    columns = [
        sql.SQL("{} " + kind + (" not null" if required else "")).format(sql.Identifier(name))
        for name, kind, required in table.columns
    ]
    key = [sql.Identifier(name) for name in table.key.split(", ")]
    columns.append(sql.SQL("primary key ({})").format(sql.SQL(", ").join(key)))
    return sql.SQL("create table {} ({})").format(sql.Identifier(table.name), sql.SQL(", ").join(columns))


def _flat(data: pa.Table) -> pa.Table:
    """Lists as PostgreSQL's array literals."""
    for place, field in enumerate(data.schema):
        if pa.types.is_list(field.type):
            data = data.set_column(place, field.name, _array_literals(data.column(place).combine_chunks()))
    return data


def _array_literals(values: pa.ListArray) -> pa.Array:
    escaped = pc.replace_substring_regex(values.flatten(), r'(["\\])', r"\\\1")
    quoted = pc.fill_null(pc.binary_join_element_wise('"', escaped, '"', ""), "NULL")
    sizes = pc.fill_null(pc.list_value_length(values), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(sizes)])
    inner = pc.binary_join(pa.ListArray.from_arrays(offsets, quoted), ",")
    literals = pc.binary_join_element_wise("{", inner, "}", "")
    return pc.if_else(pc.is_valid(values), literals, pa.scalar(None, pa.string()))


def _shown(address: str) -> str:
    """The address without a password."""
    parts = urlsplit(address)
    return f"postgresql://{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
