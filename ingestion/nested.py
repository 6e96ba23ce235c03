"""Lists, structs and maps as JSON text, and arrays as PostgreSQL's COPY writes them.

Arrow values -> Python values of JSON's kinds -> text. Maps become objects, decimals numbers, bytes text, times ISO
8601; NaN is null. What cannot be written so becomes a value no contract declares, and so a reason code for its place.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.arrow_kinds import kind_of, unwrapped

Leaf = Callable[[pa.Array], tuple[pa.Array, pa.Array | None]]
"""Reads scalars as text: the texts, and a mask of those that are none."""
WRONG: list[Any] = [[]]
"""No scalar, no object, no list of scalars and no list of objects: of the wrong shape wherever it stands."""
ENCODE = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

ARRAY = r"^\s*(\[[-+\d:\[\]]+\]=)?\{"
"""How the text of an array begins; bounds stand before it where they are not the usual ones."""
TOKEN = re.compile(r'\s*(?:([{},])|"((?:[^"\\]|\\.)*)"|((?:[^{},"\\\s]|\\.)(?:[^{},"\\]|\\.)*))\s*', re.DOTALL)


def json_texts(values: pa.Array, leaf: Leaf) -> pa.Array:
    """Each of the nested `values` as JSON."""
    return pa.array([None if row is None else ENCODE(row) for row in _rows(values, leaf)], pa.string())


def _rows(values: pa.Array, leaf: Leaf) -> list[Any]:
    values = unwrapped(values)
    kind = kind_of(values)
    reader = NESTED.get(kind)
    if reader is not None:
        return reader(values, leaf)
    if kind in ("null", "boolean", "integer"):
        return list(values.to_pylist())
    if kind == "float":
        return [None if value != value else value for value in values.to_pylist()]  # noqa: PLR0124  NaN
    if kind == "decimal":
        return [None if v is None else int(v) if v == int(v) else float(v) for v in values.to_pylist()]
    texts, bad = leaf(values)
    if bad is None:
        return list(texts.to_pylist())
    return [WRONG if wrong else text for text, wrong in zip(texts.to_pylist(), bad.to_pylist(), strict=True)]


def _lists(values: pa.Array, leaf: Leaf) -> list[Any]:
    return _cut(_rows(pc.list_flatten(values), leaf), pc.list_value_length(values).to_pylist())


def _cut(items: list[Any], lengths: list[int | None]) -> list[Any]:
    rows, start = [], 0
    for length in lengths:
        rows.append(None if length is None else items[start : start + length])
        start += length or 0
    return rows


def _structs(values: pa.Array, leaf: Leaf) -> list[Any]:
    names = [field.name for field in values.type]
    columns = [_rows(column, leaf) for column in values.flatten()]
    present = values.is_valid().to_pylist()
    return [
        dict(zip(names, [c[n] for c in columns], strict=True)) if is_there else None
        for n, is_there in enumerate(present)
    ]


def _maps(values: pa.Array, leaf: Leaf) -> list[Any]:
    entries = values.cast(pa.list_(pa.struct([("key", values.type.key_type), ("value", values.type.item_type)])))
    flat = pc.list_flatten(entries)
    keys, items = flat.flatten()
    names, bad = leaf(keys)
    wrong = [False] * len(keys) if bad is None else bad.to_pylist()
    pairs = list(zip(names.to_pylist(), _rows(items, leaf), wrong, strict=True))
    rows = _cut(pairs, pc.list_value_length(entries).to_pylist())
    return [None if row is None else _object(row) for row in rows]


def _object(pairs: list[tuple[str, Any, bool]]) -> Any:
    if any(wrong for _, _, wrong in pairs):
        return WRONG
    return {name: value for name, value, _ in pairs}


NESTED: dict[str, Callable[[pa.Array, Leaf], list[Any]]] = {"list": _lists, "struct": _structs, "map": _maps}


def arrays_as_json(texts: pa.Array, of_objects: bool) -> pa.Array:
    """`texts` for which a list is declared: those that COPY wrote as arrays as JSON, all others as they are.

    `of_objects`: the elements are JSON themselves (`jsonb[]`).
    """
    are_arrays = pc.match_substring_regex(texts, ARRAY)
    if not pc.any(are_arrays).as_py():
        return texts
    flags = are_arrays.to_pylist()
    return pa.array(
        [_array_text(t, of_objects) if flag else t for t, flag in zip(texts.to_pylist(), flags, strict=True)],
        pa.string(),
    )


def _array_text(text: str, of_objects: bool) -> str:
    elements = array_literal(text)
    if elements is None:
        return text
    try:
        return ENCODE([json.loads(e) if of_objects and isinstance(e, str) else e for e in elements])
    except (ValueError, RecursionError):
        return text


def array_literal(text: str) -> list[Any] | None:
    """The elements of an array as PostgreSQL writes it, `{a,"b c",NULL}`; None if `text` is none."""
    text = text[text.index("{") :]
    outer: list[Any] = []
    open_lists = [outer]
    place, wants_element = 0, True
    while place < len(text):
        token = TOKEN.match(text, place)
        if token is None:
            return None
        place = token.end()
        sign, quoted, bare = token.groups()
        if sign == "{" and wants_element:
            open_lists.append([])
            open_lists[-2].append(open_lists[-1])
        elif sign == "," and not wants_element and len(open_lists) > 1:
            wants_element = True
        elif sign == "}" and len(open_lists) > 1 and (not wants_element or not open_lists[-1]):
            open_lists.pop()
            wants_element = False
        elif sign is None and wants_element and len(open_lists) > 1:
            open_lists[-1].append(_element(quoted, bare))
            wants_element = False
        else:
            return None
    return outer[0] if len(outer) == 1 and len(open_lists) == 1 else None


def _element(quoted: str | None, bare: str | None) -> str | None:
    if quoted is None and bare is not None:
        return None if bare.strip().upper() == "NULL" else re.sub(r"\\(.)", r"\1", bare.strip())
    return re.sub(r"(?s)\\(.)", r"\1", quoted or "")
