"""A folder of files: `<entity>.parquet|csv|jsonl` (also .gz), or a folder `<entity>/` of such files.

The entity goes by its source or its staging name. Of a document database also `<entity>.bson|json`, and its .jsonl is
Extended JSON (`dumps.py`). A file counts as arrived when its content has not been loaded before; it is read whole, and
the load tells which of its rows are new.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from ingestion.contracts import Entity, System
from ingestion.errors import SourceError
from ingestion.sources.base import BATCH_ROWS, Extraction, SourceBatch, Watermark, offered_columns, require_columns
from ingestion.sources.dumps import DOCUMENT_READERS, METADATA, columns_of_documents, read_documents
from ingestion.sources.parquet_files import read_parquet

CSV_BLOCK = 32 << 20
"""Bytes read at once; the longest line must fit."""
SNIFFED_LINES = 1000
Reader = Callable[[Path, Entity], Iterator[SourceBatch]]


class FolderSource:
    """The files of one system."""

    is_keyed = False

    def __init__(self, folder: Path, system: System) -> None:
        self.folder = folder
        self.system = system
        self.name = str(folder.resolve())
        self._readers = READERS | DOCUMENT_READERS if system.engine == "mongodb" else READERS

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """Every file can be opened and has its columns; returns the entities without a file."""
        if not self.folder.is_dir():
            raise SourceError("no such folder", f"source {self.system.name}: {self.folder}", "check the path")
        absent = tuple(entity.name for entity in entities if not self._files(entity))
        if len(absent) == len(entities):
            expected = (
                f"{entities[0].source}.{'bson or .json' if '.bson' in self._readers else 'parquet, .csv or .jsonl'}"
            )
            raise SourceError("no file of any entity", str(self.folder), f"expected e.g. {expected}")
        return absent

    def columns(self, entity: Entity) -> dict[str, str]:
        """Type by column over the entity's files."""
        found: dict[str, str] = {}
        for path in self._files(entity):
            columns = _columns_of(path, entity, self._readers)
            require_columns(str(path), entity, columns)
            found |= columns
        return found

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """The rows of files that are new or changed since `watermark`."""
        known: dict[str, dict[str, Any]] = (watermark or {}).get("files", {})
        loaded = {entry["sha256"] for entry in known.values()}
        current: dict[str, dict[str, Any]] = {}
        fresh: list[Path] = []
        for path in self._files(entity):
            name = str(path.relative_to(self.folder))
            current[name] = _fingerprint(path, known.get(name))
            if current[name]["sha256"] not in loaded:
                fresh.append(path)
        if not fresh:
            return None
        return Extraction({"files": {**known, **current}}, self._batches(entity, fresh))

    def _files(self, entity: Entity) -> list[Path]:
        """Files called like the source's or the staging table, whatever the case and underscores."""
        names = {_bare(entity.source), _bare(entity.name)}
        found: list[Path] = []
        for path in self.folder.iterdir():
            if path.is_dir() and _bare(path.name) in names:
                found += [inside for inside in path.iterdir() if _suffix(inside, self._readers)]
            elif (suffix := _suffix(path, self._readers)) and _bare(path.name.removesuffix(suffix)) in names:
                found.append(path)
        return sorted(found)

    def _batches(self, entity: Entity, paths: list[Path]) -> Iterator[SourceBatch]:
        for path in paths:
            read = self._readers[_suffix(path, self._readers)]
            try:
                yield from read(path, entity)
            except (pa.ArrowInvalid, gzip.BadGzipFile, EOFError) as error:
                line = str(error).splitlines()[0][:200]
                raise SourceError(f"cannot be read: {line}", str(path), "check the file") from None


def _suffix(path: Path, readers: Mapping[str, Reader]) -> str:
    """The kind of file by its name; empty for one nobody reads."""
    if path.name.endswith(METADATA):
        return ""
    return next((suffix for suffix in readers if path.name.endswith(suffix)), "")


def _bare(name: str) -> str:
    return name.lower().replace("_", "")


def _fingerprint(path: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    status = path.stat()
    entry = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
    if known and entry == {name: known[name] for name in entry}:
        return known
    with path.open("rb") as file:
        return {**entry, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _columns_of(path: Path, entity: Entity, readers: Mapping[str, Reader]) -> dict[str, str]:
    """Type by column of one file; text formats and documents have but one type."""
    suffix = _suffix(path, readers)
    if readers[suffix] is read_documents:
        return dict.fromkeys(columns_of_documents(path, entity), "document")
    try:
        if suffix == ".parquet":
            return {field.name: str(field.type) for field in pq.read_schema(path)}
        if suffix.startswith(".csv"):
            with pa.input_stream(str(path), compression="detect") as stream:
                options = pv.ReadOptions(block_size=CSV_BLOCK)
                header = pv.open_csv(stream, options, _csv_dialect(), _as_bytes(()))
                return dict.fromkeys(header.schema.names, "csv")
        return dict.fromkeys(_jsonl_columns(path, entity), "json")
    except (pa.ArrowInvalid, OSError) as error:
        # an empty CSV file lands here too: it has no header
        raise SourceError(f"cannot be read: {str(error).splitlines()[0][:200]}", str(path), "check the file") from None


def _csv_dialect(on_bad: Callable[[pv.InvalidRow], str] | None = None) -> pv.ParseOptions:
    return pv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_bad)


def _as_bytes(names: tuple[str, ...]) -> pv.ConvertOptions:
    """Every column as bytes: the contract casts, and bad text is one row's matter, not the file's."""
    return pv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.binary()),
        include_columns=list(names) or None,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def _read_csv(path: Path, entity: Entity) -> Iterator[SourceBatch]:
    unreadable: list[str] = []

    def on_bad(row: pv.InvalidRow) -> str:
        unreadable.append(f"{path.name}: line with {row.actual_columns} of {row.expected_columns} fields")
        return "skip"

    with pa.input_stream(str(path), compression="detect") as stream:
        # single-threaded: the handler is called in step with the batches
        options = pv.ReadOptions(block_size=CSV_BLOCK, use_threads=False)
        reader = pv.open_csv(stream, options, _csv_dialect(on_bad), _as_bytes(entity.source_columns))
        for block in reader:
            for start in range(0, max(block.num_rows, 1), BATCH_ROWS):
                bad, unreadable[:] = tuple(unreadable), []
                yield SourceBatch(block.slice(start, BATCH_ROWS), bad)
    if unreadable:
        yield SourceBatch(pa.RecordBatch.from_pylist([], reader.schema), tuple(unreadable))


def _lines(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _jsonl_columns(path: Path, entity: Entity) -> set[str]:
    """Columns of the first lines; a JSON writer may leave out nulls, so only required ones must be among them."""
    seen: set[str] = set()
    with _lines(path) as lines:
        for _, line in zip(range(SNIFFED_LINES), lines, strict=False):
            seen |= set(_json_object(line) or ())
    return offered_columns(entity, seen)


def _json_object(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _read_jsonl(path: Path, entity: Entity) -> Iterator[SourceBatch]:
    rows: list[dict[str, Any]] = []
    unreadable: list[str] = []
    with _lines(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = _json_object(line)
            if row is None:
                unreadable.append(f"{path.name}: line {number} is no JSON object")
            else:
                rows.append(row)
            if len(rows) >= BATCH_ROWS:
                yield _json_batch(entity, rows, unreadable)
                rows, unreadable = [], []
    if rows or unreadable:
        yield _json_batch(entity, rows, unreadable)


def _json_batch(entity: Entity, rows: list[dict[str, Any]], unreadable: list[str]) -> SourceBatch:
    arrays = [_json_values([row.get(name) for row in rows]) for name in entity.source_columns]
    return SourceBatch(pa.RecordBatch.from_arrays(arrays, list(entity.source_columns)), tuple(unreadable))


def _json_values(values: list[Any]) -> pa.Array:
    """Text of each value: strings as they are, everything else as its JSON; the contract casts."""
    return pa.array([_json_text(value) for value in values], pa.string())


def _json_text(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and _is_utf8(value)):
        return value
    return json.dumps(value)


def _is_utf8(value: str) -> bool:
    """Whether `value` holds no lone surrogates, which JSON escapes can smuggle in."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


READERS: dict[str, Reader] = {
    ".parquet": read_parquet,
    ".csv": _read_csv,
    ".csv.gz": _read_csv,
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl,
}
