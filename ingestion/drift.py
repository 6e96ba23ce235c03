"""Notice when a source's table changes between loads.

A new column is reported and ignored, a widened type is reported and followed, a column that vanished is reported. A
column the contract reads that is missing, or whose type became narrower, stops the entity, and only it: values may be
cut off at the source. Each change is one event in `ops.schema_events`, written whether or not the load succeeds.
"""

import json

import psycopg

from ingestion.contracts import Entity
from ingestion.errors import SchemaDriftError, SourceError, SourceUnreachableError
from ingestion.sources.base import Source

# each type holds every value of those before it
LADDERS = (
    ("int2", "int4", "int8", "numeric", "text"),
    ("int8", "float8"),
    ("float4", "float8", "numeric"),
    ("varchar", "text"),
    ("bpchar", "varchar"),
    ("date", "timestamp", "timestamptz"),
    ("json", "jsonb"),
    ("int8", "int16", "int32", "int64", "double", "string"),
    ("float", "double", "string"),
    ("date32[day]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]"),
    ("string", "large_string"),
)
Columns = dict[str, str]


def is_wider(before: str, after: str) -> bool:
    """Whether type `after` holds every value of type `before`."""
    return any(
        before in ladder and after in ladder and ladder.index(before) < ladder.index(after) for ladder in LADDERS
    )


def observe(connection: psycopg.Connection, entity: Entity, source: Source) -> None:
    """Compare what `source` offers for `entity` with the last load; commits what it noticed.

    Raises `SchemaDriftError` if the entity must not be read.
    """
    try:
        columns = source.columns(entity)
    except SourceUnreachableError:
        raise
    except SourceError as error:
        _note(connection, entity, source, "unreadable", str(error))
        connection.commit()
        raise
    known = _known(connection, entity, source)
    narrowed = _report(connection, entity, source, known, columns)
    if columns != known and not narrowed:
        _remember(connection, entity, source, columns)
    connection.commit()
    if narrowed:
        command = f"moodmart schema accept {entity.system} {entity.name}"
        raise SchemaDriftError(
            f"{', '.join(narrowed)} became narrower",
            f"{entity.system}.{entity.name} from {source.name}",
            f"widen it again at the source, or accept it with `{command}` and the --source of the run, if it had one",
        )


def accept(connection: psycopg.Connection, entity: Entity, source: Source) -> None:
    """Take the source's present columns as they are; commits.

    Raises `SourceError` if they are those of the last load, or there was none: the change is then another source's.
    """
    columns = source.columns(entity)
    if _known(connection, entity, source) in (None, columns):
        where = f"{entity.system}.{entity.name} from {source.name}"
        raise SourceError("no change waits to be accepted", where, "name the source that has changed with --source")
    _remember(connection, entity, source, columns)
    connection.commit()


def _report(
    connection: psycopg.Connection, entity: Entity, source: Source, known: Columns | None, columns: Columns
) -> list[str]:
    """Write an event for each change; the changes that stop the entity."""
    read = set(entity.source_columns)
    before = known if known is not None else dict.fromkeys((*read, *entity.never_read), "")
    narrowed: list[str] = []
    for name in sorted(set(columns) - set(before)):
        _note(connection, entity, source, "column_added", f"{name} {columns[name]}: not in the contract, ignored")
    if known is None:
        return narrowed
    for name in sorted(set(known) - set(columns)):
        _note(connection, entity, source, "column_removed", f"{name} {known[name]}")
    for name in sorted(set(known) & set(columns) & read):
        if known[name] == columns[name]:
            continue
        kind = "type_widened" if is_wider(known[name], columns[name]) else "type_narrowed"
        change = f"{name} from {known[name]} to {columns[name]}"
        _note(connection, entity, source, kind, change)
        if kind == "type_narrowed":
            narrowed.append(change)
    return narrowed


def _known(connection: psycopg.Connection, entity: Entity, source: Source) -> Columns | None:
    row = connection.execute(
        "select columns from ops.source_schemas where system = %s and entity = %s and source = %s",
        [entity.system, entity.name, source.name],
    ).fetchone()
    return row[0] if row else None


def _remember(connection: psycopg.Connection, entity: Entity, source: Source, columns: Columns) -> None:
    connection.execute(
        "insert into ops.source_schemas values (%s, %s, %s, %s)"
        " on conflict (system, entity, source) do update set columns = excluded.columns",
        [entity.system, entity.name, source.name, json.dumps(columns)],
    )


def _note(connection: psycopg.Connection, entity: Entity, source: Source, kind: str, detail: str) -> None:
    """One event per change: what was said last about the entity is not said again."""
    values = [entity.system, entity.name, source.name, kind, detail]
    connection.execute(
        "insert into ops.schema_events (system, entity, source, kind, detail)"
        " select %s::text, %s::text, %s::text, %s::text, %s::text where not exists ("
        " select from ops.schema_events where system = %s and entity = %s and source = %s and kind = %s"
        " and detail = %s and observed_at > now() - interval '1 day')",
        values + values,
    )
