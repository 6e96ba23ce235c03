"""Quarantined rows that newer ones have overtaken: which they are, and how any row is settled.

A load that brings a key closes the rows that waited under it; what has not come with it again, and is older, says
nothing that the newer row does not. A replay asks the same of every row before it takes it in.

keys that were loaded -> `supersede` -> records for the lake -> `settle`, also when the lake is loaded again
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ingestion.contracts import Entity

Row = dict[str, Any]
REPLAYED = "quarantine"
"""The source of a replay in the ledger."""
DUPLICATE_KEY = "duplicate_key"
"""A row with this reason waits because of a row under its own key: that row does not overtake it."""
TAKEN_AS_IT_STANDS = '[{"action": "replayed", "accepted": true}]'
"""In the trail of a row that was taken in although it breaks a rule."""
WAITING = f"(status in ('open', 'fixed') or status = 'replayed' and trail @> '{TAKEN_AS_IT_STANDS}')"
"""Rows that a newer one may overtake: those that wait, and those whose broken rules are overlooked."""


def place_of(entity: Entity) -> str:
    """The SQL of what overtakes a quarantined row of `entity`: its key, or that of the row it is nested in."""
    return "source_key" if entity.parent is None else f"payload ->> '{entity.key[0]}'"


def entities_with_accepted(connection: psycopg.Connection) -> set[tuple[str, str]]:
    """System and name of the entities with a row that a steward has taken in as it stands."""
    query = "select distinct system, entity from ops.quarantine where status = 'replayed' and trail @> %s::jsonb"
    return {(system, entity) for system, entity in connection.execute(query, [TAKEN_AS_IT_STANDS])}


def rows_to_judge(entity: Entity) -> str:
    """A query for the rows of `entity` without those taken in as they stand and not overtaken since."""
    same = " and ".join(f"t.{name}::text = q.payload ->> '{name}'" for name in entity.key)
    return (
        f"select t.* from {entity.table} as t where not exists (select from ops.quarantine as q"
        f" where q.system = '{entity.system}' and q.entity = '{entity.name}' and q.status = 'replayed'"
        f" and q.trail @> '{TAKEN_AS_IT_STANDS}' and {same})"
    )


def waiting_places(connection: psycopg.Connection, entity: Entity) -> set[str]:
    """Where rows of `entity` wait that a newer row may overtake: their keys, or those of their parents."""
    query = f"select distinct {place_of(entity)} from ops.quarantine where system = %s and entity = %s and {WAITING}"
    return {place for (place,) in connection.execute(query.encode(), [entity.system, entity.name]) if place is not None}


def supersede(
    connection: psycopg.Connection, entity: Entity, loaded: Mapping[str, int], load_id: int, conflicts_stay: bool
) -> list[Row]:
    """Close the rows of `entity` that waited at the places in `loaded` and have not come since; their records.

    `loaded` tells for each place the load that its newest row came with. With `conflicts_stay`, rows that contradict
    a known one wait on.
    """
    step = json.dumps([{"action": "superseded", "load_id": load_id}])
    statement = f"""
        update ops.quarantine as q
        set status = 'superseded', trail = q.trail || %s::jsonb
        from unnest(%s::text[], %s::bigint[]) as n (place, load_id)
        where q.system = %s and q.entity = %s and {WAITING}
            and {place_of(entity)} = n.place and coalesce(q.seen_load_id, q.load_id) < n.load_id
            and not (%s and exists (select from unnest(q.reasons) as code where starts_with(code, '{DUPLICATE_KEY}')))
        returning q.system, q.entity, q.load_id, q.fingerprint, q.status, q.reasons, q.rule_version,
            q.payload::text as payload, q.trail::text as trail
    """
    values = [step, list(loaded), list(loaded.values()), entity.system, entity.name, conflicts_stay]
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()


def overtaken(connection: psycopg.Connection, table: Entity, keys: list[list[Any]], since: list[int]) -> set[int]:
    """Numbers of the `keys` (a list per key column) whose row in `table` a source has written after load `since`.

    What a replay wrote is no newer: it came with some earlier load.
    """
    query = sql.SQL(
        "select i.place - 1 from {keys} inner join {t} as t on {same} inner join ops.loads as l"
        " on l.load_id = t._load_id and l.system = {system} and l.entity = {entity} and l.source <> {replayed}"
        " where t._load_id > i.since"
    )
    return {place for (place,) in connection.execute(*_with_keys(query, table, keys, since))}


def present(connection: psycopg.Connection, table: Entity, keys: list[list[Any]]) -> set[int]:
    """Numbers of the `keys` that `table` has a row of."""
    query = sql.SQL("select i.place - 1 from {keys} inner join {t} as t on {same}")
    return {place for (place,) in connection.execute(*_with_keys(query, table, keys, [0] * len(keys[0])))}


def _with_keys(
    query: sql.SQL, table: Entity, keys: list[list[Any]], since: Collection[int]
) -> tuple[sql.Composed, list[Any]]:
    types = {column.name: column.data_type for column in table.columns}
    arrays = [sql.SQL("%s::text[]::{}[]").format(sql.SQL(types[name])) for name in table.key]
    names = [sql.Identifier(name) for name in (*table.key, "since", "place")]
    pairs = [sql.SQL("t.{k} = i.{k}").format(k=sql.Identifier(name)) for name in table.key]
    composed = query.format(
        keys=sql.SQL("unnest({}, %s::bigint[]) with ordinality as i ({})").format(
            sql.SQL(", ").join(arrays), sql.SQL(", ").join(names)
        ),
        t=sql.SQL(table.table),
        same=sql.SQL(" and ").join(pairs),
        system=sql.Literal(table.system),
        entity=sql.Literal(table.name),
        replayed=sql.Literal(REPLAYED),
    )
    return composed, [*keys, list(since)]


def settle(connection: psycopg.Connection, record: Row) -> None:
    """Write what became of a row; one that would open again beside its open copy expires as its duplicate."""
    if record["status"] == "open" and _has_open_copy(connection, record):
        trail = [*json.loads(record["trail"]), {"action": "duplicate"}]
        record = {**record, "status": "expired", "trail": json.dumps(trail)}
    connection.execute(
        "update ops.quarantine set status = %(status)s, reasons = %(reasons)s, rule_version = %(rule_version)s,"
        " payload = %(payload)s::jsonb, trail = %(trail)s::jsonb where system = %(system)s and entity = %(entity)s"
        " and load_id = %(load_id)s and fingerprint = %(fingerprint)s and status in ('open', 'fixed', 'replayed')",
        record,
    )


def _has_open_copy(connection: psycopg.Connection, record: Row) -> bool:
    """Whether the same bad row stands open beside this one, which had been fixed."""
    row = connection.execute(
        "select exists (select from ops.quarantine where system = %(system)s and entity = %(entity)s"
        " and fingerprint = %(fingerprint)s and load_id <> %(load_id)s and status = 'open')",
        record,
    ).fetchone()
    return row == (True,)
