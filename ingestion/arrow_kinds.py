"""What kind of values an Arrow array holds, whatever it is wrapped in.

array of any type -> dictionaries, run ends and extension types taken off -> one of a few kinds, in its plainest type.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

UUID_BYTES = 16

KINDS: tuple[tuple[str, Callable[[pa.DataType], bool]], ...] = (
    ("null", pa.types.is_null),
    ("boolean", pa.types.is_boolean),
    ("integer", pa.types.is_integer),
    ("float", pa.types.is_floating),
    ("decimal", pa.types.is_decimal),
    ("text", lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)),
    ("bytes", lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)),
    ("fixed bytes", pa.types.is_fixed_size_binary),
    ("timestamp", pa.types.is_timestamp),
    ("date", pa.types.is_date),
    ("time", pa.types.is_time),
    ("map", pa.types.is_map),
    ("struct", pa.types.is_struct),
    (
        "list",
        lambda kind: (
            pa.types.is_list(kind)
            or pa.types.is_large_list(kind)
            or pa.types.is_fixed_size_list(kind)
            or pa.types.is_list_view(kind)
            or pa.types.is_large_list_view(kind)
        ),
    ),
)


def kind_of(values: pa.Array) -> str:
    """The kind of `values`, which are unwrapped; "other" for durations, intervals and unions."""
    return next((name for name, holds in KINDS if holds(values.type)), "other")


def unwrapped(values: pa.Array) -> pa.Array:
    """`values` without dictionaries, run ends, extension types and large or view forms of text and bytes.

    Text that is no UTF-8, which files and old databases only claim, comes as bytes.
    """
    while True:
        kind = values.type
        if pa.types.is_dictionary(kind):
            values = values.dictionary_decode()
        elif pa.types.is_run_end_encoded(kind):
            values = pc.run_end_decode(values)
        elif isinstance(kind, pa.Bool8Type):
            values = pc.not_equal(values.storage, 0)
        elif isinstance(kind, pa.BaseExtensionType):
            values = values.storage
        else:
            return _plainest(values)


def _plainest(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return _valid_text(values.cast(pa.binary()))
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return values.cast(pa.binary())
    if pa.types.is_float16(kind):
        return values.cast(pa.float32())
    return values


def _valid_text(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.string())  # which checks
    except pa.ArrowInvalid:
        return values


def texts_of_bytes(values: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Bytes as the text they are in UTF-8, and a mask of those that are none.

    Of fixed size, they may be padded with NUL, and 16 bytes that are no printable text are a UUID: the usual forms of
    UUID never are such text.
    """
    is_fixed = pa.types.is_fixed_size_binary(values.type)
    if not is_fixed:
        try:
            return values.cast(pa.string()), None
        except pa.ArrowInvalid:
            pass  # some value is no text: told apart one by one
    given = values.to_pylist()
    texts = [None if v is None else fixed_text(v) if is_fixed else utf8(v) for v in given]
    bad = [v is not None and text is None for v, text in zip(given, texts, strict=True)]
    return pa.array(texts, pa.string()), pa.array(bad) if any(bad) else None


def fixed_text(value: bytes) -> str | None:
    """The text in bytes of fixed size; None if there is none."""
    text = utf8(value.rstrip(b"\0"))
    if len(value) == UUID_BYTES and (text is None or not text.isprintable()):
        digits = value.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return text


def utf8(value: bytes) -> str | None:
    """`value` decoded; None if it is no UTF-8."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def each_distinct(values: pa.Array, read: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """`read` of every value of `values`, called once for each distinct one; null stays null."""
    distinct = pc.unique(values)
    results = [None if value is None else read(value) for value in distinct.to_pylist()]
    return pa.array(results, kind).take(pc.index_in(values, distinct))
