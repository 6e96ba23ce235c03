"""Documents in files: `<collection>.bson` as mongodump writes it, and JSON as mongoexport does; either also as .gz.

A BSON file is a row of documents that each begin with their length. A length that leads nowhere means that the file
is cut off or damaged and nothing behind that place can be trusted: such a file is refused before any of it is read.
JSON is read by `json_files.py`: one document a line (where a broken line is one unreadable row), an array
(`--jsonArray`), or documents over several lines (`--pretty`).
"""

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any

from ingestion.contracts import Entity
from ingestion.errors import SourceError
from ingestion.sources import json_files
from ingestion.sources.base import SourceBatch, offered_columns
from ingestion.sources.documents import EXTENDED_JSON, Item, batches, from_bson
from ingestion.sources.file_names import SourceFile
from ingestion.sources.text_files import READ_BYTES

HEADER_BYTES = 4
LEAST_DOCUMENT, LARGEST_DOCUMENT = 5, (16 << 20) + (16 << 10)
"""The server's own limits; a length outside is none."""


def read_documents(file: SourceFile, entity: Entity) -> Iterator[SourceBatch]:
    """The documents of the file, which is checked to be whole, as rows."""
    if file.kind == "bson":
        _require_whole(file.path)
        yield from batches(entity, _bson_items(file))
    else:
        yield from batches(entity, json_files.items(file, EXTENDED_JSON))


def columns_of_documents(file: SourceFile, entity: Entity) -> set[str]:
    """Columns the file offers, judged by its first documents."""
    if file.kind != "bson":
        return json_files.columns_of_json(file, entity, EXTENDED_JSON)
    items = islice(_bson_items(file), json_files.SNIFFED_OBJECTS)
    return offered_columns(entity, {name for item in items for name in item.document or ()})


@contextmanager
def _open(path: Path) -> Iterator[io.BufferedReader]:
    with _raw(path) as raw, io.BufferedReader(raw, READ_BYTES) as file:
        yield file


def _raw(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() in (".gz", ".gzip") else path.open("rb", buffering=0)


def _length(path: Path, header: bytes, place: int) -> int:
    length = int.from_bytes(header, "little", signed=True) if len(header) == HEADER_BYTES else 0
    if not LEAST_DOCUMENT <= length <= LARGEST_DOCUMENT:
        raise _damaged(path, place)
    return length


def _damaged(path: Path, place: int) -> SourceError:
    return SourceError(f"is cut off or damaged: no whole document at byte {place}", str(path), "dump it again")


def _require_whole(path: Path) -> None:
    """Raise unless the file's documents reach exactly to its end."""
    place = 0
    with _open(path) as file:
        while header := file.read(HEADER_BYTES):
            length = _length(path, header, place)
            file.seek(length - HEADER_BYTES - 1, os.SEEK_CUR)
            if file.read(1) != b"\0":
                raise _damaged(path, place)
            place += length


def _bson_items(source: SourceFile) -> Iterator[Item]:
    place = 0
    path = source.path
    with _open(path) as file:
        for number in count(1):
            header = file.read(HEADER_BYTES)
            if not header:
                return
            length = _length(path, header, place)
            raw = header + file.read(length - HEADER_BYTES)
            if len(raw) < length:
                raise _damaged(path, place)
            yield from_bson(raw, f"{source.name}: document {number}")
            place += length
