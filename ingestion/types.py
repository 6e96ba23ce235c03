"""The contract's types in Arrow, and casting whatever a source sends into them: the one table of types.

values of any Arrow type -> their kind -> `TABLE`: how this kind is read as a contract type -> values, and a mask of
what could not be read. A cast never fails as a whole, and what the table does not name is refused, never guessed.

A boolean is no number (a driver that turns 0 to 9 into true has lost them), a number no timestamp (nothing says whether
it counts seconds or milliseconds) and a duration nothing at all (it has a unit, the column another).
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion import moments, nested
from ingestion.arrow_kinds import each_distinct, kind_of, texts_of_bytes, unwrapped
from ingestion.null_words import without_null_words

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "timestamptz": moments.TIMESTAMP,
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
# a bit of MySQL travels as a byte
TRUE_WORDS = ["true", "t", "yes", "y", "on", "1", "1.0", "\x01"]
FALSE_WORDS = ["false", "f", "no", "n", "off", "0", "0.0", "\x00"]
UUID = r"^(?i:urn:uuid:)?\{?([0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12})\}?$"
EXACT_IN_FLOAT = 2**53
LONGEST_WHOLE = 18
"""Decimal places before the point beyond which no bigint lies, by the exponent of the first digit."""

Casted = tuple[pa.Array, pa.Array | None]
"""Values, and a mask of the elements that could not be cast (None: all could)."""


def cast(values: pa.Array, data_type: str) -> Casted:
    """Cast `values` of any Arrow type to the contract type `data_type`.

    Elements that cannot be cast become null and are true in the returned mask. Null words and empty strings are null
    for every type but text, where the privacy class decides (`null_words.py`); NaN is null for every type. Timestamps
    without a zone are UTC.
    """
    values = unwrapped(values)
    kind = kind_of(values)
    if kind == "float":
        values = _without_nan(values)
    if kind == "null" or values.null_count == len(values):
        return pa.nulls(len(values), ARROW_TYPES[data_type]), None
    read = TABLE.get(kind, {}).get(data_type, _refuse)
    return read(values, data_type)


def either(left: pa.Array | None, right: pa.Array | None) -> pa.Array | None:
    """Union of two masks, either of which may be absent."""
    if left is None or right is None:
        return right if left is None else left
    return pc.or_(left, right)


def _newly_null(before: pa.Array, after: pa.Array) -> pa.Array | None:
    if after.null_count == before.null_count:
        return None
    return pc.and_(pc.is_valid(before), pc.is_null(after))


def _keep(values: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def _refuse(values: pa.Array, data_type: str) -> Casted:
    return pa.nulls(len(values), ARROW_TYPES[data_type]), pc.is_valid(values)


def _as_is(values: pa.Array, data_type: str) -> Casted:
    return values, None


def _as_text(values: pa.Array, data_type: str) -> Casted:
    return values.cast(pa.string()), None


def _json(values: pa.Array, data_type: str) -> Casted:
    return nested.json_texts(values, lambda leaf: cast(leaf, "text")), None


def _bytes(values: pa.Array, data_type: str) -> Casted:
    texts, undecodable = texts_of_bytes(values)
    casted, bad = TABLE["text"][data_type](texts, data_type)
    return casted, either(undecodable, bad)


def _decimals(values: pa.Array, data_type: str) -> Casted:
    """By their digits: a float would lose some."""
    texts = values.cast(pa.string())
    if data_type in ("text", "boolean"):
        texts = each_distinct(texts, _decimal_text, pa.string())
    return TABLE["text"][data_type](texts, data_type)


def _decimal_text(text: str) -> str:
    number = Decimal(text)
    return str(int(number)) if number == int(number) else text


def _float_texts(values: pa.Array, data_type: str) -> Casted:
    """Whole numbers as their digits, others as Python writes them; infinity is no text."""
    finite = _keep(values, pc.is_finite(values))
    wide = finite.cast(pa.float64())
    whole = pc.and_(pc.equal(wide, pc.floor(wide)), pc.less(pc.abs(wide), float(EXACT_IN_FLOAT)))
    digits = _keep(wide, whole).cast(pa.int64()).cast(pa.string())
    if digits.null_count > wide.null_count:
        # by the shortest text of their own width: 0.1 of 32 bits is 0.1
        others = each_distinct(_keep(finite, pc.invert(whole)).cast(pa.string()), _float_text, pa.string())
        digits = pc.coalesce(digits, others)
    return digits, _newly_null(values, finite)


def _float_text(text: str) -> str:
    number = float(text)
    return str(int(number)) if number.is_integer() else repr(number)


def _without_nan(floats: pa.Array) -> pa.Array:
    nan = pc.is_nan(floats)
    return _keep(floats, pc.invert(nan)) if pc.any(nan).as_py() else floats


def _flags(values: pa.Array, data_type: str) -> Casted:
    """0 is false and 1 is true, as MySQL, SQLite and pandas write flags."""
    numbers = values.cast(pa.float64(), safe=False)
    one = pc.equal(numbers, 1.0)
    flags = _keep(one, pc.or_(one, pc.equal(numbers, 0.0)))
    return flags, _newly_null(values, flags)


def _numbers(values: pa.Array, data_type: str) -> Casted:
    target = ARROW_TYPES[data_type]
    if pa.types.is_integer(values.type):
        if pa.types.is_floating(target):
            return values.cast(target, safe=False), None
        return _narrowed(values, target)
    floats = values.cast(pa.float64())
    if pa.types.is_floating(target):
        kept = _keep(floats, pc.is_finite(floats))
        return pc.add(kept, 0.0), _newly_null(floats, kept)  # which makes 0 of -0
    limit = float(2**31) if target == pa.int32() else float(2**63)
    whole = pc.and_(
        pc.equal(floats, pc.floor(floats)), pc.and_(pc.less(floats, limit), pc.greater_equal(floats, -limit))
    )
    kept = _keep(floats, whole)
    return kept.cast(target), _newly_null(floats, kept)


def _narrowed(values: pa.Array, target: pa.DataType) -> Casted:
    own, bounds = np.iinfo(values.type.to_pandas_dtype()), np.iinfo(target.to_pandas_dtype())
    kept = values
    if own.min < bounds.min or own.max > bounds.max:
        low, high = max(int(own.min), int(bounds.min)), min(int(own.max), int(bounds.max))
        fits = pc.and_(
            pc.greater_equal(values, pa.scalar(low, values.type)), pc.less_equal(values, pa.scalar(high, values.type))
        )
        kept = _keep(values, fits)
    return kept.cast(target), _newly_null(values, kept)


def _moments(values: pa.Array, data_type: str) -> Casted:
    """Timestamps and dates; the date of a timestamp is that in UTC."""
    stamps = moments.of_typed(values)
    bad = _newly_null(values, stamps)
    if data_type == "text":
        return (stamps.cast(pa.date32(), safe=False) if pa.types.is_date(values.type) else stamps).cast(
            pa.string()
        ), bad
    return stamps.cast(ARROW_TYPES[data_type], safe=False), bad


def _given_text(values: pa.Array, data_type: str) -> Casted:
    texts = without_null_words(pc.utf8_trim_whitespace(values))
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), ARROW_TYPES[data_type]), None
    return TEXT_READERS[data_type](texts, data_type)


def _text_flags(texts: pa.Array, data_type: str) -> Casted:
    lowered = pc.utf8_lower(texts)
    true = pc.is_in(lowered, pa.array(TRUE_WORDS))
    result = _keep(true, pc.or_(true, pc.is_in(lowered, pa.array(FALSE_WORDS))))
    return result, _newly_null(texts, result)


def _text_moments(texts: pa.Array, data_type: str) -> Casted:
    stamps = moments.of_texts(texts)
    return stamps.cast(ARROW_TYPES[data_type], safe=False), _newly_null(texts, stamps)


def _text_uuids(texts: pa.Array, data_type: str) -> Casted:
    valid = _keep(texts, pc.match_substring_regex(texts, UUID))
    plain = pc.utf8_lower(pc.replace_substring_regex(valid, r"^(?i:urn:uuid:)|[-{}]", ""))
    parts = [pc.utf8_slice_codeunits(plain, a, b) for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
    return pc.binary_join_element_wise(*parts, "-"), _newly_null(texts, valid)


def _text_floats(texts: pa.Array, data_type: str) -> Casted:
    numeric = _keep(texts, pc.match_substring_regex(texts, NUMBER))
    casted, bad = _numbers(numeric.cast(pa.float64()), data_type)
    return casted, either(_newly_null(texts, numeric), bad)


def _text_wholes(texts: pa.Array, data_type: str) -> Casted:
    """Whole numbers by their digits: beyond 2^53 a float would make others of them."""
    numeric = _keep(texts, pc.match_substring_regex(texts, NUMBER))
    try:
        wholes = numeric.cast(pa.int64())
    except pa.ArrowInvalid:
        wholes = each_distinct(numeric, _whole, pa.int64())
    narrowed, bad = _narrowed(wholes, ARROW_TYPES[data_type])
    return narrowed, either(_newly_null(texts, wholes), bad)


def _whole(text: str) -> int | None:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond all exponents
        return None
    if number.adjusted() > LONGEST_WHOLE:
        return None
    whole = int(number)
    return whole if whole == number and -(2**63) <= whole < 2**63 else None


Reader = Callable[[pa.Array, str], Casted]
TEXT_READERS: dict[str, Reader] = {
    "integer": _text_wholes,
    "bigint": _text_wholes,
    "double precision": _text_floats,
    "boolean": _text_flags,
    "timestamptz": _text_moments,
    "date": _text_moments,
    "uuid": _text_uuids,
}
FROM_NUMBERS: dict[str, Reader] = {
    "integer": _numbers,
    "bigint": _numbers,
    "double precision": _numbers,
    "boolean": _flags,
}
EVERY_TYPE = tuple(ARROW_TYPES)

TABLE: dict[str, dict[str, Reader]] = {
    "boolean": {"text": _as_text, "boolean": _as_is},
    "integer": {"text": _as_text, **FROM_NUMBERS},
    "float": {"text": _float_texts, **FROM_NUMBERS},
    "decimal": dict.fromkeys(("text", *FROM_NUMBERS), _decimals),
    "text": {"text": _as_is, **dict.fromkeys(TEXT_READERS, _given_text)},
    "bytes": dict.fromkeys(EVERY_TYPE, _bytes),
    "fixed bytes": dict.fromkeys(EVERY_TYPE, _bytes),
    "timestamp": dict.fromkeys(("text", "timestamptz", "date"), _moments),
    "date": dict.fromkeys(("text", "timestamptz", "date"), _moments),
    "time": {"text": _as_text},
    "list": {"text": _json},
    "struct": {"text": _json},
    "map": {"text": _json},
}
"""By kind of the source's values (`arrow_kinds.py`) and contract type. What is not here is refused."""
