"""Files of a source for tests, and what a source reads from them, without a warehouse."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from ingestion.contracts import Entity, System
from ingestion.sources.files import FolderSource
from tests.events import EVENTS, NEW_SMELL, Row, event

HEADER = EVENTS.source_columns
Read = tuple[list[Row], list[str]]


def read(folder: Path, system: System = NEW_SMELL, entity: Entity = EVENTS) -> Read:
    """The rows of an entity's files, and the places of those nobody can read; columns are checked as a load does."""
    source = FolderSource(folder, system)
    source.columns(entity)
    extraction = source.extract(entity, None)
    rows: list[Row] = []
    unreadable: list[str] = []
    for batch in extraction.batches if extraction else ():
        rows += [{name: _text(value) for name, value in row.items()} for row in _rows(batch.rows)]
        unreadable += batch.unreadable
    return rows, unreadable


def _rows(batch: pa.RecordBatch) -> list[Row]:
    rows: list[Row] = batch.to_pylist()
    return rows


def _text(value: object) -> object:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def ids(rows: Iterable[Row]) -> list[str]:
    return [row["id"] for row in rows]


def numbered(*numbers: int) -> list[str]:
    return [f"event-{number}" for number in numbers]


def csv_lines(count: int, **changes: object) -> list[str]:
    """The header and `count` events as lines of CSV, without their line ends."""
    rows = [[event(number, **changes)[name] for name in HEADER] for number in range(1, count + 1)]
    return [csv_line(row) for row in [HEADER, *rows]]


def csv_line(fields: Sequence[object]) -> str:
    text = io.StringIO()
    # with its own line end it also quotes fields with either half of it
    csv.writer(text).writerow(fields)
    return text.getvalue().removesuffix("\r\n")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Make the file `name` in `folder`; returns the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
