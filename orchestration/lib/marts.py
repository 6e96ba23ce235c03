"""What the marts hold: the tables of the mart schemas with their numbers of rows."""

import psycopg
from psycopg import sql

from ingestion.warehouse import MART_SCHEMAS

TABLES = """
select n.nspname, c.relname
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = any(%s) and c.relkind in ('r', 'p', 'm') and not c.relispartition
order by 1, 2
"""


def row_counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows by qualified name."""
    tables = connection.execute(TABLES, [list(MART_SCHEMAS)]).fetchall()
    if not tables:
        return {}
    counts = [
        sql.SQL("select {}, count(*) from {}").format(sql.Literal(f"{s}.{t}"), sql.Identifier(s, t)) for s, t in tables
    ]
    return dict(connection.execute(sql.SQL(" union all ").join(counts)).fetchall())
