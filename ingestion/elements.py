"""The elements of one row's lists and maps as child rows.

Parallel lists of scalars are taken apart in Arrow; lists of objects and maps with open keys object by object. Both
give one `Elements` per stream: text columns, and for each element the row it stands in.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Stream
from ingestion.flatten import follow

Numbers = npt.NDArray[np.int64]
SELF = "."


@dataclass
class Elements:
    """Columns of the elements of one stream, the row each stands in, and where an element is not what it must be."""

    columns: dict[str, pa.Array]
    owner: Numbers
    broken: dict[str, pa.Array] = field(default_factory=dict)
    """Column -> mask of the elements whose value there is of the wrong kind."""

    @property
    def place(self) -> Numbers:
        """Number of each element within its row, from 0; elements of a row lie together."""
        _, first, count = np.unique(self.owner, return_index=True, return_counts=True)
        return np.arange(len(self.owner)) - np.repeat(first, count)


def from_lists(stream: Stream, lists: dict[str, pa.Array]) -> Elements:
    """Elements of parallel lists; shorter lists are padded with nulls."""
    arrays = {name: lists[path] for name, path in stream.paths}
    sizes = {name: _lengths(array) for name, array in arrays.items()}
    lengths = np.maximum.reduce(list(sizes.values()))
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns: dict[str, pa.Array] = {}
    for name, array in arrays.items():
        first = np.cumsum(sizes[name]) - sizes[name]
        at = np.where(place < sizes[name][owner], first[owner] + place, -1)
        columns[name] = pc.list_flatten(array).take(pa.array(at, mask=at < 0))
    return Elements(columns | _constants(stream, len(owner)), owner)


def _lengths(array: pa.Array) -> Numbers:
    return np.asarray(pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _constants(stream: Stream, count: int) -> dict[str, pa.Array]:
    return {name: pa.array([value] * count, pa.string()) for name, value in stream.constants}


def from_objects(stream: Stream, roots: list[Any]) -> Elements:
    """Elements of lists of objects or maps; `roots` has one list, dict or None per row."""
    owner: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name, _ in stream.paths}
    wrong: dict[str, list[bool]] = {name: [] for name, _ in stream.paths}
    extra: dict[str, list[str]] = {name: [] for name in (stream.key, stream.outer_position) if name}
    steps = {name: [] if path == SELF else path.split(".") for name, path in stream.paths}
    for row, root in enumerate(roots):
        for labels, element in _walk(stream, root):
            owner.append(row)
            for name, label in labels.items():
                extra[name].append(label)
            for name, way in steps.items():
                value, is_wrong = follow(element, way, False)
                columns[name].append(value)
                wrong[name].append(is_wrong)
    arrays = {name: pa.array(values, pa.string()) for name, values in (columns | extra).items()}
    broken = {name: pa.array(flags, pa.bool_()) for name, flags in wrong.items() if any(flags)}
    return Elements(arrays | _constants(stream, len(owner)), np.array(owner, dtype=np.int64), broken)


def _walk(stream: Stream, root: Any) -> Iterator[tuple[dict[str, str], Any]]:
    """Each element of `root` with its labels: its key in a map, its object's place for a list inside objects."""
    if root is None:
        return
    if stream.map:
        for key, value in root.items():
            yield ({stream.key: key} if stream.key else {}), value
        return
    for place, element in enumerate(root):
        if not stream.inner:
            yield {}, element
            continue
        inner, is_wrong = find(element, stream.inner.split("."), list)
        # an object where a list belongs becomes one element that no column can read, so that it is not lost
        for value in [{}] if is_wrong else inner or ():
            yield ({stream.outer_position: str(place)} if stream.outer_position else {}), value


def find(document: Any, steps: list[str], kind: type) -> tuple[Any, bool]:
    """The list or dict at the end of `steps` (None where absent), and whether something else stands there."""
    for step in steps:
        if document is None:
            return None, False
        if not isinstance(document, dict):
            return None, True
        document = document.get(step)
    if document is None or isinstance(document, kind):
        return document, False
    return None, True


def roots_of(stream: Stream, texts: pa.Array) -> tuple[list[Any], pa.Array]:
    """The list or map of `stream` in each JSON text of its column, and a mask of rows where it is something else."""
    kind: type = dict if stream.map else list
    steps = stream.root.split(".")[1:]
    roots: list[Any] = []
    broken: list[bool] = []
    for text in texts.to_pylist():
        try:
            found, wrong = find(json.loads(text), steps, kind) if text else (None, False)
        except (ValueError, RecursionError):
            found, wrong = None, True
        roots.append(found)
        broken.append(wrong)
    return roots, pa.array(broken, pa.bool_())
