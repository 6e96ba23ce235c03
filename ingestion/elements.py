"""The elements of one row's lists and maps as child rows.

Parallel lists of scalars are taken apart in Arrow; lists of objects and maps with open keys object by object. Both
give one `Elements` per stream: text columns, and for each element the row it stands in.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Stream
from ingestion.flatten import add_marks, find, is_scalar, parse, scalar_text, wrong_places

Numbers = npt.NDArray[np.int64]
SELF = "."
WRONG_ITEMS = "[wrong]"
"""Ends the key under which a list's mask of items that are no scalars lies beside it."""
WRONG = object()
"""Stands where something of another shape than declared was."""


@dataclass
class Elements:
    """Columns of the elements of one stream, the row each stands in, and where an element is not what it must be."""

    columns: dict[str, pa.Array]
    owner: Numbers
    broken: dict[str, pa.Array] = field(default_factory=dict)
    """Column, or place in the JSON if several are read below it -> mask of the elements of another shape there."""

    @property
    def place(self) -> Numbers:
        """Number of each element within its row, from 0; elements of a row lie together."""
        _, first, count = np.unique(self.owner, return_index=True, return_counts=True)
        return np.arange(len(self.owner)) - np.repeat(first, count)

    def kept(self, mask: npt.NDArray[np.bool_]) -> "Elements":
        """The elements of `mask`."""
        chosen = pa.array(mask)
        return Elements(
            {name: values.filter(chosen) for name, values in self.columns.items()},
            self.owner[mask],
            {name: wrong.filter(chosen) for name, wrong in self.broken.items()},
        )


def from_lists(stream: Stream, lists: dict[str, pa.Array]) -> Elements:
    """Elements of parallel lists; shorter lists are padded with nulls."""
    arrays = {name: lists[path] for name, path in stream.paths}
    sizes = {name: _lengths(array) for name, array in arrays.items()}
    lengths = np.maximum.reduce(list(sizes.values()))
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns: dict[str, pa.Array] = {}
    broken: dict[str, pa.Array] = {}
    for name, path in stream.paths:
        first = np.cumsum(sizes[name]) - sizes[name]
        at = np.where(place < sizes[name][owner], first[owner] + place, -1)
        chosen = pa.array(at, mask=at < 0)
        columns[name] = pc.list_flatten(arrays[name]).take(chosen)
        if path + WRONG_ITEMS in lists:
            broken[name] = pc.fill_null(pc.list_flatten(lists[path + WRONG_ITEMS]).take(chosen), False)
    return Elements(columns | _constants(stream, len(owner)), owner, broken)


def _lengths(array: pa.Array) -> Numbers:
    return np.asarray(pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _constants(stream: Stream, count: int) -> dict[str, pa.Array]:
    return {name: pa.repeat(pa.scalar(value, pa.string()), count) for name, value in stream.constants}


def from_objects(stream: Stream, roots: list[Any], numbers: Collection[str] = ()) -> Elements:
    """Elements of lists of objects or maps; `roots` has one list, dict or None per row.

    Columns named in `numbers` come typed where all their values are numbers; all else comes as text.
    """
    owner: list[int] = []
    labels: list[Any] = []
    elements: list[Any] = []
    for row, root in enumerate(roots):
        for label, element in _walk(stream, root):
            owner.append(row)
            labels.append(label)
            elements.append(element)
    columns: dict[str, pa.Array] = {}
    broken: dict[str, pa.Array] = {}
    for name, path in stream.paths:
        columns[name], wrong = _column(elements, path, place_of(stream), name in numbers)
        add_marks(broken, {place or name: mask for place, mask in wrong.items()})
    if stream.key:
        columns[stream.key], unreadable = _scalars(labels, False)
        if unreadable is not None:
            broken[stream.key] = unreadable
    if stream.outer_position:
        columns[stream.outer_position] = pa.array(labels, pa.int64())
    return Elements(columns | _constants(stream, len(owner)), np.array(owner, dtype=np.int64), broken)


def place_of(stream: Stream) -> str:
    """Where the elements of `stream` stand in the row."""
    return f"{stream.root}.{stream.inner}" if stream.inner else stream.root


def _column(elements: list[Any], path: str, place: str, as_numbers: bool) -> tuple[pa.Array, dict[str, pa.Array]]:
    """What stands at `path` in each element, and by place masks of other shapes; "" is the end of the path."""
    values, wrong = elements, {}
    if WRONG in elements:
        wrong[place] = pa.array([value is WRONG for value in values])
        values = [None if value is WRONG else value for value in values]
    for step in () if path == SELF else path.split("."):
        kinds = set(map(type, values))
        if not kinds <= {dict, type(None)}:
            mask = [type(value) is not dict and value is not None for value in values]
            add_marks(wrong, {place: pa.array(mask)})
            values = [None if is_wrong else value for value, is_wrong in zip(values, mask, strict=True)]
        values = [None if value is None else value.get(step) for value in values]
        place = f"{place}.{step}"
    texts, not_scalar = _scalars(values, as_numbers)
    return texts, wrong if not_scalar is None else wrong | {"": not_scalar}


def _scalars(values: list[Any], as_numbers: bool) -> tuple[pa.Array, pa.Array | None]:
    """The scalars of `values`, and a mask of what is none (None: all are)."""
    kinds = set(map(type, values)) - {type(None)}
    if as_numbers and kinds and kinds <= {int, float}:
        try:
            return pa.array(values, pa.float64() if float in kinds else pa.int64()), None
        except (pa.ArrowInvalid, OverflowError):
            pass  # integers beyond 64 bits, or beyond what a double holds beside doubles: read from their digits
    if kinds <= {str, int, float, bool}:
        texts = [value if type(value) is str else scalar_text(value) for value in values]
        with suppress(UnicodeEncodeError):  # lone surrogates
            return pa.array(texts, pa.string()), None
    wrong = [not is_scalar(value) for value in values]
    texts = [None if bad else scalar_text(value) for value, bad in zip(values, wrong, strict=True)]
    return pa.array(texts, pa.string()), pa.array(wrong)


def _walk(stream: Stream, root: Any) -> Iterator[tuple[str | int, Any]]:
    """Each element of `root` with its label: its key in a map, its object's place for a list inside objects."""
    if root is None:
        return
    if stream.map:
        yield from root.items()
        return
    if not stream.inner:
        yield from enumerate(root)
        return
    steps = stream.inner.split(".")
    for place, element in enumerate(root):
        inner, depth = find(element, steps, list)
        # something else where a list belongs becomes one element that no column can read, so that it is not lost
        for value in [WRONG] if depth is not None else inner or ():
            yield place, value


def roots_of(stream: Stream, texts: pa.Array) -> tuple[list[Any], dict[str, pa.Array]]:
    """The list or map of `stream` in each JSON text of its column; by reason code, masks of rows without one."""
    kind: type = dict if stream.map else list
    steps = stream.root.split(".")
    documents, bad = zip(*map(parse, texts.to_pylist()), strict=True) if len(texts) else ((), ())
    found = [find(document, steps[1:], kind) for document in documents]
    broken = wrong_places(steps, [depth for _, depth in found])
    if any(bad):
        broken[f"json:{steps[0]}"] = pa.array(bad)
    return [root for root, _ in found], broken
