"""Columns of text, built whole: numbers, joined pieces, JSON.

The pieces are Arrow arrays or constants; nothing here makes a Python object per row but `json_column`, which is for
nested values too varied for a pattern.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.simulator.plan import Floats, Ints


def digits(numbers: Ints) -> pa.Array:
    """Whole numbers as text."""
    return pa.array(numbers).cast(pa.string())


def decimals(numbers: Floats, places: int) -> pa.Array:
    """Numbers as text with exactly `places` decimals."""
    scaled = np.rint(np.abs(numbers) * 10**places).astype(np.int64)
    whole, rest = np.divmod(scaled, 10**places)
    padded = pc.utf8_lpad(digits(rest), places, "0")
    sign = choose(("", "-"), ((numbers < 0) & (scaled > 0)).astype(np.int64)).dictionary_decode()
    return join(sign, digits(whole), ".", padded)


def iso(at_ms: Ints) -> pa.Array:
    """Moments in ISO 8601 with milliseconds, in UTC."""
    return join(pa.array(at_ms).cast(pa.timestamp("ms")).cast(pa.string()), "Z")


def join(*pieces: Any) -> pa.Array:
    """Element-wise concatenation; a null piece makes the element null."""
    decoded = [p.dictionary_decode() if isinstance(p, pa.DictionaryArray) else p for p in pieces]
    return pc.binary_join_element_wise(*decoded, "")


def choose(values: Sequence[str | None] | pa.Array, index: Ints) -> pa.DictionaryArray:
    """`values[index]`; a negative index is null."""
    dictionary = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    codes = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.DictionaryArray.from_arrays(codes, dictionary)


def lists(values: pa.Array, counts: Ints) -> pa.ListArray:
    """Lists of `counts` elements each, taken from `values` in order."""
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    flat = values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def json_strings(values: pa.ListArray) -> pa.Array:
    """Lists of plain strings (no sign that JSON would escape) as JSON arrays."""
    inner = pc.binary_join(values, '","')
    return pc.if_else(pc.equal(pc.list_value_length(values), 0), "[]", join('["', inner, '"]'))


def json_items(values: pa.ListArray) -> pa.Array:
    """Lists of texts that are JSON already as JSON arrays."""
    return join("[", pc.binary_join(values, ","), "]")


def json_objects(values: pa.ListArray) -> pa.Array:
    """Lists of members (`"name":value`) as JSON objects."""
    return join("{", pc.binary_join(values, ","), "}")


def where(mask: np.ndarray, values: Any) -> pa.Array:
    """`values` where `mask` holds, null elsewhere."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    decoded = array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array
    return pc.if_else(pa.array(mask), decoded, pa.scalar(None, decoded.type))


def scattered(size: int, parts: Iterable[tuple[Ints, pa.Array]], rest: str) -> pa.Array:
    """Parts of text, each at its places; `rest` stands everywhere else."""
    source = np.zeros(size, np.int64)
    arrays, offset = [pa.array([rest])], 1
    for places, texts in parts:
        source[places] = np.arange(offset, offset + len(places))
        arrays.append(texts)
        offset += len(places)
    return pa.concat_arrays(arrays).take(pa.array(source))
