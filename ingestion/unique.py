"""`unique` rules at the gate: what another row of the table, or an earlier row of the batch, holds is not taken twice.

rows of a batch -> the values they claim -> one look-up of who holds these -> the rows that have to wait. The batch is
judged as a whole: a value that a row of the same batch gives up is free, wherever in the batch that row stands.
"""

from collections.abc import Collection
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingestion.contracts import Entity, Rule

SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Claims:
    """What the rows of a batch claim under one rule (None: nothing), and who holds these values in the table."""

    code: str
    values: list[str | None]
    holders: dict[str, set[str]]

    @property
    def may_clash(self) -> bool:
        """Whether a value is held, or claimed twice."""
        claimed = [value for value in self.values if value is not None]
        return bool(self.holders) or len(set(claimed)) < len(claimed)

    def refused(self, keys: list[str], waiting: Collection[int]) -> set[int]:
        """Places of the rows whose value is taken, when those of `waiting` keep what they have."""
        new = {key: value for place, (key, value) in enumerate(zip(keys, self.values, strict=True))
               if place not in waiting}  # fmt: skip
        taken = {v: {key for key in held if new.get(key, v) == v} for v, held in self.holders.items()}
        places: set[int] = set()
        for place, (key, value) in enumerate(zip(keys, self.values, strict=True)):
            if value is None or place in waiting:
                continue
            others = taken.setdefault(value, set()) - {key}
            if others and key not in self.holders.get(value, ()):
                places.add(place)
            else:
                taken[value].add(key)
        return places


def repeated(
    connection: psycopg.Connection, entity: Entity, rules: Collection[Rule], keys: list[str], rows: pa.RecordBatch
) -> dict[str, tuple[str, ...]]:
    """Keys of the rows (their `keys` are distinct) that break one of the `unique` rules, with the codes they break."""
    claims = [claim for claim in (_claims(connection, entity, rule, rows) for rule in rules) if claim.may_clash]
    codes: dict[int, list[str]] = {}
    grown = bool(claims)
    while grown:
        # who has to wait keeps what it had given up: look again
        found = [(claim.code, place) for claim in claims for place in claim.refused(keys, codes)]
        for code, place in found:
            codes.setdefault(place, []).append(code)
        grown = bool(found)
    return {keys[place]: tuple(sorted(set(found))) for place, found in codes.items()}


def _claims(connection: psycopg.Connection, entity: Entity, rule: Rule, rows: pa.RecordBatch) -> Claims:
    texts = [rows.column(name).cast(pa.string()) for name in rule.args]
    joined = pc.binary_join_element_wise(*texts, SEPARATOR) if len(texts) > 1 else texts[0]
    for column, allowed in rule.when:
        applies = pc.is_in(rows.column(column), pa.array(allowed, rows.column(column).type))
        joined = pc.if_else(pc.fill_null(applies, False), joined, pa.scalar(None, pa.string()))
    values = joined.to_pylist()
    places = {value: place for place, value in enumerate(values) if value is not None}
    holders: dict[str, set[str]] = {}
    if places:
        asked_values = list(places)
        asked = [[column[place].as_py() for place in places.values()] for column in texts]
        for number, key in connection.execute(_query(entity, rule), [*asked, *(list(v) for _, v in rule.when)]):
            holders.setdefault(asked_values[number - 1], set()).add(key)
    return Claims(rule.code, values, holders)


def _query(entity: Entity, rule: Rule) -> sql.Composed:
    types = {column.name: column.data_type for column in entity.columns}
    arrays = [sql.SQL("%s::text[]::{}[]").format(sql.SQL(types[name])) for name in rule.args]
    pairs = [sql.SQL("t.{c} = i.{c}").format(c=sql.Identifier(name)) for name in rule.args]
    pairs += [sql.SQL("t.{} = any(%s)").format(sql.Identifier(name)) for name, _ in rule.when]
    return sql.SQL(
        "select i.place, {key} from unnest({arrays}) with ordinality as i ({names}) inner join {t} as t on {pairs}"
    ).format(
        key=sql.SQL(" || '/' || ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in entity.key),
        arrays=sql.SQL(", ").join(arrays),
        names=sql.SQL(", ").join(sql.Identifier(name) for name in (*rule.args, "place")),
        t=sql.SQL(entity.table),
        pairs=sql.SQL(" and ").join(pairs),
    )
