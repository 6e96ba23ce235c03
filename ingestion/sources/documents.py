"""Documents as the rows a load takes: the contract's source columns as text, what is nested in them as JSON.

BSON bytes, or the values of Extended JSON -> Python values -> text -> batches of bounded size. The same document gives
the same text whichever way it came: dates as ISO 8601 in UTC, ObjectId, UUID and Decimal128 as they are written,
other binary as base64, whole doubles as integers. A document nobody can read becomes one unreadable row.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import bson
import pyarrow as pa
from bson import json_util
from bson.binary import UUID_SUBTYPE, UuidRepresentation
from bson.code import Code
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.errors import BSONError
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp

from ingestion.contracts import Entity
from ingestion.sources.base import BATCH_ROWS, SourceBatch

BATCH_BYTES = 8 << 20
"""Documents differ in size a thousandfold: a batch is bounded by bytes, as read, as well as by rows."""
OBJECT_ID_FIRST = b"\x07_id\x00"

Document = dict[str, Any]
OPTIONS: CodecOptions[Document] = CodecOptions(
    document_class=dict,
    # UUIDs stay binary: only those of the new subtype say in which order their bytes are
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    # a date that Python cannot hold is one field's matter, not the document's
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
LENIENT_OPTIONS = OPTIONS.with_options(unicode_decode_error_handler="replace")
"""Reads around text that is none."""


class Item(NamedTuple):
    """One document (None: unreadable), where it stands, and its size in bytes."""

    document: Document | None
    place: str
    size: int


def from_bson(raw: bytes, place: str, options: CodecOptions[Document] = OPTIONS) -> Item:
    """The document in `raw`."""
    try:
        return Item(bson.decode(raw, options), place, len(raw))
    except (BSONError, RecursionError, ValueError, OverflowError):
        # the id names a document, not a person, and the steward can look it up
        known = f" with _id {raw[9:21].hex()}" if raw[4:9] == OBJECT_ID_FIRST else ""
        return Item(None, f"{place}{known} is no readable BSON", len(raw))


def batches(entity: Entity, items: Iterable[Item], names: tuple[str, ...] = ()) -> Iterator[SourceBatch]:
    """The documents of `items` as rows of the source columns `names` (default: all of the contract)."""
    names = names or entity.source_columns
    remove = _remover(entity)
    rows: list[list[str | None]] = []
    unreadable: list[str] = []
    size = 0
    for item in items:
        row = None if item.document is None else _row(names, remove(item.document))
        if row is None:
            unreadable.append(item.place)
        else:
            rows.append(row)
        size += item.size
        if size >= BATCH_BYTES or len(rows) >= BATCH_ROWS:
            yield _batch(names, rows, unreadable)
            rows, unreadable, size = [], [], 0
    if rows or unreadable:
        yield _batch(names, rows, unreadable)


def _batch(names: tuple[str, ...], rows: list[list[str | None]], unreadable: list[str]) -> SourceBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return SourceBatch(pa.RecordBatch.from_arrays(arrays, list(names)), tuple(unreadable))


def _row(names: tuple[str, ...], document: Document) -> list[str | None] | None:
    try:
        return [text(document.get(name)) for name in names]
    except (RecursionError, ValueError, TypeError):
        return None


def _remover(entity: Entity) -> Callable[[Document], Document]:
    """Takes secrets that lie inside a column out of a document; they are not read even into JSON."""
    ways = [path.split(".") for path in nested_secrets(entity)]

    def remove(document: Document) -> Document:
        for way in ways:
            _remove(document, way)
        return document

    return remove


def nested_secrets(entity: Entity) -> tuple[str, ...]:
    """Paths that are never read inside columns that are."""
    return tuple(path for path in entity.never_read if path.split(".", 1)[0] in entity.source_columns)


def _remove(value: Any, way: list[str]) -> None:
    if isinstance(value, list):
        for element in value:
            _remove(element, way)
    elif isinstance(value, dict):
        if len(way) == 1:
            value.pop(way[0], None)
        else:
            _remove(value.get(way[0]), way[1:])


def text(value: Any) -> str | None:
    """`value` as the text the contract's types are read from."""
    if value is None:
        return None
    if type(value) is str:
        return value if is_utf8(value) else ENCODE(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list | bool | int | float):
        return ENCODE(value)
    plain_value = plain(value)
    return plain_value if isinstance(plain_value, str) else ENCODE(plain_value)


def is_utf8(value: str) -> bool:
    """Whether `value` holds no lone surrogates, which JSON escapes can smuggle in."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(value: Any) -> Any:
    """A BSON value that JSON does not know, as one it knows."""
    convert = PLAIN.get(type(value))
    if convert is None:
        raise TypeError(f"{type(value).__name__} in a document")
    return convert(value)


def _uuid_or_base64(value: bson.Binary) -> str:
    try:
        if value.subtype == UUID_SUBTYPE:
            return str(value.as_uuid())
    except ValueError:
        pass  # of another length than a UUID's
    return base64.b64encode(value).decode()


PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda value: value.isoformat() + "Z",
    DatetimeMS: lambda value: f"{int(value)} ms since 1970",
    Timestamp: lambda value: value.as_datetime().replace(tzinfo=None).isoformat() + "Z",
    ObjectId: str,
    Decimal128: str,
    bytes: lambda value: base64.b64encode(value).decode(),
    bson.Binary: _uuid_or_base64,
    Regex: lambda value: f"/{value.pattern}/",
    re.Pattern: lambda value: f"/{value.pattern}/",
    Code: str,
    DBRef: lambda value: dict(value.as_doc()),
    MinKey: lambda value: "MinKey",
    MaxKey: lambda value: "MaxKey",
}
ENCODE = json.JSONEncoder(default=plain, separators=(",", ":"), check_circular=False).encode

JSON_OPTIONS = json_util.JSONOptions(
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    tz_aware=False,
)


def _from_extended(value: Document) -> Any:
    """The value an object of Extended JSON stands for; any other object as it is."""
    if next(iter(value), "")[:1] != "$":
        return value
    try:
        return json_util.object_hook(value, JSON_OPTIONS)
    except (BSONError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        # not what it says it is: left an object, the contract finds one where it declares a value
        return value


EXTENDED_JSON = json.JSONDecoder(object_hook=_from_extended)
"""Reads both forms of Extended JSON version 2, canonical and relaxed, and what older tools wrote."""
