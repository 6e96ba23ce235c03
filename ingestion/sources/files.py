"""A folder of files: `<entity>.parquet|csv|jsonl`, or a folder `<entity>/` of such files.

names (`file_names.py`) -> what has not been loaded before -> the reader of its kind -> batches, with the columns that
only the names of folders have. Of a document database JSON is Extended JSON, and BSON is read too (`dumps.py`). A file
counts as arrived when its content has not been loaded before; it is read whole, and the load tells which of its rows
are new.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import Entity, System
from ingestion.errors import SourceError
from ingestion.sources.base import Extraction, SourceBatch, Watermark, require_columns
from ingestion.sources.csv_files import columns_of_csv, read_csv
from ingestion.sources.dumps import columns_of_documents, read_documents
from ingestion.sources.file_names import Listing, SourceFile, list_files
from ingestion.sources.json_files import columns_of_json, read_json
from ingestion.sources.parquet_files import read_parquet
from ingestion.sources.text_files import own_words

Reader = Callable[[SourceFile, Entity], Iterator[SourceBatch]]


class FolderSource:
    """The files of one system."""

    is_keyed = False

    def __init__(self, folder: Path, system: System) -> None:
        self.folder = folder
        self.system = system
        self.name = str(folder.resolve())
        self._readers = READERS | DOCUMENT_READERS if system.engine == "mongodb" else READERS

    def check(self, entities: tuple[Entity, ...]) -> tuple[str, ...]:
        """The folder is there and holds something; returns the entities without a file."""
        if not self.folder.is_dir():
            raise SourceError("no such folder", f"source {self.system.name}: {self.folder}", "check the path")
        files = self._list().files
        absent = tuple(entity.name for entity in entities if entity.name not in files)
        if len(absent) == len(entities):
            expected = (
                f"{entities[0].source}.{'bson or .json' if 'bson' in self._readers else 'parquet, .csv or .jsonl'}"
            )
            raise SourceError("no file of any entity", str(self.folder), f"expected e.g. {expected}")
        return absent

    def remarks(self) -> tuple[str, ...]:
        """Which files nobody reads, and which entities come in several kinds of file."""
        return self._list().remarks()

    def columns(self, entity: Entity) -> dict[str, str]:
        """Type by column over the entity's files."""
        found: dict[str, str] = {}
        files = self._files(entity)
        for file in files:
            columns = _columns_of(file, entity, self._readers[file.kind])
            if not columns:
                if len(files) > 1:
                    continue  # a part without rows
                raise SourceError("is empty, without a header", str(file.path), "export it again")
            columns |= {name: "string" for name, _ in _missing_partitions(file, entity, columns)}
            require_columns(str(file.path), entity, columns)
            found |= columns
        return found

    def extract(self, entity: Entity, watermark: Watermark | None) -> Extraction | None:
        """The rows of files that are new or changed since `watermark`."""
        known: dict[str, dict[str, Any]] = (watermark or {}).get("files", {})
        loaded = {entry["sha256"] for entry in known.values()}
        current: dict[str, dict[str, Any]] = {}
        fresh: list[SourceFile] = []
        for file in self._files(entity):
            with own_words(file.path):
                current[file.name] = _fingerprint(file.path, known.get(file.name))
            if current[file.name]["sha256"] not in loaded:
                fresh.append(file)
        if not fresh:
            return None
        return Extraction({"files": {**known, **current}}, self._batches(entity, fresh))

    def _list(self) -> Listing:
        with own_words(self.folder):
            return list_files(self.folder, self.system, self._readers)

    def _files(self, entity: Entity) -> list[SourceFile]:
        return self._list().files.get(entity.name, [])

    def _batches(self, entity: Entity, files: list[SourceFile]) -> Iterator[SourceBatch]:
        for file in files:
            if file.path.stat().st_size == 0:
                continue
            with own_words(file.path):
                for batch in self._readers[file.kind](file, entity):
                    yield SourceBatch(_with_partitions(batch.rows, file, entity), batch.unreadable)


def _fingerprint(path: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    status = path.stat()
    entry = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
    if known and entry == {name: known[name] for name in entry}:
        return known
    with path.open("rb") as file:
        return {**entry, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _columns_of(file: SourceFile, entity: Entity, read: Reader) -> dict[str, str]:
    """Type by column of one file; text formats and documents have but one type. Empty: it has no header."""
    with own_words(file.path):
        if read is read_documents:
            return dict.fromkeys(columns_of_documents(file, entity), "document")
        if file.kind == "json":
            return dict.fromkeys(columns_of_json(file, entity), "json")
        if file.kind == "csv":
            return dict.fromkeys(columns_of_csv(file, entity), "csv")
        if file.path.stat().st_size == 0:
            return {}
        return {field.name: str(field.type) for field in pq.read_schema(file.path)}


def _missing_partitions(file: SourceFile, entity: Entity, columns: Iterable[str]) -> list[tuple[str, str | None]]:
    """Columns that the contract reads and only the names of the file's folders have."""
    return [part for part in file.partitions if part[0] in entity.source_columns and part[0] not in columns]


def _with_partitions(rows: pa.RecordBatch, file: SourceFile, entity: Entity) -> pa.RecordBatch:
    given = [name for name in rows.schema.names if rows.column(name).null_count < rows.num_rows]
    for name, value in _missing_partitions(file, entity, given):
        values = pa.array([value] * rows.num_rows, pa.string())
        if name in rows.schema.names:
            rows = rows.set_column(rows.schema.get_field_index(name), name, values)
        else:
            rows = rows.append_column(name, values)
    return rows


READERS: dict[str, Reader] = {
    "parquet": lambda file, entity: read_parquet(file.path, entity),
    "csv": read_csv,
    "json": read_json,
}
"""How files are read, by their kind."""
DOCUMENT_READERS: dict[str, Reader] = {"bson": read_documents, "json": read_documents}
"""How those of a document database are read."""
