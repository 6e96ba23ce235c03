"""The files of the bundled sample: rows with their columns, or documents, and how they are written.

Data flow: `SampleFile` or `DocumentFile` -> one file, whose format goes by its name: Parquet, CSV, JSON Lines, or
JSON Lines of Extended JSON for documents. The same rows give the same bytes (with the locked pyarrow and pymongo).
It runs as a part of the builds, such as

    python -m ingestion.sample.new_smell_build --from <public data> --to <folder>
"""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from bson import json_util

Row = dict[str, Any]
Writer = Callable[["SampleFile", Path], None]

TEXT, INT, FLOAT, FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
TEXTS = pa.list_(TEXT)


class BuiltFile(Protocol):
    """One file of the sample; `name` may lead into a folder."""

    @property
    def name(self) -> str:
        """Path of the file below the folder of its system."""
        ...

    @property
    def rows(self) -> list[Row]:
        """What the file holds."""
        ...

    def write(self, path: Path) -> None:
        """Write the file to `path`."""
        ...


@dataclass(frozen=True)
class SampleFile:
    """Rows of a table: the file's name, columns with their Arrow types, and rows. A missing key is null."""

    name: str
    columns: dict[str, pa.DataType]
    rows: list[Row]

    def write(self, path: Path) -> None:
        """Write the rows in the format of the file's name."""
        WRITERS[path.suffix](self, path)


@dataclass(frozen=True)
class DocumentFile:
    """Documents of a collection, as mongoexport writes them: relaxed Extended JSON, which also reads as plain JSON."""

    name: str
    rows: list[Row]

    def write(self, path: Path) -> None:
        """Write one document a line; a field that it does not have stays away."""
        options = json_util.RELAXED_JSON_OPTIONS
        with path.open("w", encoding="utf-8", newline="") as out:
            for row in self.rows:
                out.write(json_util.dumps(row, json_options=options, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_parquet(file: SampleFile, path: Path) -> None:
    """Write columns with their types, zstd compressed."""
    table = pa.Table.from_pylist(file.rows, schema=pa.schema(list(file.columns.items())))
    pq.write_table(table, path, compression="zstd", compression_level=19)


def write_csv(file: SampleFile, path: Path) -> None:
    """Write a header and a line per row; a null is an empty cell, times are ISO 8601 in UTC."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(file.columns)
        writer.writerows([_csv_cell(row.get(name)) for name in file.columns] for row in file.rows)


def write_jsonl(file: SampleFile, path: Path) -> None:
    """Write one JSON object per row with every column; an empty text is told from a null."""
    with path.open("w", encoding="utf-8", newline="") as out:
        for row in file.rows:
            cells = {name: row.get(name) for name in file.columns}
            line = json.dumps(cells, ensure_ascii=False, separators=(",", ":"), default=_utc_text)
            out.write(line + "\n")


WRITERS: dict[str, Writer] = {".parquet": write_parquet, ".csv": write_csv, ".jsonl": write_jsonl}


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return _utc_text(value) if isinstance(value, datetime) else value


def _utc_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
