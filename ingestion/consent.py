"""What a person has not consented to does not enter.

The contract's `consent` clauses say which entity of the system holds the consent, which of its values allow, and what
is withheld from everybody else: columns (they become null), nested entities (their rows stay outside) or the whole
row. Rows without a person are nobody's and pass. A consent that is withdrawn later reaches what is in staging with the
load that brings the withdrawal; one that is given later counts from then on.
"""

from collections import Counter
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingestion import ledger
from ingestion.conform import Conformed
from ingestion.contracts import Consent, Entity, System

PERSON = "user_key"


@dataclass(frozen=True)
class Answers:
    """A clause with what the people have answered: pseudonyms of those who allow, and of those who do not."""

    clause: Consent
    allow: pa.Array
    refuse: pa.Array

    def withheld(self, rows: Conformed) -> pa.Array:
        """Mask of the rows whose person does not allow."""
        people = rows.columns[PERSON]
        if self.clause.unknown_allows:
            return pc.is_in(people, self.refuse)
        return pc.and_(pc.is_valid(people), pc.invert(pc.is_in(people, self.allow)))


def read_answers(connection: psycopg.Connection, system: System, entity: Entity) -> list[Answers]:
    """The answers to each clause of `entity`, from the staging tables that hold them."""
    return [_read(connection, system, clause) for clause in entity.consent]


def _read(connection: psycopg.Connection, system: System, clause: Consent) -> Answers:
    table = system.entity(clause.entity).table
    row = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
    found: list[tuple[str, bool]] = []
    if row == (True,):
        # no answer is not a refusal: it is as unknown as a person without a row
        query = sql.SQL("select {}::text, {c}::text = any(%s) from {} where {c} is not null").format(
            sql.Identifier(PERSON), sql.SQL(table), c=sql.Identifier(clause.column)
        )
        found = connection.execute(query, [list(clause.allow)]).fetchall()
    allow, refuse = ([person for person, allows in found if allows is wanted] for wanted in (True, False))
    return Answers(clause, pa.array(allow, pa.string()), pa.array(refuse, pa.string()))


def apply(rows: Conformed, answers: list[Answers]) -> Conformed:
    """`rows` as far as their people allow; nested rows of `withheld` parents are left out when they are made."""
    for answer in answers:
        mask = answer.withheld(rows)
        if not pc.any(mask).as_py():
            continue
        if answer.clause.rows:
            rows = rows.kept(pc.invert(mask))
            continue
        for name in answer.clause.columns:
            if name in rows.columns:
                values = rows.columns[name]
                rows.columns[name] = pc.if_else(mask, pa.scalar(None, values.type), values)
        for place in (*answer.clause.children, *answer.clause.columns):
            rows.withhold(place, mask)
    return rows


def apply_nested(connection: psycopg.Connection, rows: Conformed, parent: Entity, answers: list[Answers]) -> Conformed:
    """Rows nested in rows of `parent` that are in staging, as far as the people these belong to allow."""
    for answer in answers:
        mask = answer.withheld(Conformed(parent, {PERSON: _people(connection, rows, parent)}))
        name = rows.entity.name
        if answer.clause.rows or name in answer.clause.children:
            rows = rows.kept(pc.invert(mask))
            continue
        for column in rows.columns:
            if f"{name}.{column}" in answer.clause.columns:
                values = rows.columns[column]
                rows.columns[column] = pc.if_else(mask, pa.scalar(None, values.type), values)
    return rows


def _people(connection: psycopg.Connection, rows: Conformed, parent: Entity) -> pa.Array:
    keys = rows.columns[rows.entity.key[0]].cast(pa.string()).to_pylist()
    kind = next(column.data_type for column in parent.columns if column.name == parent.key[0])
    query = sql.SQL("select {k}::text, {p}::text from {t} where {k} = any(%s::text[]::{kind}[])").format(
        k=sql.Identifier(parent.key[0]), p=sql.Identifier(PERSON), t=sql.SQL(parent.table), kind=sql.SQL(kind)
    )
    found: dict[str, str] = dict(connection.execute(query, [keys]).fetchall())
    return pa.array([found.get(key) for key in keys], pa.string())


def reapply(
    connection: psycopg.Connection, system: System, source: Entity, load_id: int, stamp: int | None = None
) -> tuple[Counter[str], int | None]:
    """Take back from staging what the answers that load `load_id` has just brought into `source` do not allow.

    Returns how many rows of each entity were deleted, and the id that rows which lost values carry since: a new one,
    or `stamp` where a rebuild gives the one of then; None if no answer takes anything back.
    """
    clauses = [(entity, clause) for entity in system.roots for clause in entity.consent if clause.entity == source.name]
    clauses = [(entity, clause) for entity, clause in clauses if _is_refused(connection, system, clause, load_id)]
    if not clauses:
        return Counter(), None
    for entity in dict.fromkeys(entity for entity, _ in clauses):
        # a load that asked for the answers before they changed may be about to commit rows; it waits for nobody
        ledger.wait_for_entity(connection, entity)
    # newer than any load of these entities, so that whoever reads what arrived finds the rows
    stamp = stamp or ledger.next_load_id(connection)
    deleted: Counter[str] = Counter()
    for entity, clause in clauses:
        deleted += _take_back(connection, system, entity, clause, (load_id, stamp))
    return deleted, stamp


def _is_refused(connection: psycopg.Connection, system: System, clause: Consent, load_id: int) -> bool:
    answers = sql.SQL("select exists (select {} limit 1)").format(_refusals(system, clause, load_id))
    return connection.execute(answers).fetchone() == (True,)


def _take_back(
    connection: psycopg.Connection, system: System, entity: Entity, clause: Consent, ids: tuple[int, int]
) -> Counter[str]:
    load_id, stamp = ids
    refused = sql.SQL("t.{p} in (select {p} {answers})").format(
        p=sql.Identifier(PERSON), answers=_refusals(system, clause, load_id)
    )
    table = sql.SQL(entity.table)
    deleted: Counter[str] = Counter()
    for child in system.children(entity):
        if clause.rows or child.name in clause.children:
            statement = "delete from {c} as c using {t} as t where c.{ck} = t.{k} and {refused}"
            parts = {"c": sql.SQL(child.table), "ck": sql.Identifier(child.key[0]), "k": sql.Identifier(entity.key[0])}
            removed = connection.execute(sql.SQL(statement).format(t=table, refused=refused, **parts))
            deleted[child.name] += removed.rowcount
    if clause.rows:
        statement = "delete from {t} as t where {refused}"
        deleted[entity.name] += connection.execute(sql.SQL(statement).format(t=table, refused=refused)).rowcount
        return +deleted
    # nested columns first: the rows' own person may be among the columns that become null
    for child in system.children(entity):
        own = [name.split(".", 1)[1] for name in clause.columns if name.startswith(f"{child.name}.")]
        if own:
            pair = sql.SQL("c.{} = t.{}").format(sql.Identifier(child.key[0]), sql.Identifier(entity.key[0]))
            statement = "update {c} as c set {nulls} from {t} as t where {pair} and {refused}"
            parts = {"c": sql.SQL(child.table), "nulls": _nulls(own, stamp), "pair": pair}
            connection.execute(sql.SQL(statement).format(t=table, refused=refused, **parts))
    if own := [name for name in clause.columns if "." not in name]:
        statement = "update {t} as t set {nulls} where {refused}"
        connection.execute(sql.SQL(statement).format(t=table, nulls=_nulls(own, stamp), refused=refused))
    return +deleted


def _refusals(system: System, clause: Consent, load_id: int) -> sql.Composed:
    """The answers of load `load_id` that do not allow; one that became null is unknown."""
    query = "from {s} where _load_id = {id} and not coalesce({c}::text = any({allow}), {unknown})"
    return sql.SQL(query).format(
        s=sql.SQL(system.entity(clause.entity).table),
        id=sql.Literal(load_id),
        c=sql.Identifier(clause.column),
        allow=sql.Literal(list(clause.allow)),
        unknown=sql.Literal(clause.unknown_allows),
    )


def _nulls(columns: list[str], load_id: int) -> sql.Composed:
    pairs = [sql.SQL("{} = null").format(sql.Identifier(name)) for name in columns]
    return sql.SQL(", ").join([*pairs, sql.SQL("_load_id = {}").format(sql.Literal(load_id))])
