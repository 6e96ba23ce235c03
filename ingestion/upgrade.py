"""Staging tables follow their contract: new columns are added, types widened, columns without a value dropped.

tables as they are -> what differs from the contract -> `alter table`, views on a widened column made again
What else differs would change or lose values: the entity is refused, and `moodmart rebuild` makes its table anew.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ingestion.contracts import Column, Entity
from ingestion.errors import OutdatedTableError, WarehouseError
from ingestion.settings import Settings
from ingestion.tables import LOAD_ID, TABLES_LOCK, primary_key
from ingestion.warehouse import Warehouse

WIDER = {
    ("integer", "bigint"): "{}::bigint",
    ("integer", "double precision"): "{}::double precision",
    ("date", "timestamptz"): "{}::timestamp at time zone 'UTC'",
    ("integer", "text"): "{}::text",
    ("bigint", "text"): "{}::text",
    ("uuid", "text"): "{}::text",
}
"""How a column comes to a type that holds each of its values. The lake's values are cast to the same ones."""
SHORT_NAMES = {"timestamp with time zone": "timestamptz"}
SHAPES = """
select
    c.relname,
    c.relkind = 'p',
    (
        select jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))
        from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    (
        select array_agg(a.attname::text order by k.place)
        from pg_index as i
        cross join unnest(i.indkey::int[]) with ordinality as k (attnum, place)
        inner join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary
    )
from pg_class as c
where c.relnamespace = 'staging'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
"""
VIEWS = """
with recursive dependents as (
    select r.ev_class as view, 1 as depth
    from pg_depend as d
    inner join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    where d.refobjid = %(table)s::regclass and d.refclassid = 'pg_class'::regclass
    union
    select r.ev_class, depth + 1
    from dependents
    inner join pg_depend as d on d.refobjid = dependents.view and d.refclassid = 'pg_class'::regclass
    inner join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    where r.ev_class <> dependents.view
)
select n.nspname, c.relname, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class')
from (select view, max(depth) as depth from dependents group by view) as d
inner join pg_class as c on c.oid = d.view
inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'v'
order by d.depth
"""


@dataclass(frozen=True)
class Shape:
    """A staging table as it is: types by column, the primary key, whether it has partitions."""

    columns: dict[str, str]
    key: tuple[str, ...]
    is_partitioned: bool


@dataclass(frozen=True)
class Difference:
    """What the contract of `entity` has otherwise than its table."""

    entity: Entity
    added: tuple[Column, ...]
    changed: tuple[tuple[Column, str], ...]
    """Columns with the type they have in the table."""
    removed: tuple[str, ...]
    is_other_key: bool

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.added or self.changed or self.removed or self.is_other_key)

    def refusal(self, connection: psycopg.Connection) -> str:
        """Why the table cannot follow; empty if it can."""
        if self.is_other_key:
            return "the contract has another key"
        for column, kind in self.changed:
            is_partition_key = self.entity.partition_by and column.name == self.entity.event_time
            if (kind, column.data_type) not in WIDER or is_partition_key:
                return f"column {column.name} is {kind}, in the contract {column.data_type}"
        for name in self.removed:
            if _holds_values(connection, self.entity, name):
                return f"column {name} is not in the contract any more and holds values"
        return ""


def follow_contract(
    settings: Settings, connection: psycopg.Connection, entities: Iterable[Entity], needed: Iterable[Entity]
) -> None:
    """Bring the existing tables of `entities` to their contract.

    Raises `OutdatedTableError` if one of those in `needed` cannot follow.
    """
    needed = tuple(needed)
    found = differences(connection, entities)
    connection.commit()
    if not found:
        return
    # the views on the tables are the owner's
    with Warehouse(settings).connect("owner") as owner:
        owner.execute(TABLES_LOCK)
        for difference in differences(owner, entities):
            entity = difference.entity
            refusal = difference.refusal(owner)
            if not refusal:
                _alter(owner, difference)
            elif entity in needed:
                hint = "`moodmart rebuild` makes the table anew, from the lake"
                raise OutdatedTableError(refusal, f"staging table {entity.system}__{entity.name}", hint)


def refused(connection: psycopg.Connection, entities: Iterable[Entity]) -> list[Entity]:
    """Those of `entities` whose table cannot follow the contract."""
    return [d.entity for d in differences(connection, entities) if d.refusal(connection)]


def differences(connection: psycopg.Connection, entities: Iterable[Entity]) -> list[Difference]:
    """What the tables that exist have otherwise than the contracts of `entities`."""
    shapes = {
        f"staging.{name}": Shape({c: SHORT_NAMES.get(t, t) for c, t in columns.items()}, tuple(key or ()), parted)
        for name, parted, columns, key in connection.execute(SHAPES)
    }
    found = (_difference(entity, shapes[entity.table]) for entity in entities if entity.table in shapes)
    return [difference for difference in found if difference]


def _difference(entity: Entity, shape: Shape) -> Difference:
    there = shape.columns
    return Difference(
        entity=entity,
        added=tuple(c for c in entity.columns if c.name not in there),
        changed=tuple((c, there[c.name]) for c in entity.columns if there.get(c.name, c.data_type) != c.data_type),
        removed=tuple(sorted(set(there) - {*entity.column_names, LOAD_ID})),
        is_other_key=shape.key != primary_key(entity) or shape.is_partitioned != bool(entity.partition_by),
    )


def _holds_values(connection: psycopg.Connection, entity: Entity, name: str) -> bool:
    query = sql.SQL("select exists (select from {} where {} is not null)")
    row = connection.execute(query.format(sql.SQL(entity.table), sql.Identifier(name))).fetchone()
    return row == (True,)


def _alter(connection: psycopg.Connection, difference: Difference) -> None:
    table = difference.entity.table
    steps = [f"add column {column.name} {column.data_type}" for column in difference.added]
    for column, kind in difference.changed:
        value = WIDER[kind, column.data_type].format(column.name)
        steps.append(f"alter column {column.name} type {column.data_type} using {value}")
    steps += [f"drop column {name}" for name in difference.removed]
    is_in_the_way = difference.changed or difference.removed
    views = list(connection.execute(VIEWS, {"table": table})) if is_in_the_way else []
    try:
        for schema, name, *_ in reversed(views):
            connection.execute(sql.SQL("drop view {}").format(sql.Identifier(schema, name)))
        connection.execute(f"alter table {table} {', '.join(steps)}".encode())
    except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InsufficientPrivilege) as error:
        hint = "drop what depends on the table"
        raise WarehouseError(str(error).splitlines()[0], f"upgrade of {table}", hint) from None
    for view in views:
        _make_again(connection, *view)


def _make_again(connection: psycopg.Connection, schema: str, name: str, query: str, comment: str | None) -> None:
    view = sql.Identifier(schema, name)
    # one that cannot be made from the table as it is now is made by the next build
    with suppress(psycopg.Error), connection.transaction():
        connection.execute(sql.SQL("create view {} as {}").format(view, sql.SQL(query)))
        connection.execute(sql.SQL("comment on view {} is {}").format(view, sql.Literal(comment)))
