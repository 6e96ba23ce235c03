"""People who were deleted at the source: everything about them leaves, and stays away until they are there again.

gone from the list of people -> their rows of every entity and of the quarantine are deleted, an entry in `ops.erasures`
-> later rows of theirs stay outside
in the list of people again -> the entry ends -> entities that name people are read anew, once
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingestion import ledger
from ingestion.conform import Conformed
from ingestion.contracts import Entity, System
from ingestion.sources.base import COUNTS_OF_ROWS, Watermark

PERSON = "user_key"
"""The column that names a person, in every entity that has one."""


WAITING_INSIDE = """
delete from ops.quarantine as q using {e} as t, {gone} as p
where {person} and q.system = {system} and q.entity = {child} and q.payload ->> {ck_text} = t.{k}::text
"""


def entities_naming(system: System) -> Iterator[Entity]:
    """The entities, but for the list of people itself, whose rows name a person."""
    return (e for e in system.roots if PERSON in e.column_names and not e.lists_people)


def erased_people(connection: psycopg.Connection, system: str) -> pa.Array:
    """Pseudonyms of the system's people who were deleted and have not come back."""
    rows = connection.execute(
        "select user_key::text from ops.erasures where system = %s and returned_load_id is null", [system]
    ).fetchall()
    return pa.array([key for (key,) in rows], pa.string())


def without_erased(rows: Conformed, erased: pa.Array) -> Conformed | None:
    """`rows` without those of erased people; None when there are none of them."""
    if not len(erased) or PERSON not in rows.columns:
        return None
    found = pc.is_in(rows.columns[PERSON], erased)
    if not pc.any(found).as_py():
        return None
    return rows.kept(pc.invert(found))


def enter(connection: psycopg.Connection, system: System, people: list[str], load_id: int) -> None:
    """Keep later rows of `people` out, and delete what the quarantine holds of them."""
    connection.execute(
        "insert into ops.erasures (system, user_key, load_id) select %s, unnest(%s::uuid[]), %s on conflict do nothing",
        [system.name, people, load_id],
    )
    connection.execute(
        "delete from ops.quarantine where system = %s and payload ->> %s = any(%s)", [system.name, PERSON, people]
    )


def take_out(connection: psycopg.Connection, system: System, gone: sql.Composable) -> Counter[str]:
    """Delete the rows that name a person of the relation `gone`, and what is nested in them; their number by entity."""
    deleted: Counter[str] = Counter()
    for entity in entities_naming(system):
        # whoever waits here holds the lock of a list of people, and nobody waits for that one: no circle
        ledger.wait_for_entity(connection, entity)
        for child in system.children(entity):
            # a nested row that waits alone names its parent, not the person
            _execute(connection, WAITING_INSIDE, entity, gone, child)
            statement = "delete from {c} as c using {e} as t, {gone} as p where {person} and c.{ck} = t.{k}"
            deleted[child.name] += _execute(connection, statement, entity, gone, child)
        statement = "delete from {e} as t using {gone} as p where {person}"
        deleted[entity.name] += _execute(connection, statement, entity, gone)
    return +deleted


def count(connection: psycopg.Connection, system: System, gone: sql.Composable) -> int:
    """How many rows of other entities name a person of the relation `gone`."""
    statement = "select count(*) from {e} as t inner join {gone} as p on {person}"
    found = 0
    for entity in entities_naming(system):
        row = connection.execute(_statement(statement, entity, gone)).fetchone()
        found += row[0] if row else 0
    return found


def _execute(
    connection: psycopg.Connection, text: str, entity: Entity, gone: sql.Composable, child: Entity | None = None
) -> int:
    return connection.execute(_statement(text, entity, gone, child)).rowcount


def _statement(text: str, entity: Entity, gone: sql.Composable, child: Entity | None = None) -> sql.Composed:
    return sql.SQL(text).format(
        e=sql.SQL(entity.table),
        k=sql.Identifier(entity.key[0]),
        c=sql.SQL(child.table if child else ""),
        ck=sql.Identifier(child.key[0] if child else ""),
        ck_text=sql.Literal(child.key[0] if child else ""),
        system=sql.Literal(entity.system),
        child=sql.Literal(child.name if child else ""),
        gone=gone,
        person=sql.SQL("t.{k} = p.{k}").format(k=sql.Identifier(PERSON)),
    )


def come_back(connection: psycopg.Connection, system: System, entity: Entity, load_id: int) -> int | None:
    """End the erasures of those whom load `load_id` has brought into the list `entity`.

    Returns the number that is written as `returned_load_id`, None if nobody came back: loads with lower ids may have
    left rows of these people out. No load that still does can have a higher one, since their locks are held from here.
    """
    back = _arrived(connection, system, entity, load_id)
    if not back:
        return None
    for other in entities_naming(system):
        ledger.wait_for_entity(connection, other)
    number = ledger.next_load_id(connection)
    end(connection, system, back, load_id, number)
    return number


def _arrived(connection: psycopg.Connection, system: System, entity: Entity, load_id: int) -> list[str]:
    query = sql.SQL(
        "select t.user_key::text from {} as t inner join ops.erasures as e using (user_key)"
        " where t._load_id = %s and e.system = %s and e.returned_load_id is null and e.load_id < %s"
    ).format(sql.SQL(entity.table))
    return [key for (key,) in connection.execute(query, [load_id, system.name, load_id])]


def end(connection: psycopg.Connection, system: System, people: Iterable[str], load_id: int, number: int) -> None:
    """End the erasures of `people` that are older than load `load_id`."""
    connection.execute(
        "update ops.erasures set returned_load_id = %s"
        " where system = %s and user_key = any(%s::uuid[]) and returned_load_id is null and load_id < %s",
        [number, system.name, list(people), load_id],
    )


def reread_for_returned(
    connection: psycopg.Connection, entity: Entity, source: str, watermark: Watermark | None
) -> Watermark | None:
    """`watermark`, or only its counts of rows where a person came back since it was written.

    Loads up to then left the person's rows out, and the source's cursor has passed them.
    """
    if watermark is None or PERSON not in entity.column_names:
        return watermark
    row = connection.execute(
        "select exists (select from ops.erasures as e inner join ops.watermarks as w using (system)"
        " where e.system = %s and w.entity = %s and w.source = %s and e.returned_load_id > w.load_id)",
        [entity.system, entity.name, source],
    ).fetchone()
    if row != (True,):
        return watermark
    return {name: value for name, value in watermark.items() if name in COUNTS_OF_ROWS}
