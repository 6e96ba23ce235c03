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
from ingestion.keyfilter import KeyFilter

SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Claims:
    """What the rows of a batch claim under one rule (None: nothing), and who holds these values in the table."""

    code: str
    values: list[str | None]
    holders: dict[str, set[str]]

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


class Uniqueness:
    """The `unique` rules of one table, for the batches of one load."""

    def __init__(
        self, connection: psycopg.Connection, entity: Entity, codes: Collection[str], is_empty: bool = False
    ) -> None:
        """`codes` are the rules that count; `is_empty`: the table holds nothing but what comes through here."""
        self._connection = connection
        self._entity = entity
        self._rules = tuple(rule for rule in entity.unique_rules if rule.code in codes)
        self._seen = {rule.code: KeyFilter() for rule in self._rules if is_empty}

    def repeated(self, rows: pa.RecordBatch) -> dict[str, tuple[str, ...]]:
        """Keys, as text, of the rows (their keys are distinct) that have to wait, with the codes they break."""
        claims = [claim for rule in self._rules if rows.num_rows and (claim := self._claims(rule, rows)) is not None]
        if not claims:
            return {}
        keys = _key_text(self._entity, rows)
        codes: dict[int, list[str]] = {}
        while found := [(claim.code, place) for claim in claims for place in claim.refused(keys, codes)]:
            # who has to wait keeps what it had given up: look again
            for code, place in found:
                codes.setdefault(place, []).append(code)
        return {keys[place]: tuple(sorted(set(broken))) for place, broken in codes.items()}

    def _claims(self, rule: Rule, rows: pa.RecordBatch) -> Claims | None:
        """What the rows claim under `rule`; None when nobody can have to wait."""
        texts = [rows.column(name).cast(pa.string()) for name in rule.args]
        joined = pc.binary_join_element_wise(*texts, SEPARATOR) if len(texts) > 1 else texts[0]
        for column, allowed in rule.when:
            applies = pc.is_in(rows.column(column), pa.array(allowed, rows.column(column).type))
            joined = pc.if_else(pc.fill_null(applies, False), joined, pa.scalar(None, pa.string()))
        claimed = joined.drop_null()
        distinct = claimed.unique().to_pylist()
        asked = distinct
        if rule.code in self._seen:
            asked = [v for v, maybe in zip(distinct, self._seen[rule.code].add(distinct), strict=True) if maybe]
        holders: dict[str, set[str]] = {}
        if asked:
            places = pc.index_in(pa.array(asked, pa.string()), joined)
            values = [text.take(places).to_pylist() for text in texts]
            query = _query(self._entity, rule)
            for number, key in self._connection.execute(query, [*values, *(list(v) for _, v in rule.when)]):
                holders.setdefault(asked[number - 1], set()).add(key)
        if not holders and len(distinct) == len(claimed):
            return None
        return Claims(rule.code, joined.to_pylist(), holders)


def _key_text(entity: Entity, rows: pa.RecordBatch) -> list[str]:
    parts = [rows.column(name).cast(pa.string()) for name in entity.key]
    joined: list[str] = (parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")).to_pylist()
    return joined


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
