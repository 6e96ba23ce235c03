"""Documents in files: `<collection>.bson` as mongodump writes it, and JSON as mongoexport does; either also as .gz.

A BSON file is a row of documents that each begin with their length. A length that leads nowhere means that the file
is cut off or damaged and nothing behind that place can be trusted: such a file is refused before any of it is read.
JSON is one document a line (where a broken line is one unreadable row), an array (`--jsonArray`), or documents over
several lines (`--pretty`).
"""

import codecs
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any

from ingestion.contracts import Entity
from ingestion.errors import SourceError
from ingestion.sources.base import SourceBatch, offered_columns
from ingestion.sources.documents import EXTENDED_JSON, Item, batches, from_bson, is_utf8

METADATA = (".metadata.json", ".metadata.json.gz")
"""What mongodump writes beside a collection: indexes and options, no documents."""
SNIFFED_DOCUMENTS = 1000
HEADER_BYTES = 4
LEAST_DOCUMENT, LARGEST_DOCUMENT = 5, (16 << 20) + (16 << 10)
"""The server's own limits; a length outside is none."""
READ_BYTES = 1 << 20
LARGEST_ELEMENT = 128 << 20
"""Characters one document may take as JSON: the canonical form is several times as long as BSON."""
BLANK = " \t\r\n"
BOM = b"\xef\xbb\xbf"
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("|\Z)|[{}]', re.DOTALL)


def documents(path: Path) -> Iterator[Item]:
    """The documents of the file, which is checked to be whole."""
    if path.name.removesuffix(".gz").endswith(".bson"):
        _require_whole(path)
        return _bson_items(path)
    return _json_items(path)


def read_documents(path: Path, entity: Entity) -> Iterator[SourceBatch]:
    """The documents of the file as rows."""
    with _one_line_errors(path):
        yield from batches(entity, documents(path))


def columns_of_documents(path: Path, entity: Entity) -> set[str]:
    """Columns the file offers, judged by its first documents."""
    with _one_line_errors(path):
        items = _bson_items(path) if path.name.endswith((".bson", ".bson.gz")) else _json_items(path)
        first = [item.document for item in islice(items, SNIFFED_DOCUMENTS) if item.document is not None]
        return offered_columns(entity, {name for document in first for name in document})


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        line = str(error).splitlines()[0][:200]
        raise SourceError(f"cannot be read: {line}", str(path), "check the file") from None


@contextmanager
def _open(path: Path) -> Iterator[io.BufferedReader]:
    with _raw(path) as raw, io.BufferedReader(raw, READ_BYTES) as file:
        yield file


def _raw(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb", buffering=0)


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


def _bson_items(path: Path) -> Iterator[Item]:
    place = 0
    with _open(path) as file:
        for number in count(1):
            header = file.read(HEADER_BYTES)
            if not header:
                return
            length = _length(path, header, place)
            raw = header + file.read(length - HEADER_BYTES)
            if len(raw) < length:
                raise _damaged(path, place)
            yield from_bson(raw, f"{path.name}: document {number}")
            place += length


def _json_items(path: Path) -> Iterator[Item]:
    with _open(path) as file:
        start = file.peek(READ_BYTES).removeprefix(BOM).lstrip()
        is_line_by_line = start[:1] != b"[" and start.split(b"\n", 1)[0].strip() != b"{"
        if is_line_by_line:
            yield from _lines(path, file)
        else:
            yield from _Elements(path, file).items()


def _lines(path: Path, file: io.BufferedReader) -> Iterator[Item]:
    for number, line in enumerate(file, 1):
        if line.strip():
            place = f"{path.name}: line {number}"
            try:
                value = EXTENDED_JSON.decode(line.removeprefix(BOM).decode())
            except (ValueError, RecursionError):
                value = None
            is_document = isinstance(value, dict)
            yield Item(value if is_document else None, place if is_document else f"{place} is no document", len(line))


class _Elements:
    """Documents one after another in a text, with or without an array around them, in bounded memory."""

    def __init__(self, path: Path, file: io.BufferedReader) -> None:
        self._path = path
        self._file = file
        # what is no UTF-8 is one document's matter
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._at = 0
        self._has_ended = False

    def items(self) -> Iterator[Item]:
        """The documents, to the end of the array or of the file."""
        in_array = self._next_sign() == "["
        self._at += in_array
        number = 0
        while sign := self._next_sign():
            if sign == "]" and in_array:
                return
            if sign == ",":
                self._at += 1
                continue
            number += 1
            yield self._element(f"{self._path.name}: document {number}")
        if in_array:
            raise self._broken("is cut off: its array does not end")

    def _next_sign(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in BLANK:
                self._at += 1
            if self._at < len(self._text) or not self._read_more():
                return self._text[self._at : self._at + 1]

    def _read_more(self) -> bool:
        rest = self._text[self._at :]
        if len(rest) > LARGEST_ELEMENT:
            raise self._broken("holds no document that ends")
        # twice as much each time, so that a large document is not parsed from its start over and over
        more = self._file.read(max(READ_BYTES, len(rest)))
        self._text, self._at = rest + self._decoder.decode(more, final=not more), 0
        return bool(more)

    def _element(self, place: str) -> Item:
        while True:
            try:
                value, end = EXTENDED_JSON.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                value, end = None, _end_of(self._text, self._at)
            if end:
                size, text = end - self._at, self._text[self._at : end]
                self._at = end
                is_document = isinstance(value, dict) and is_utf8(text)
                return Item(value if is_document else None, place if is_document else f"{place} is no document", size)
            if not self._read_more():
                raise self._broken(f"is cut off or damaged at {place.split(': ')[-1]}")

    def _broken(self, what: str) -> SourceError:
        return SourceError(what, str(self._path), "export it again")


def _end_of(text: str, start: int) -> int:
    """Where the braces opened at `start` are closed; 0 if they are not, or none is opened there."""
    if text[start] != "{":
        return 0
    depth = 0
    for token in TOKEN.finditer(text, start):
        sign = token[0]
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return token.end()
        elif not token[1]:
            return 0
    return 0


DOCUMENT_READERS: dict[str, Callable[[Path, Entity], Iterator[SourceBatch]]] = dict.fromkeys(
    (".bson", ".bson.gz", ".json", ".json.gz", ".jsonl", ".jsonl.gz"), read_documents
)
"""How the files of a document database are read, by the end of their name."""
