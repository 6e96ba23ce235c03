"""CSV files: RFC 4180 with commas, a header line, UTF-8.

file -> blocks of whole lines -> Arrow, where a cheap exact check shows that lines and rows are the same -> else
`csv_records.py` sorts out what is no row -> Arrow. However it is read, Arrow must find as many rows as were counted, or
the file is refused. Every column is read as bytes: the contract casts, and bad text is one row's matter.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from ingestion.contracts import Entity
from ingestion.errors import SourceError
from ingestion.sources.base import BATCH_ROWS, SourceBatch
from ingestion.sources.csv_records import LARGEST_RECORD, Header, OtherHeaderError, Sorted, Sorter, next_record, parser
from ingestion.sources.file_names import SourceFile
from ingestion.sources.text_files import BOM, opened

BLOCK_BYTES = 8 << 20
HEADER_BYTES = 1 << 20
OTHER_DELIMITERS = {";": ";", "\t": "tab", "|": "|"}
COMMA, QUOTE, NEWLINE, RETURN = b',"\n\r'


def columns_of_csv(file: SourceFile, entity: Entity) -> tuple[str, ...]:
    """The columns of the header, which alone is read; none of a file without a line."""
    with opened(file.path) as stream:
        return _Header(stream.read(HEADER_BYTES), file, entity).names


def read_csv(file: SourceFile, entity: Entity) -> Iterator[SourceBatch]:
    """The rows of the file."""
    with opened(file.path) as stream:
        start = stream.read(BLOCK_BYTES)
        header = _Header(start, file, entity)
        if not header.names:
            return
        reader = _Rows(file, header)
        buffer, at_end = start[header.size :], False
        while not at_end:
            more = stream.read(BLOCK_BYTES)
            at_end = not more
            buffer = yield from reader.read(buffer + (more or _last_line_end(buffer)), at_end)


def _last_line_end(buffer: bytes) -> bytes:
    return b"" if not buffer or buffer.endswith((b"\n", b"\r")) else b"\n"


class _Header:
    """The first record of a file, and what follows from it."""

    def __init__(self, start: bytes, file: SourceFile, entity: Entity) -> None:
        self.names: tuple[str, ...] = ()
        self.lines = 0
        self.size = 0
        lines = start[:HEADER_BYTES].splitlines(keepends=True)
        if lines:
            lines[0] = lines[0].removeprefix(BOM)
            self.size = len(BOM) * start.startswith(BOM)
        fields = self._fields(lines, file)
        self.size += sum(map(len, lines[: self.lines]))
        self.names = tuple(_name(field) for field in fields)
        places = {name: number for number, name in reversed(list(enumerate(self.names)))}
        self.read = {name: places[name] for name in entity.source_columns if name in places}
        """Number of the column by its name, of those the contract reads."""
        read = frozenset(fields[place] for place in self.read.values())
        self.as_record = Header(fields, frozenset(fields) - {""}, read)
        self._require_sense(file, entity)

    def _fields(self, lines: list[bytes], file: SourceFile) -> tuple[str, ...]:
        records = parser(self._counted(lines))
        record: list[str] | None = []
        while record == [] and self.lines < len(lines):
            record = next_record(records)
        if record is None:
            what = "cannot be read: a quotation mark in its header line is not closed"
            raise SourceError(what, str(file.path), "check the file")
        return tuple(record)

    def _counted(self, lines: list[bytes]) -> Iterator[str]:
        for line in lines:
            self.lines += 1
            yield line.decode("latin-1")

    def _require_sense(self, file: SourceFile, entity: Entity) -> None:
        twice = [name for name in self.read if self.names.count(name) > 1]
        if twice:
            what = f"column {twice[0]} is in its header twice"
            raise SourceError(what, str(file.path), f"the contract of {entity.name} reads it")
        if len(self.names) == 1 and not self.read:
            for sign, shown in OTHER_DELIMITERS.items():
                if sign in self.names[0]:
                    raise SourceError(f"looks separated by {shown}", str(file.path), "write it with commas")


def _name(field: str) -> str:
    return field.encode("latin-1").decode("utf-8", "replace")


@dataclass
class _Rows:
    """Reads the blocks of one file."""

    file: SourceFile
    header: _Header

    def __post_init__(self) -> None:
        self.number = self.header.lines + 1
        """Line number of the next block."""
        self.sorter = Sorter(self.header.as_record, self.file.name)

    def read(self, block: bytes, at_end: bool) -> Generator[SourceBatch, None, bytes]:
        """The rows of `block`, and what of it belongs to the next one."""
        regular = _regular(block)
        if regular is not None:
            size, rows = regular
            batch = self._parsed(block[:size], rows)
            if batch is not None and not self._holds_header(batch):
                self.number += rows
                yield from _sliced(batch, ())
                return block[size:]
        return (yield from self._sorted(block, at_end))

    def _sorted(self, block: bytes, at_end: bool) -> Generator[SourceBatch, None, bytes]:
        # a line end \r at the end of the block may be half of \r\n
        size = max(block.rfind(b"\n"), block.rfind(b"\r", 0, None if at_end else -1)) + 1
        if size == 0 and len(block) >= LARGEST_RECORD:
            what = f"line {self.number} is longer than {LARGEST_RECORD >> 20} MB"
            raise SourceError(what, str(self.file.path), "check the file")
        lines = [line.removeprefix(BOM) for line in block[:size].splitlines(keepends=True)]
        found = self._sort_out(lines, at_end)
        batch = self._parsed(b"".join(found.kept), found.rows)
        if batch is None:
            what = f"cannot be read: lines {self.number} to {self.number + found.used - 1} are ambiguous"
            raise SourceError(what, str(self.file.path), "write it as RFC 4180 has it, with doubled quotes")
        self.number += found.used
        yield from _sliced(batch, tuple(found.unreadable))
        return b"".join(lines[found.used :]) + block[size:]

    def _sort_out(self, lines: list[bytes], at_end: bool) -> Sorted:
        try:
            return self.sorter.sort(lines, self.number, at_end)
        except OtherHeaderError as other:
            what = f"line {other.number} is another header, with other columns or in another order"
            raise SourceError(what, str(self.file.path), "split the file there") from None

    def _parsed(self, rows: bytes, expected: int) -> pa.RecordBatch | None:
        """The columns of the contract; None unless Arrow finds just the expected rows."""
        places = [str(place) for place in self.header.read.values()]
        if not rows or not places:
            return pa.RecordBatch.from_arrays([pa.array([], pa.binary())] * len(places), list(self.header.read))
        try:
            table = pv.read_csv(
                pa.BufferReader(rows),
                pv.ReadOptions(
                    use_threads=False,
                    block_size=len(rows) + 1,
                    column_names=[str(place) for place in range(len(self.header.names))],
                ),
                pv.ParseOptions(newlines_in_values=True),
                pv.ConvertOptions(
                    column_types=dict.fromkeys(places, pa.binary()),
                    include_columns=places,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != expected:
            return None
        return table.rename_columns(list(self.header.read)).combine_chunks().to_batches()[0]

    def _holds_header(self, batch: pa.RecordBatch) -> bool:
        """Whether a row looks like a header, by its first column."""
        names = pa.array([name.encode("latin-1") for name in self.header.as_record.names], pa.binary())
        return bool(pc.any(pc.is_in(batch.column(0), names)).as_py())


def _regular(block: bytes) -> tuple[int, int] | None:
    """Size and number of the whole lines of `block`; None unless each must be one row.

    Quotes then come in pairs within a line, open where a field begins and close where one ends: parsers that differ
    in everything else agree on such a text.
    """
    if BOM in block or block.count(b"\r") != block.count(b"\r\n"):
        return None
    signs = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(signs == NEWLINE)
    if not len(ends):
        return None
    size = int(ends[-1]) + 1
    quotes = np.flatnonzero(signs[:size] == QUOTE)
    if (np.searchsorted(quotes, ends) % 2).any():
        return None
    opening, closing = quotes[::2], quotes[1::2]
    before, after = signs[opening[opening > 0] - 1], signs[closing + 1]
    if not (np.isin(before, (COMMA, NEWLINE, QUOTE)).all() and np.isin(after, (COMMA, NEWLINE, RETURN, QUOTE)).all()):
        return None
    return size, len(ends)


def _sliced(batch: pa.RecordBatch, unreadable: tuple[str, ...]) -> Iterator[SourceBatch]:
    """`batch` in the size of a source batch; `unreadable` with the first."""
    for start in range(0, max(batch.num_rows, 1), BATCH_ROWS):
        part = batch.slice(start, BATCH_ROWS)
        if part.num_rows or unreadable:
            yield SourceBatch(part, () if start else unreadable)
