"""Pull declared paths out of JSON columns, fast where the JSON is as declared and row by row where it is not.

JSON text columns -> one strict vectorised read with the declared types -> on any surprise the batch is halved until
the surprising rows stand alone, and those are read one by one. Both ways give the same values.
"""

import io
import json
import math
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from ingestion.types import EXACT_IN_FLOAT, JSON_TYPES, either

SCALARS = (str, int, float, bool)
SINGLE_ROWS = 64
"""Batches up to this size are read row by row when the strict read fails."""


@dataclass
class Flattened:
    """Values by path (lists for `list` paths), and masks of rows whose JSON is not as declared."""

    values: dict[str, pa.Array] = field(default_factory=dict)
    broken: dict[str, pa.Array] = field(default_factory=dict)
    """Reason code -> mask: `json:<column>` where a text is no JSON, `type:<place>` where a shape is another one.

    A place stands for all that is declared below it."""
    wrong_items: dict[str, pa.Array] = field(default_factory=dict)
    """List path -> for each row a mask of the items that are no scalars; only where there are any."""


@dataclass(frozen=True)
class Path:
    """A declared place in a JSON column: dotted path, contract type, and whether a list is expected there."""

    dotted: str
    data_type: str
    is_list: bool = False

    @property
    def json_type(self) -> pa.DataType:
        """Type the strict reader must find."""
        leaf = JSON_TYPES.get(self.data_type, pa.string())
        return pa.list_(leaf) if self.is_list else leaf


def flatten(columns: dict[str, pa.Array], paths: tuple[Path, ...]) -> Flattened:
    """Values of `paths` in the JSON text `columns` (all of one length)."""
    tree = _type_tree(paths)
    schema = pa.schema([(name, _to_type(node)) for name, node in tree.items()])
    texts = _documents({name: columns[name] for name in tree})
    parts: list[Flattened] = []
    _flatten_part(texts, columns, schema, paths, 0, parts)
    if not parts:  # of no row
        parts.append(Flattened({path.dotted: pa.array([], path.json_type) for path in paths}))
    return _joined(parts, paths)


def _type_tree(paths: tuple[Path, ...]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        *steps, leaf = path.dotted.split(".")
        for step in steps:
            node = node.setdefault(step, {})
        node[leaf] = path.json_type
    return tree


def _to_type(node: Any) -> pa.DataType:
    if isinstance(node, dict):
        return pa.struct([(name, _to_type(child)) for name, child in node.items()])
    return node


def _documents(columns: dict[str, pa.Array]) -> pa.Array:
    """One JSON document per row that holds all the JSON columns."""
    pieces: list[Any] = []
    for index, (name, values) in enumerate(columns.items()):
        pieces += [("," if index else "{") + json.dumps(name) + ":", pc.fill_null(values, "null")]
    return pc.binary_join_element_wise(*pieces, "}", "")


def _flatten_part(
    texts: pa.Array,
    columns: dict[str, pa.Array],
    schema: pa.Schema,
    paths: tuple[Path, ...],
    start: int,
    parts: list[Flattened],
) -> None:
    if len(texts) == 0:
        return
    table = _strict(texts, schema)
    if table is not None and _is_exact(table, paths):
        parts.append(Flattened({path.dotted: _step(table, path.dotted) for path in paths}))
    elif len(texts) <= SINGLE_ROWS:
        window = {name: values.slice(start, len(texts)).to_pylist() for name, values in columns.items()}
        parts.append(_one_by_one(window, paths, len(texts)))
    else:
        half = len(texts) // 2
        _flatten_part(texts.slice(0, half), columns, schema, paths, start, parts)
        _flatten_part(texts.slice(half), columns, schema, paths, start + half, parts)


def _strict(texts: pa.Array, schema: pa.Schema) -> pa.Table | None:
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), "\n")[0].as_buffer()
    try:
        table = pj.read_json(
            io.BytesIO(joined),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(joined) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, newlines_in_values=True, unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks() if table.num_rows == len(texts) else None


def _is_exact(table: pa.Table, paths: tuple[Path, ...]) -> bool:
    """Whether no whole number is so large that the reader's floats may have made another one of it."""
    for path in paths:
        if path.data_type == "bigint":
            values = _step(table, path.dotted)
            largest = pc.max(pc.abs(pc.list_flatten(values) if path.is_list else values)).as_py()
            if largest is not None and largest >= EXACT_IN_FLOAT:
                return False
    return True


def _step(table: pa.Table, dotted: str) -> pa.Array:
    first, *steps = dotted.split(".")
    column = table.column(first)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return pc.struct_field(array, steps) if steps else array


def _one_by_one(window: dict[str, list[str | None]], paths: tuple[Path, ...], rows: int) -> Flattened:
    parsed, result = {}, Flattened()
    for name in dict.fromkeys(path.dotted.split(".", 1)[0] for path in paths):
        documents, bad = zip(*[parse(text) for text in window[name]], strict=True)
        parsed[name] = documents
        if any(bad):
            result.broken[f"json:{name}"] = pa.array(bad)
    for path in paths:
        steps = path.dotted.split(".")
        kind = list if path.is_list else SCALARS
        found = [find(parsed[steps[0]][row], steps[1:], kind) for row in range(rows)]
        values = [value for value, _ in found]
        if path.is_list:
            wrong = [None if value is None else [not is_scalar(item) for item in value] for value in values]
            if any(any(items or ()) for items in wrong):
                result.wrong_items[path.dotted] = pa.array(wrong, pa.list_(pa.bool_()))
            texts = [None if value is None else [_item_text(item) for item in value] for value in values]
            result.values[path.dotted] = pa.array(texts, pa.list_(pa.string()))
        else:
            result.values[path.dotted] = pa.array([scalar_text(value) for value in values], pa.string())
        add_marks(result.broken, wrong_places(steps, [depth for _, depth in found]))
    return result


def add_marks(marks: dict[str, pa.Array], more: dict[str, pa.Array]) -> None:
    """Add the masks of `more` to those of `marks`."""
    for code, mask in more.items():
        marks[code] = pc.or_(marks[code], mask) if code in marks else mask


def wrong_places(steps: list[str], depths: list[int | None]) -> dict[str, pa.Array]:
    """Reason code by place: masks of the elements that are of another shape than declared `depth` steps down."""
    return {
        f"type:{'.'.join(steps[: depth + 1])}": pa.array([found == depth for found in depths])
        for depth in set(depths) - {None}
        if depth is not None
    }


def parse(text: str | None) -> tuple[Any, bool]:
    """The JSON in `text`, and whether there is none in it."""
    if text is None:
        return None, False
    try:
        return json.loads(text), False
    except (ValueError, RecursionError):
        return None, True


def find(document: Any, steps: list[str], kind: type | tuple[type, ...]) -> tuple[Any, int | None]:
    """The value of `kind` at the end of `steps` (None where absent), or after how many steps another shape stands."""
    for depth, step in enumerate(steps):
        if document is None:
            return None, None
        if not isinstance(document, dict):
            return None, depth
        document = document.get(step)
    if document is None or (isinstance(document, kind) and _is_utf8(document)):
        return document, None
    return None, len(steps)


def _is_utf8(value: Any) -> bool:
    """Whether `value` is not a text with lone surrogates, which JSON's escapes can smuggle in."""
    if not isinstance(value, str) or value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_scalar(value: Any) -> bool:
    """Whether `value` is null or one that a column can hold."""
    return value is None or (isinstance(value, SCALARS) and _is_utf8(value))


def _item_text(item: Any) -> str | None:
    return scalar_text(item) if is_scalar(item) else None


def scalar_text(value: Any) -> str | None:
    """A JSON value as text; whole floats as integers."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # as json.dumps writes them, without its detours
    if isinstance(value, float) and math.isfinite(value):
        return float.__repr__(value)
    if type(value) is int:
        return int.__repr__(value)
    return json.dumps(value)


def _joined(parts: list[Flattened], paths: tuple[Path, ...]) -> Flattened:
    if len(parts) == 1:
        return parts[0]
    result = Flattened()
    for path in paths:
        arrays = [part.values[path.dotted] for part in parts]
        if len({array.type for array in arrays}) > 1:
            kind = pa.list_(pa.string()) if path.is_list else pa.string()
            arrays = [array.cast(kind) for array in arrays]
        result.values[path.dotted] = pa.concat_arrays(arrays)
    for name in {name for part in parts for name in part.wrong_items}:
        items = [part.wrong_items.get(name, _no_wrong_items(part.values[name])) for part in parts]
        result.wrong_items[name] = pa.concat_arrays(items)
    lengths = [len(part.values[paths[0].dotted]) for part in parts]
    for place in {place for part in parts for place in part.broken}:
        masks = [part.broken.get(place, pa.array([False] * size)) for part, size in zip(parts, lengths, strict=True)]
        result.broken[place] = either(result.broken.get(place), pa.concat_arrays(masks))
    return result


def _no_wrong_items(lists: pa.Array) -> pa.Array:
    sizes = pc.list_value_length(lists).to_pylist()
    return pa.array([None if size is None else [False] * size for size in sizes], pa.list_(pa.bool_()))
