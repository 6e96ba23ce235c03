"""JSON in files: one object a line, an array, or objects over several lines; also several objects on one line.

file -> the objects one by one, in bounded memory -> rows. A line that is no JSON object is one unreadable row. Of a key
that stands in an object twice the last value counts, as in PostgreSQL's jsonb.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from ingestion.contracts import Entity
from ingestion.errors import SourceError
from ingestion.sources.base import BATCH_ROWS, SourceBatch, offered_columns
from ingestion.sources.documents import BATCH_BYTES, Item, is_utf8
from ingestion.sources.file_names import SourceFile
from ingestion.sources.text_files import BOM, READ_BYTES, opened

SNIFFED_OBJECTS = 1000
LARGEST_ELEMENT = 128 << 20
"""Characters of one object: MongoDB's canonical form is several times as long as BSON."""
BLANK = " \t\r\n"
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("|\Z)|[{}]', re.DOTALL)
SHELL = re.compile(r"\b(?:ObjectId|ISODate|NumberLong|NumberInt|NumberDecimal|Decimal128|Long|UUID|BinData)\(")
"""Words of the mongo shell, whose output is no JSON."""
PLAIN = json.JSONDecoder()


def read_json(file: SourceFile, entity: Entity) -> Iterator[SourceBatch]:
    """The objects of the file as rows."""
    rows: list[dict[str, Any]] = []
    unreadable: list[str] = []
    size = 0
    for item in items(file, PLAIN):
        if item.document is None:
            unreadable.append(item.place)
        else:
            rows.append(item.document)
        size += item.size
        if size >= BATCH_BYTES or len(rows) >= BATCH_ROWS:
            yield _batch(entity, rows, unreadable)
            rows, unreadable, size = [], [], 0
    if rows or unreadable:
        yield _batch(entity, rows, unreadable)


def columns_of_json(file: SourceFile, entity: Entity, decoder: json.JSONDecoder = PLAIN) -> set[str]:
    """Columns of the first objects; a writer may leave out nulls, so only required ones must be among them."""
    first = [item.document for item in islice(items(file, decoder), SNIFFED_OBJECTS) if item.document is not None]
    return offered_columns(entity, {name for document in first for name in document})


def _batch(entity: Entity, rows: list[dict[str, Any]], unreadable: list[str]) -> SourceBatch:
    arrays = [_json_values([row.get(name) for row in rows]) for name in entity.source_columns]
    return SourceBatch(pa.RecordBatch.from_arrays(arrays, list(entity.source_columns)), tuple(unreadable))


def _json_values(values: list[Any]) -> pa.Array:
    """Text of each value: strings as they are, everything else as its JSON; the contract casts."""
    return pa.array([_json_text(value) for value in values], pa.string())


def _json_text(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and is_utf8(value)):
        return value
    return json.dumps(value)


def items(file: SourceFile, decoder: json.JSONDecoder) -> Iterator[Item]:
    """The objects of the file, read by `decoder`, and the places of those nobody can read."""
    with opened(file.path) as stream:
        start = stream.peek(READ_BYTES).removeprefix(BOM).lstrip()
        if _is_line_by_line(start, decoder):
            yield from _lines(file, stream, decoder)
        else:
            yield from _Elements(file, stream, decoder).items()


def _is_line_by_line(start: bytes, decoder: json.JSONDecoder) -> bool:
    """Whether the text has an object, or a broken one, on each line."""
    if start.startswith(b"["):
        return False
    lines = start.splitlines()
    if any(line.startswith(b"{") and _objects(line, decoder) for line in lines[:SNIFFED_OBJECTS]):
        return True
    if not lines or lines[0].strip() == b"{":
        return not lines
    try:
        value, _ = decoder.raw_decode(start.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return True
    return not isinstance(value, dict)


def _objects(line: bytes, decoder: json.JSONDecoder) -> list[dict[str, Any]]:
    """The objects of a line; none if anything else stands in it."""
    found = []
    try:
        text = line.removeprefix(BOM).decode().strip(BLANK)
        at = 0
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            found.append(value)
            while text[at : at + 1] and text[at] in BLANK:
                at += 1
    except (ValueError, RecursionError):
        return []
    return found if all(isinstance(value, dict) for value in found) else []


def _lines(file: SourceFile, stream: io.BufferedReader, decoder: json.JSONDecoder) -> Iterator[Item]:
    number = 0
    while line := stream.readline(LARGEST_ELEMENT):
        if len(line) == LARGEST_ELEMENT:
            what = f"line {number + 1} is longer than {LARGEST_ELEMENT >> 20} MB"
            raise SourceError(what, str(file.path), "write one object a line")
        for part in line.splitlines():
            number += 1
            if not part.removeprefix(BOM).strip():
                continue
            place = f"{file.name}: line {number}"
            found = _objects(part, decoder)
            for value in found:
                yield Item(value, place, len(part) // len(found))
            if not found:
                yield Item(None, f"{place} {_why(part.decode('latin-1'))}", len(part))


def _why(text: str) -> str:
    if SHELL.search(text):
        return "is output of the mongo shell, no JSON: use mongoexport"
    return "is no JSON object"


class _Elements:
    """Objects one after another in a text, with or without arrays around them, in bounded memory."""

    def __init__(self, file: SourceFile, stream: io.BufferedReader, decoder: json.JSONDecoder) -> None:
        self._file = file
        self._stream = stream
        self._json = decoder
        # what is no UTF-8 is one object's matter
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._at = 0

    def items(self) -> Iterator[Item]:
        """The objects, to the end of the file."""
        in_array = False
        number = 0
        while sign := self._next_sign():
            if sign == ("]" if in_array else "["):
                in_array = not in_array
                self._at += 1
            elif sign == ",":
                self._at += 1
            else:
                number += 1
                yield self._element(f"{self._file.name}: document {number}")
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
        # twice as much each time, so that a large object is not parsed from its start over and over
        more = self._stream.read(max(READ_BYTES, len(rest)))
        self._text, self._at = rest + self._decoder.decode(more, final=not more), 0
        return bool(more)

    def _element(self, place: str) -> Item:
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                value, end = None, _end_of(self._text, self._at)
            if end:
                size, text = end - self._at, self._text[self._at : end]
                self._at = end
                if isinstance(value, dict) and is_utf8(text):
                    return Item(value, place, size)
                return Item(None, f"{place} {_why(text)}", size)
            if not self._read_more():
                raise self._broken(f"is cut off or damaged at {place.split(': ')[-1]}")

    def _broken(self, what: str) -> SourceError:
        return SourceError(what, str(self._file.path), "export it again")


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
