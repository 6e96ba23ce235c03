"""What a PostgreSQL offers: its tables and views, their columns by type, and what the user may read of them.

system catalogue -> `Table` by name. Types are told by the catalogue, never by the spelling of their names: a domain is
what it stands on, an array is what the catalogue calls one.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ingestion.errors import SourceError

NATIVE_TYPES = frozenset({"int2", "int4", "int8", "float4", "float8", "bool", "timestamp", "timestamptz"})
"""Types that arrive as themselves; all others as their text."""
SYSTEM_COLUMNS = ("ctid", "tableoid", "xmin")

PLACE = "select to_regnamespace(%s)::oid, quote_ident(current_user), getdatabaseencoding()"
# of partitioned and inherited tables the rows lie in other tables, with oids of their own
TABLES = """
with recursive parts as (
    select oid as table_oid, oid as part_oid from pg_class
    where relnamespace = %(schema)s and relkind in ('r', 'p', 'm', 'v', 'f')
    union
    select parts.table_oid, i.inhrelid from parts join pg_inherits as i on i.inhparent = parts.part_oid
)
select
    c.relname,
    quote_ident(c.relname),
    has_schema_privilege(%(schema)s, 'usage'),
    bool_and(part.relkind in ('r', 'p', 'm') and coalesce(am.amname, 'heap') = 'heap'),
    array_agg(part.oid::bigint order by part.oid) filter (where part.relkind <> 'p')
from parts
join pg_class as c on c.oid = parts.table_oid
join pg_class as part on part.oid = parts.part_oid
left join pg_am as am on am.oid = part.relam
group by c.oid, c.relname
"""
COLUMNS = """
with recursive bases as (
    select oid, oid as base from pg_type where oid in (
        select a.atttypid from pg_attribute as a join pg_class as c on c.oid = a.attrelid
        where c.relnamespace = %(schema)s)
    union
    select bases.oid, t.typbasetype from bases join pg_type as t on t.oid = bases.base where t.typtype = 'd'
)
select
    c.relname,
    a.attnum < 0,
    a.attname,
    quote_ident(a.attname),
    declared.typname,
    base.typname,
    format_type(base.oid, -1),
    base.typcategory = 'A' or base.typtype = 'c' or exists (
        select from pg_cast where castsource = base.oid and casttarget = 'json'::regtype and base.typname <> 'jsonb'),
    has_column_privilege(c.oid, a.attnum, 'select')
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_type as declared on declared.oid = a.atttypid
join bases on bases.oid = a.atttypid
join pg_type as base on base.oid = bases.base and base.typtype <> 'd'
where c.relnamespace = %(schema)s and c.relkind in ('r', 'p', 'm', 'v', 'f') and not a.attisdropped
    and (a.attnum > 0 or a.attname in ('ctid', 'tableoid', 'xmin'))
"""


@dataclass(frozen=True)
class Column:
    """A column of a source's table."""

    name: str
    quoted: str
    declared: str
    """Name of its type as declared: what is compared from load to load."""
    base: str
    """Name of the type below all domains."""
    sql_type: str
    is_json: bool
    """An array, a row, or anything else that PostgreSQL itself turns into JSON."""
    is_readable: bool

    def transported(self, is_utf8: bool) -> sql.Composable:
        """The column as it travels: as itself, an array as JSON, anything else as its text.

        Where the database is not in UTF-8 texts travel as the bytes they are: the server converts all or nothing.
        """
        column = sql.Identifier(self.name)
        if self.base in NATIVE_TYPES:
            return column if self.base == self.declared else sql.SQL("{}::{}").format(column, sql.SQL(self.sql_type))
        form = "to_json({})::text" if self.is_json else "{}::text"
        if self.base == "money":
            form = "{}::numeric::text"
        if not is_utf8:
            form = f"convert_to({form}, getdatabaseencoding())"
        return sql.SQL(form).format(column)


@dataclass(frozen=True)
class Table:
    """A table, view or foreign table of a source."""

    schema: str
    name: str
    quoted: str
    columns: dict[str, Column]
    system_columns: dict[str, bool]
    """Which of ctid, tableoid and xmin the user may read."""
    relations: tuple[int, ...]
    """Oids of the tables that hold its rows."""
    has_transactions: bool
    """Whether each row tells which transaction wrote it: not so of views, foreign tables and other storage."""
    may_use_schema: bool

    @property
    def identifier(self) -> sql.Identifier:
        """Its name in a statement."""
        return sql.Identifier(self.schema, self.name)

    @property
    def may_be_scanned_by_place(self) -> bool:
        """Whether the user may ask where a row lies."""
        return all(self.system_columns.get(name, False) for name in SYSTEM_COLUMNS)

    def require_rights(self, names: tuple[str, ...], where: str, user: str) -> None:
        """Raise, with the statement that helps, unless `user` may read the columns `names`."""
        if not self.may_use_schema:
            hint = f"grant usage on schema {self.schema} to {user}"
            raise SourceError(f"{user} may not use schema {self.schema}", where, hint)
        readable = [column.is_readable for column in self.columns.values()]
        table = self.quoted if self.schema == "public" else f"{self.schema}.{self.quoted}"
        if not any(readable):
            what = f"{user} may not read table {self.name}"
            raise SourceError(what, where, f"grant select on {table} to {user}")
        lacking = [self.columns[name].quoted for name in names if not self.columns[name].is_readable]
        if self.has_transactions and not self.system_columns.get("xmin", False):
            lacking.append("xmin")
        if lacking:
            columns = ", ".join(lacking)
            what = f"{user} may not read {columns} of table {self.name}"
            raise SourceError(what, where, f"grant select ({columns}) on {table} to {user}")


@dataclass(frozen=True)
class Catalogue:
    """The tables of one schema, who reads them, and the encoding of the database."""

    tables: dict[str, Table]
    user: str
    encoding: str

    @property
    def is_utf8(self) -> bool:
        """Whether texts come as they are."""
        return self.encoding == "UTF8"


def read_catalogue(connection: psycopg.Connection[Any], schema: str) -> Catalogue:
    """What the schema called `schema` holds; no tables where there is no such schema."""
    place = connection.execute(PLACE, [schema]).fetchone()
    assert place is not None
    oid, user, encoding = place
    columns: dict[str, dict[str, Column]] = {}
    system: dict[str, dict[str, bool]] = {}
    for table, is_systems, *column in connection.execute(COLUMNS, {"schema": oid}):
        found = Column(*column)
        if is_systems:
            system.setdefault(table, {})[found.name] = found.is_readable
        else:
            columns.setdefault(table, {})[found.name] = found
    tables = {
        name: Table(
            schema, name, quoted, columns.get(name, {}), system.get(name, {}), tuple(oids or ()), transactional, usable
        )
        for name, quoted, usable, transactional, oids in connection.execute(TABLES, {"schema": oid})
    }
    return Catalogue(tables, user, encoding)
