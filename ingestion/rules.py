"""What each declared rule means on Arrow columns; the one place where that stands.

A null breaks no rule but `not_null`. `unique` is not here: it is a matter of the whole table.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Rule

Columns = dict[str, pa.Array]


def broken(rule: Rule, columns: Columns) -> pa.Array:
    """Mask of the rows of `columns` that break `rule`; never null."""
    values = columns[rule.column]
    mask = pc.fill_null(CHECKS[rule.kind](rule, values, columns), False)
    for column, allowed in rule.when:
        applies = pc.fill_null(pc.is_in(columns[column], pa.array(allowed, columns[column].type)), False)
        mask = pc.and_(mask, applies)
    return mask


def _not_null(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    return pc.is_null(values)


def _in(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    allowed = pa.array(rule.args).cast(values.type)
    return pc.and_(pc.invert(pc.is_in(values, allowed)), pc.is_valid(values))


def _between(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    low, high = (_bound(bound, values.type) for bound in rule.args)
    return pc.or_(pc.less(values, low), pc.greater(values, high))


def _bound(bound: Any, kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_timestamp(kind):
        moment = datetime.fromisoformat(str(bound))
        return pa.scalar(moment if moment.tzinfo else moment.replace(tzinfo=UTC), kind)
    if pa.types.is_date(kind):
        return pa.scalar(date.fromisoformat(str(bound)), kind)
    if pa.types.is_integer(kind):
        return pa.scalar(bound, pa.int64())
    return pa.scalar(bound, kind)


def _matches(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    return pc.invert(pc.match_substring_regex(values, rule.args[0]))


def _min_length(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    return pc.less(pc.utf8_length(values), rule.args[0])


def _compare(rule: Rule, values: pa.Array, columns: Columns) -> pa.Array:
    operator, other = rule.args
    return pc.invert(COMPARISONS[operator](values, columns[other]))


COMPARISONS: dict[str, Callable[[pa.Array, pa.Array], pa.Array]] = {
    "<": pc.less,
    "<=": pc.less_equal,
    "=": pc.equal,
    ">=": pc.greater_equal,
    ">": pc.greater,
}
CHECKS: dict[str, Callable[[Rule, pa.Array, Columns], pa.Array]] = {
    "not_null": _not_null,
    "in": _in,
    "between": _between,
    "matches": _matches,
    "min_length": _min_length,
    "compare": _compare,
}
