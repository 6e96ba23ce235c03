"""The contract's types in Arrow, and casting whatever a source sends into them.

A cast never fails as a whole: it returns the values it could make and a mask of those it could not.
"""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TIMESTAMP = pa.timestamp("us", "UTC")
ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "timestamptz": TIMESTAMP,
    "date": pa.date32(),
    "uuid": pa.string(),
}
# what a JSON value of a contract type looks like to a strict JSON reader
JSON_TYPES: dict[str, pa.DataType] = {
    "integer": pa.float64(),
    "bigint": pa.float64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
}
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
TRUE_WORDS, FALSE_WORDS = ["true", "t", "1", "yes"], ["false", "f", "0", "no"]
UUID = r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$"

Casted = tuple[pa.Array, pa.Array | None]
"""Values, and a mask of the elements that could not be cast (None: all could)."""


def cast(values: pa.Array, data_type: str) -> Casted:
    """Cast `values` of any Arrow type to the contract type `data_type`.

    Elements that cannot be cast become null and are true in the returned mask. Empty strings are null for every type
    but text; timestamps without a zone are UTC.
    """
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), ARROW_TYPES[data_type]), None
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        values, undecodable = _decode(values)
        casted, bad = cast(values, data_type)
        return casted, either(undecodable, bad)
    if data_type == "text":
        return _to_text(values), None
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return _from_text(pc.utf8_trim_whitespace(values.cast(pa.string())), data_type)
    return _from_typed(values, data_type)


def either(left: pa.Array | None, right: pa.Array | None) -> pa.Array | None:
    """Union of two masks, either of which may be absent."""
    if left is None or right is None:
        return right if left is None else left
    return pc.or_(left, right)


def _decode(values: pa.Array) -> Casted:
    try:
        return values.cast(pa.string()), None
    except pa.ArrowInvalid:
        decoded = [None if v is None else _utf8(v) for v in values.to_pylist()]
        bad = pa.array([v is not None and d is None for v, d in zip(values.to_pylist(), decoded, strict=True)])
        return pa.array(decoded, pa.string()), bad


def _utf8(value: bytes) -> str | None:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _to_text(values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        # 3.0 arrives for 3 where a nullable integer passed through a float column
        return pc.replace_substring_regex(values.cast(pa.string()), r"^(-?\d+)\.0$", r"\1")
    return values.cast(pa.string())


def _newly_null(before: pa.Array, after: pa.Array) -> pa.Array | None:
    if after.null_count == before.null_count:
        return None
    return pc.and_(pc.is_valid(before), pc.is_null(after))


def _keep(values: pa.Array, mask: Any) -> pa.Array:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def _from_text(values: pa.Array, data_type: str) -> Casted:
    values = _keep(values, pc.not_equal(values, ""))
    if values.null_count == len(values):
        return pa.nulls(len(values), ARROW_TYPES[data_type]), None
    if data_type == "boolean":
        return _booleans(values)
    if data_type == "timestamptz":
        return _timestamps(values)
    if data_type == "uuid":
        valid = pc.match_substring_regex(values, UUID)
        return _canonical_uuids(_keep(values, valid)), _newly_null(values, _keep(values, valid))
    if data_type == "date":
        stamps, bad = _timestamps(values)
        return stamps.cast(pa.date32(), safe=False), bad
    numbers = _keep(values, pc.match_substring_regex(values, NUMBER)).cast(pa.float64())
    return _with_integers(values, numbers, data_type)


def _with_integers(values: pa.Array, numbers: pa.Array, data_type: str) -> Casted:
    """Numbers as `data_type`; integers beyond 2^53 are read from their digits, not through a float."""
    if data_type == "bigint" and pa.types.is_string(values.type):
        digits = pc.match_substring_regex(values, r"^[+-]?\d{1,18}$")
        if pc.all(pc.or_kleene(digits, pc.is_null(values))).as_py():
            return pc.ascii_ltrim(values, characters="+").cast(pa.int64()), None
    casted, bad = _from_typed(numbers, data_type)
    return casted, either(_newly_null(values, numbers), bad)


def _booleans(values: pa.Array) -> Casted:
    lowered = pc.utf8_lower(values)
    true = pc.is_in(lowered, pa.array(TRUE_WORDS))
    known = pc.or_(true, pc.is_in(lowered, pa.array(FALSE_WORDS)))
    result = _keep(true, known)
    return result, _newly_null(values, result)


def _canonical_uuids(values: pa.Array) -> pa.Array:
    plain = pc.utf8_lower(pc.replace_substring(values, "-", ""))
    parts = [pc.utf8_slice_codeunits(plain, a, b) for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
    return pc.binary_join_element_wise(*parts, "-")


def _timestamps(values: pa.Array) -> Casted:
    for zoned in (True, False):
        try:
            if zoned:
                return values.cast(TIMESTAMP), None
            return pc.assume_timezone(values.cast(pa.timestamp("us")), "UTC"), None
        except pa.ArrowInvalid:
            continue
    distinct = pc.unique(values)
    parsed = pa.array([_moment(text) for text in distinct.to_pylist()], TIMESTAMP)
    result = parsed.take(pc.index_in(values, distinct))
    return result, _newly_null(values, result)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", text))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _from_typed(values: pa.Array, data_type: str) -> Casted:
    target = ARROW_TYPES[data_type]
    kind = values.type
    if pa.types.is_timestamp(kind) and data_type in ("timestamptz", "date"):
        micros = values.cast(pa.timestamp("us", kind.tz), safe=False)
        stamps = micros.cast(TIMESTAMP) if kind.tz else pc.assume_timezone(micros, "UTC")
        return (stamps if data_type == "timestamptz" else stamps.cast(target, safe=False)), None
    if pa.types.is_date(kind) and data_type in ("timestamptz", "date"):
        days = values.cast(pa.date32(), safe=False)
        return (days if data_type == "date" else pc.assume_timezone(days.cast(pa.timestamp("us")), "UTC")), None
    if pa.types.is_boolean(kind) and data_type == "boolean":
        return values, None
    if (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)) and (
        data_type in ("integer", "bigint", "double precision")
    ):
        return _numbers(values, target)
    return pa.nulls(len(values), target), pc.is_valid(values)


def _numbers(values: pa.Array, target: pa.DataType) -> Casted:
    if pa.types.is_integer(values.type) and pa.types.is_integer(target):
        bounds = np.iinfo(target.to_pandas_dtype())
        wide = values.cast(pa.int64())
        fits = _keep(wide, pc.and_(pc.greater_equal(wide, int(bounds.min)), pc.less_equal(wide, int(bounds.max))))
        return fits.cast(target), _newly_null(values, fits)
    floats = values.cast(pa.float64(), safe=False)
    if pa.types.is_floating(target):
        kept = _keep(floats, pc.is_finite(floats))
        return kept, _newly_null(values, kept)
    limit = float(2**31) if target == pa.int32() else float(2**63)
    whole = pc.and_(pc.equal(floats, pc.floor(floats)), pc.less(pc.abs(floats), limit))
    kept = _keep(floats, whole)
    return kept.cast(target), _newly_null(values, kept)
