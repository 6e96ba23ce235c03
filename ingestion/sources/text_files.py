"""Files of text, opened as UTF-8, and what is said when a file cannot be read.

file -> decompressed where it begins as gzip does, whatever its name -> refused unless it can be UTF-8 -> a stream.
The texts of parsers quote the rows they fail on: none of them is passed on.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.errors import SourceError

READ_BYTES = 1 << 20
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
ENCODINGS = (
    (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", b"\xfe\xff", "UTF-16"),
)
"""Marks at the beginning, little and big end first; the longer ones first."""
NULS = {b"\0\1\1\1": "UTF-32", b"\1\1\1\0": "UTF-32", b"\0\1\0\1": "UTF-16", b"\1\0\1\0": "UTF-16"}
"""Which of the first four bytes are NUL (1), where a text begins with signs of ASCII."""


@contextmanager
def own_words(path: Path) -> Iterator[None]:
    """Say in one line, without a word of the library's, that `path` cannot be read."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error):
        what = "cannot be read: its compressed data is cut off or damaged"
        raise SourceError(what, str(path), "export it again") from None
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or 'it is damaged'}", str(path), "check the file") from None
    except pa.ArrowException:
        what = "cannot be read: it is damaged, or of another kind than its name says"
        raise SourceError(what, str(path), "check the file") from None


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The text of `path` in bytes. Raises `SourceError` if it is UTF-16 or UTF-32."""
    with _raw(path) as raw, io.BufferedReader(raw, READ_BYTES) as file:
        _require_utf8(path, file.peek(READ_BYTES)[:4])
        yield file


def _raw(path: Path) -> Any:
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
    return gzip.open(path, "rb") if is_gzip else path.open("rb", buffering=0)


def _require_utf8(path: Path, start: bytes) -> None:
    encoding = NULS.get(bytes(byte == 0 for byte in start))
    for little, big, name in ENCODINGS:
        if start.startswith((little, big)):
            encoding = name
            break
    if encoding:
        raise SourceError(f"is {encoding}", str(path), "save it as UTF-8")
