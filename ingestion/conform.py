"""Turn a batch as the source sends it into the contract's columns, after privacy.

source batch -> JSON columns flattened -> cast to the contract's types -> privacy applied -> a `Conformed` batch whose
marks say which rows could not be read as declared. Nothing is dropped here: the gate splits.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Column, Entity, Stream
from ingestion.elements import WRONG_ITEMS, Elements, Numbers, from_lists, from_objects, place_of, roots_of
from ingestion.flatten import Flattened, Path, flatten
from ingestion.identifiers import identifiers
from ingestion.nested import arrays_as_json
from ingestion.null_words import without_null_words, without_spellings
from ingestion.privacy import Pseudonymiser, protect
from ingestion.rules import broken
from ingestion.types import ARROW_TYPES, cast, either

NUL = "\x00"
NUL_SHOWN = "␀"
NUMBERS = ("integer", "bigint", "double precision")
ROW_NAMES = ("_id", "_key")
"""How the columns end that name a row or a thing at the source: they are identifiers, as `key` and `contact` are."""


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

    objects: dict[str, list[Any]] = field(default_factory=dict)
    """Path -> list, dict or None by row: the material of child rows that are objects or map entries."""

    withheld: dict[str, pa.Array] = field(default_factory=dict)
    """Nested entity, or `entity.column` -> mask of the rows in which its rows or values stay outside."""
    owner: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """For nested rows: number of the parent row each stands in."""

    def items(self, path: str) -> pa.Array:
        """Number of elements of the list or map at `path` in each row; null where there is none."""
        if path in self.lists:
            return pc.list_value_length(self.lists[path])
        return pa.array([None if root is None else len(root) for root in self.objects[path]], pa.int32())

    def withhold(self, place: str, mask: pa.Array) -> None:
        """Leave the nested entity, or its `entity.column`, called `place` outside in the rows of `mask`."""
        union = either(self.withheld.get(place), mask)
        assert union is not None
        self.withheld[place] = union

    def unread(self, name: str) -> pa.Array | None:
        """Mask of the rows in which the column `name` could not be read, for itself or a place it stands in."""
        mask: pa.Array | None = None
        for code in _codes_of(self.entity, name):
            mask = either(mask, self.marks.get(code))
        return mask

    def as_batch(self) -> pa.RecordBatch:
        """The columns as a record batch."""
        return pa.RecordBatch.from_arrays(list(self.columns.values()), list(self.columns))

    def filter(self, mask: pa.Array | None) -> "Conformed":
        """The rows of `mask` (None: all), without marks."""
        if mask is None:
            return Conformed(self.entity, self.columns, lists=self.lists, objects=self.objects, withheld=self.withheld)
        return self.take(pc.indices_nonzero(mask).to_pylist())

    def kept(self, mask: pa.Array) -> "Conformed":
        """The rows of `mask`, with their marks."""
        result = self.filter(mask)
        result.marks = {code: marked.filter(mask) for code, marked in self.marks.items()}
        result.raw = {name: (bad.filter(mask), raw.filter(mask)) for name, (bad, raw) in self.raw.items()}
        return result

    def take(self, places: list[int]) -> "Conformed":
        """The rows at `places`, without marks."""
        at = pa.array(places, pa.int64())
        columns = {name: values.take(at) for name, values in self.columns.items()}
        lists = {path: values.take(at) for path, values in self.lists.items()}
        objects = {path: [roots[place] for place in places] for path, roots in self.objects.items()}
        withheld = {child: mask.take(at) for child, mask in self.withheld.items()}
        return Conformed(self.entity, columns, lists=lists, objects=objects, withheld=withheld)

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
        self._rooted = [s for child in children for s in child.streams if s.root]
        self._numbers = {c.name: [col.name for col in c.columns if _json_type(col) in NUMBERS] for c in children}
        columns = [p.dotted.split(".", 1)[0] for p in self._paths] + [s.root.split(".", 1)[0] for s in self._rooted]
        self._json_columns = tuple(dict.fromkeys(columns))
        # columns that hold one list, which PostgreSQL may have written as an array
        self._lists_of_objects = {s.objects for s in self._rooted if "." not in s.root and s.objects}
        self._lists = self._lists_of_objects | {p.dotted for p in self._paths if p.is_list and "." not in p.dotted}

    def _json_paths(self) -> tuple[Path, ...]:
        paths = [Path(c.source, _json_type(c)) for c in self.entity.columns if c.source and "." in c.source]
        for child in self.children:
            types = {column.name: _json_type(column) for column in child.columns}
            paths += [Path(path, types[name], True) for s in child.streams if not s.root for name, path in s.paths]
        return tuple(dict.fromkeys(paths))

    def conform(self, batch: pa.RecordBatch) -> Conformed:
        """The contract's columns of `batch`, whose columns carry the source's names."""
        given = {name: batch.column(name) for name in batch.schema.names}
        result = Conformed(self.entity, {})
        texts = {name: self._json_text(given, name, result) for name in self._json_columns}
        flat = self._flattened(texts, result)
        for column in self.entity.columns:
            if column.measure == "items":
                values = result.items(column.source or "")
            elif column.source in flat.values:
                values = flat.values[column.source]
            else:
                values = given.get(column.source_column or "", pa.nulls(batch.num_rows))
            result.columns[column.name] = self._column(column, values, result)
        return result

    def _flattened(self, texts: dict[str, pa.Array], result: Conformed) -> Flattened:
        """The values in the JSON `texts`; lists, objects and what is not as declared go into `result`."""
        flat = flatten(texts, self._paths) if self._paths else Flattened()
        for code, mask in flat.broken.items():
            result.mark(code, mask)
        for path in self._paths:
            if path.is_list:
                result.lists[path.dotted] = flat.values[path.dotted]
        for name, wrong in flat.wrong_items.items():
            result.lists[name + WRONG_ITEMS] = wrong
        for stream in self._rooted:
            if stream.root not in result.objects:
                result.objects[stream.root], broken_roots = roots_of(stream, texts[stream.root.split(".", 1)[0]])
                for code, mask in broken_roots.items():
                    result.mark(code, mask)
        return flat

    def _json_text(self, given: dict[str, pa.Array], name: str, result: Conformed) -> pa.Array:
        texts, bad = cast(given.get(name, pa.nulls(len(next(iter(given.values()))))), "text")
        result.mark(f"encoding:{name}", bad)
        texts = without_null_words(pc.utf8_trim_whitespace(texts))
        if name in self._lists:
            texts = arrays_as_json(texts, name in self._lists_of_objects)
        limit = dict(self.entity.max_bytes).get(name)
        if limit is not None:
            result.mark(f"too_large:{name}", pc.greater(pc.binary_length(texts), limit))
        return texts

    def _column(self, column: Column, values: pa.Array, result: Conformed) -> pa.Array:
        is_text = column.privacy != "plain" or bool(column.transform) or column.data_type == "text"
        given, bad = cast(values, "text" if is_text else column.data_type)
        casted = given
        if is_text:
            casted, nobody = _meant(column, values.type, given)
            bad = either(bad, nobody)
        if bad is not None:
            result.mark(f"type:{column.name}", bad)
            if column.privacy == "plain":
                result.raw[column.name] = (bad, given if is_text else cast(values, "text")[0])
        if is_text and not column.measure:
            casted = _without_nul(column, casted, result)
        for rule in column.raw_rules:
            result.mark(rule.code, broken(rule, {column.name: casted}))
        protected = protect(column, casted, self._pseudonymiser) if is_text else casted
        return _exact(protected, column)

    def child_rows(self, child: Entity, parent: Conformed) -> Conformed:
        """The rows of `child` nested in the rows of `parent`: parent key, position, then the element's columns."""
        parts = [self._elements(child, stream, parent) for stream in child.streams]
        if child.name in parent.withheld:
            outside = parent.withheld[child.name].to_numpy(zero_copy_only=False)
            parts = [part.kept(~outside[part.owner]) for part in parts]
        parent_key = parent.columns[parent.entity.key[0]]
        result = Conformed(child, {}, owner=np.concatenate([part.owner for part in parts]))
        for part, positions in zip(parts, _positions(parts, parent.rows), strict=True):
            part.columns[child.key[-1]] = pa.array(positions)
            part.columns[child.key[0]] = parent_key.take(pa.array(part.owner))
        for column in child.columns:
            arrays = [part.columns.get(column.name, pa.nulls(len(part.owner))) for part in parts]
            if len({array.type for array in arrays}) > 1:
                # not by `cast`: an infinite number is to be refused as a number, not here
                arrays = [array.cast(pa.string()) for array in arrays]
            result.columns[column.name] = self._column(column, pa.concat_arrays(arrays), result)
            withheld = parent.withheld.get(f"{child.name}.{column.name}")
            if withheld is not None:
                values = result.columns[column.name]
                outside = withheld.take(pa.array(result.owner))
                result.columns[column.name] = pc.if_else(outside, pa.scalar(None, values.type), values)
        for place in {place for part in parts for place in part.broken}:
            masks = [part.broken.get(place, pa.repeat(pa.scalar(False), len(part.owner))) for part in parts]
            result.mark(f"type:{place}", pa.concat_arrays(masks))
        return result

    def _elements(self, child: Entity, stream: Stream, parent: Conformed) -> Elements:
        if not stream.root:
            return from_lists(stream, parent.lists)
        return from_objects(stream, parent.objects[stream.root], self._numbers[child.name])


def _codes_of(entity: Entity, name: str) -> list[str]:
    """Reason codes that say of a column that it could not be read: its own, and those of the places it stands in."""
    ways = [column.source for column in entity.columns if column.name == name and column.source]
    for stream in entity.streams:
        ways += [
            f"{place_of(stream)}.{path}" if stream.root else path for column, path in stream.paths if column == name
        ]
    codes = {f"type:{name}"}
    for way in ways:
        steps = way.split(".")
        codes |= {f"{kind}:{steps[0]}" for kind in ("json", "encoding")}
        codes |= {f"type:{'.'.join(steps[:depth])}" for depth in range(1, len(steps) + 1)}
    return sorted(codes)


def _positions(parts: list[Elements], rows: int) -> list[Numbers]:
    """Positions of the elements, running on from part to part within each row."""
    offset = np.zeros(rows, dtype=np.int64)
    positions = []
    for part in parts:
        positions.append(offset[part.owner] + part.place)
        offset += np.bincount(part.owner, minlength=rows)
    return positions


def _meant(column: Column, kind: pa.DataType, texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The texts of a column without null words; identifiers in their one spelling, and a mask of what names nobody."""
    if column.privacy == "free_text":
        return without_spellings(texts, is_free=True), None
    if column.privacy == "plain" and not column.name.endswith(ROW_NAMES):
        return without_spellings(texts, is_free=False), None
    if pa.types.is_temporal(kind):
        return pa.nulls(len(texts), pa.string()), pc.is_valid(texts)
    return identifiers(texts)


def _json_type(column: Column) -> str:
    """Contract type of the value as it stands in the JSON: what is hashed or measured is text there."""
    return "text" if column.privacy != "plain" else column.data_type


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
