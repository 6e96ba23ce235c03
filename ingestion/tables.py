"""The staging tables' DDL, derived from the contract.

Every staging table has its contract's columns and `_load_id`, the load that last wrote the row: downstream work is
driven by it. A BRIN index finds a load's rows, which lie together, at next to no cost.
"""

from datetime import UTC, date, datetime

import psycopg

from ingestion.contracts import Column, Entity

LOAD_ID = "_load_id"
LONGEST_NAME = 63
"""Bytes of a name: PostgreSQL cuts off the rest."""
TABLES_LOCK = "select pg_advisory_xact_lock(hashtext('moodmart staging tables'))"
"""Held while staging tables are made or changed."""
LAST_MONTH = date(9999, 12, 1)
"""No date follows it; a timestamp in it often stands for "never"."""


def primary_key(entity: Entity) -> tuple[str, ...]:
    """Key columns; a partitioned table adds the column it is partitioned by, as PostgreSQL demands."""
    if entity.partition_by and entity.event_time:
        return (*entity.key, entity.event_time)
    return entity.key


def column_sql(column: Column, key: tuple[str, ...]) -> str:
    """One column definition."""
    return f"{column.name} {column.data_type}" + (" not null" if column.name in key else "")


def create_table_sql(entity: Entity) -> str:
    """Statements that make the entity's staging table and indexes where they are missing."""
    key = primary_key(entity)
    lines = [column_sql(column, key) for column in entity.columns]
    lines += [f"{LOAD_ID} bigint not null", f"primary key ({', '.join(key)})"]
    partition = f" partition by range ({entity.event_time})" if entity.partition_by else ""
    statements = [f"create table if not exists {entity.table} ({', '.join(lines)}){partition}"]
    statements += [f"create index if not exists {name} on {entity.table} {what}" for name, what in indexes(entity)]
    # until 2026-11 block ranges; they came to match every load, and whole months were read
    statements.append(f"drop index if exists {entity.table}_by_load")
    return ";\n".join(statements)


def indexes(entity: Entity) -> list[tuple[str, str]]:
    """Names of the table's indexes, and what they are on."""
    name = f"{entity.system}__{entity.name}"
    by_columns = [(f"{name}_by_{'_'.join(columns)}", f"({', '.join(columns)})") for columns in entity.indexes]
    # no unique ones: a steward may accept a row, and rules may hold under a condition only
    by_rule = [
        (f"{name}_{rule.code.replace(':', '_')}", f"({', '.join(rule.args)})")
        for rule in entity.unique_rules
        if rule.args not in entity.indexes
    ]
    found = [(f"{name}_by_load_id", f"({LOAD_ID})"), *by_columns, *by_rule]
    return [(index[:LONGEST_NAME], what) for index, what in found]


def ensure_tables(connection: psycopg.Connection, entities: tuple[Entity, ...]) -> None:
    """Make the staging tables of `entities` that are missing, and indexes that the contract has got since; commits."""
    if not _missing(connection, entities):
        connection.commit()
        return
    # two first runs at once: the second waits and finds nothing missing
    connection.execute(TABLES_LOCK)
    for entity in _missing(connection, entities):
        connection.execute(create_table_sql(entity))
    connection.commit()


def _missing(connection: psycopg.Connection, entities: tuple[Entity, ...]) -> list[Entity]:
    rows = connection.execute("select relname from pg_class where relnamespace = 'staging'::regnamespace").fetchall()
    existing = {name for (name,) in rows}
    return [
        entity
        for entity in entities
        if not {f"{entity.system}__{entity.name}", *(name for name, _ in indexes(entity))} <= existing
    ]


def ensure_month(connection: psycopg.Connection, entity: Entity, month: date) -> None:
    """Make the partition of `month`, attached in a way that blocks neither readers nor this load."""
    name = f"{entity.table}_{month:%Y_%m}"
    if connection.execute("select to_regclass(%s)", [name]).fetchone() != (None,):
        return
    low, high = (f"'{datetime(d.year, d.month, 1, tzinfo=UTC).isoformat()}'" for d in (month, _following(month)))
    if month.replace(day=1) == LAST_MONTH:
        high = "maxvalue"
    connection.execute(f"create table {name} (like {entity.table} including all)")
    connection.execute(f"alter table {entity.table} attach partition {name} for values from ({low}) to ({high})")


def _following(month: date) -> date:
    return LAST_MONTH if month >= LAST_MONTH else date(month.year + month.month // 12, month.month % 12 + 1, 1)
