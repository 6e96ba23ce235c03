"""Turn a batch as the source sends it into the contract's columns, after privacy.

source batch -> JSON columns flattened -> cast to the contract's types -> privacy applied -> a `Conformed` batch whose
marks say which rows could not be read as declared. Nothing is dropped here: the gate splits.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Column, Entity, Stream
from ingestion.flatten import Flattened, Path, flatten
from ingestion.privacy import Pseudonymiser, protect
from ingestion.types import ARROW_TYPES, cast, either

NUL = "\x00"
NUL_SHOWN = "␀"


@dataclass
class Conformed:
    """Contract columns of one batch, why rows are not as declared, and what stood in the unreadable fields."""

    entity: Entity
    columns: dict[str, pa.Array]
    marks: dict[str, pa.Array] = field(default_factory=dict)
    """Reason code -> mask of the rows it holds for."""
    raw: dict[str, tuple[pa.Array, pa.Array]] = field(default_factory=dict)
    """Plain column -> (mask of unreadable elements, the values as text): kept for the steward."""
    lists: dict[str, pa.Array] = field(default_factory=dict)
    """Path -> list array, the material of child rows."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    def as_batch(self) -> pa.RecordBatch:
        """The columns as a record batch."""
        return pa.RecordBatch.from_arrays(list(self.columns.values()), list(self.columns))

    def filter(self, mask: pa.Array | None) -> "Conformed":
        """The rows of `mask` (None: all), without marks."""
        if mask is None:
            return Conformed(self.entity, self.columns, lists=self.lists)
        columns = {name: values.filter(mask) for name, values in self.columns.items()}
        return Conformed(self.entity, columns, lists={p: v.filter(mask) for p, v in self.lists.items()})

    def mark(self, code: str, mask: pa.Array | None) -> None:
        """Add `mask` (None: no row) to the rows that `code` holds for."""
        if mask is not None and pc.any(mask).as_py():
            union = either(self.marks.get(code), pc.fill_null(mask, False))
            assert union is not None
            self.marks[code] = union


class Conformer:
    """Conforms the batches of one entity and its children."""

    def __init__(self, entity: Entity, children: tuple[Entity, ...], pseudonymiser: Pseudonymiser) -> None:
        self.entity = entity
        self.children = children
        self._pseudonymiser = pseudonymiser
        self._paths = self._json_paths()
        self._json_columns = tuple(dict.fromkeys(p.dotted.split(".", 1)[0] for p in self._paths))

    def _json_paths(self) -> tuple[Path, ...]:
        paths = [
            Path(column.source, column.data_type if not column.measure else "text")
            for column in self.entity.columns
            if column.source and "." in column.source
        ]
        for child in self.children:
            types = {column.name: column.data_type for column in child.columns}
            paths += [Path(path, types[name], True) for s in child.streams for name, path in s.paths]
        return tuple(dict.fromkeys(paths))

    def conform(self, batch: pa.RecordBatch) -> Conformed:
        """The contract's columns of `batch`, whose columns carry the source's names."""
        given = {name: batch.column(name) for name in batch.schema.names}
        result = Conformed(self.entity, {})
        texts = {name: self._json_text(given, name, result) for name in self._json_columns}
        flat = flatten(texts, self._paths) if self._paths else Flattened()
        for place, mask in flat.broken.items():
            result.mark(f"json:{place}" if place in texts else f"type:{place}", mask)
        for column in self.entity.columns:
            if column.source in flat.values:
                values = flat.values[column.source]
            else:
                values = given.get(column.source_column or "", pa.nulls(batch.num_rows))
            result.columns[column.name] = self._column(column, values, result)
        for path in self._paths:
            if path.is_list:
                result.lists[path.dotted] = flat.values[path.dotted]
        return result

    def _json_text(self, given: dict[str, pa.Array], name: str, result: Conformed) -> pa.Array:
        texts, bad = cast(given.get(name, pa.nulls(len(next(iter(given.values()))))), "text")
        result.mark(f"encoding:{name}", bad)
        limit = dict(self.entity.max_bytes).get(name)
        if limit is not None:
            result.mark(f"too_large:{name}", pc.greater(pc.binary_length(texts), limit))
        return texts

    def _column(self, column: Column, values: pa.Array, result: Conformed) -> pa.Array:
        as_text = column.privacy != "plain" or bool(column.transform)
        casted, bad = cast(values, "text" if as_text else column.data_type)
        if bad is not None:
            result.mark(f"type:{column.name}", bad)
            if column.privacy == "plain":
                result.raw[column.name] = (bad, cast(values, "text")[0])
        if pa.types.is_string(casted.type) and not column.measure:
            casted = _without_nul(column, casted, result)
        protected = protect(column, casted, self._pseudonymiser) if as_text else casted
        return _exact(protected, column)

    def child_rows(self, child: Entity, parent: Conformed) -> Conformed:
        """The rows of `child` nested in the rows of `parent`: parent key, position, then the element's columns."""
        key, position = child.key[0], child.key[-1]
        parent_key = parent.columns[parent.entity.key[0]]
        pieces: list[dict[str, pa.Array]] = []
        owners: list[np.ndarray] = []
        offset = np.zeros(parent.rows, dtype=np.int64)
        for stream in child.streams:
            columns, owner, index, lengths = _elements(stream, parent.lists)
            columns[position] = pa.array(offset[owner] + index, pa.int64())
            columns[key] = parent_key.take(pa.array(owner))
            offset += lengths
            owners.append(owner)
            pieces.append(columns)
        result = Conformed(child, {})
        for column in child.columns:
            arrays = [
                cast(piece.get(column.name, pa.nulls(len(owner))), "text")[0]
                for piece, owner in zip(pieces, owners, strict=True)
            ]
            result.columns[column.name] = self._column(column, pa.concat_arrays(arrays), result)
        return result


def _elements(
    stream: Stream, lists: dict[str, pa.Array]
) -> tuple[dict[str, pa.Array], np.ndarray, np.ndarray, np.ndarray]:
    """Elements of one stream: columns, owning row and index of each element, number of elements by row.

    Parallel lists of unequal length are padded with nulls.
    """
    arrays = {name: lists[path] for name, path in stream.paths}
    sizes = {
        name: pc.fill_null(pc.list_value_length(a), 0).to_numpy(zero_copy_only=False) for name, a in arrays.items()
    }
    lengths = np.maximum.reduce(list(sizes.values())).astype(np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    index = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns: dict[str, pa.Array] = {}
    for name, array in arrays.items():
        size = sizes[name].astype(np.int64)
        first = np.cumsum(size) - size
        place = np.where(index < size[owner], first[owner] + index, -1)
        columns[name] = pc.list_flatten(array).take(pa.array(place, mask=place < 0))
    for name, value in stream.constants:
        columns[name] = pa.array([value]).take(pa.array(np.zeros(len(owner), dtype=np.int64)))
    return columns, owner, index, lengths


def _without_nul(column: Column, values: pa.Array, result: Conformed) -> pa.Array:
    """PostgreSQL text holds no NUL: such rows are marked, and the sign is made visible for the steward."""
    found = pc.match_substring(values, NUL)
    if not pc.any(found).as_py():
        return values
    result.mark(f"nul_byte:{column.name}", found)
    return pc.replace_substring(values, NUL, NUL_SHOWN)


def _exact(values: pa.Array, column: Column) -> pa.Array:
    target = ARROW_TYPES[column.data_type]
    return values if values.type == target else values.cast(target)
