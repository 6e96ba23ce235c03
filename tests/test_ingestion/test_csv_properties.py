"""Random tables with random damage: as many rows are counted as Python's csv finds, and the whole ones come in."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources import csv_files
from tests.events import NEW_SMELL, Row
from tests.source_files import Read, read, write

NOTES = NEW_SMELL.entity("notes")
FIELDS = st.text(st.sampled_from('ab,"\n\r é;\\'), max_size=4)
MARK = "@"
"""Stands for damage that no writer of CSV makes."""
BYTES = {"tail": b'"closed"and more', "backslash": b'"a \\"quoted\\" word, and more"', "latin": b"\xc3"}
DAMAGES = ("none", "none", "none", "short", "long", "blank", "header", *BYTES)
COMES_IN = ("none", "blank", "latin")
STYLES = [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]
"""With another line end than its own, Python's writer leaves half of that unquoted."""


@dataclass(frozen=True)
class Table:
    """A file, and the rows of it that are whole."""

    header: list[str]
    whole: list[list[str]]
    content: bytes
    block: int

    @property
    def counted(self) -> int:
        """Rows that Python's parser finds: no blank line, no repeated header."""
        text = io.StringIO(self.content.decode("latin-1"), newline="")
        return sum(row not in ([], self.header) for row in csv.reader(text)) if self.content else 0


@st.composite
def tables(draw: st.DrawFn) -> Table:
    header = [*NOTES.source_columns, "further", "last"][: draw(st.integers(len(NOTES.source_columns), 5))]
    quoting, end = draw(st.sampled_from(STYLES))

    def line(fields: list[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator=end, quoting=quoting).writerow(fields)
        return text.getvalue().encode()

    content, whole = [line(header)], []
    for number, damage in enumerate(draw(st.lists(st.sampled_from(DAMAGES), max_size=12))):
        row = [f"key {number}", *draw(st.lists(FIELDS, min_size=len(header) - 1, max_size=len(header) - 1))]
        if damage in BYTES:
            row[draw(st.integers(1, len(row) - 1))] = MARK
        given_row = {"short": row[:-1], "long": [*row, "more"], "header": header}.get(damage, row)
        text = line(given_row)
        if damage in BYTES:
            quotes = b'"' if quoting == csv.QUOTE_ALL and damage != "latin" else b""
            text = text.replace(quotes + MARK.encode() + quotes, BYTES[damage])
        content.append(end.encode() + text if damage == "blank" else text)
        if damage in COMES_IN:
            whole.append([field.replace(MARK, "Ã") for field in row])
    last = b"".join(content).removesuffix(draw(st.sampled_from([b"", end.encode()])))
    return Table(header, whole, last, len(content[0]) + draw(st.integers(1, 100)))


def read_table(table: Table, is_fast: bool) -> Read:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "BLOCK_BYTES", table.block)
        if not is_fast:
            patch.setattr(csv_files, "_regular", lambda block: None)
        return read(write(Path(folder), "Note.csv", table.content), entity=NOTES)


def expected(table: Table) -> Iterator[Row]:
    for row in table.whole:
        values = [field if field == "Ã" else field.encode().decode("latin-1") for field in row]
        yield {name: value for name, value in zip(table.header, values, strict=True) if name in NOTES.source_columns}


@given(tables(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_rows_are_counted_as_python_counts_them_and_the_whole_ones_come_in(table: Table, is_fast: bool) -> None:
    rows, unreadable = read_table(table, is_fast)
    assert len(rows) + len(unreadable) == table.counted
    assert [{name: value or "" for name, value in row.items()} for row in rows] == list(expected(table))
    assert not any(value in place for place in unreadable for value in ("key", "more", 'closed"', "quoted"))


@given(st.integers(2, 40), st.data())
@settings(max_examples=100, deadline=None)
def test_a_quote_that_is_never_closed_costs_one_row_wherever_it_opens(count: int, data: st.DataObject) -> None:
    header = [*NOTES.source_columns, "a", "b", "c", "d", "e"]
    rows = [[f"key {n}", *(f"value {m}" for m in range(1, len(header)))] for n in range(count)]
    broken = data.draw(st.integers(0, count - 1))
    rows[broken][data.draw(st.integers(0, len(header) - 1))] = '"' + data.draw(
        st.sampled_from(["", "open", "more of it"])
    )
    content = "".join(",".join(row) + "\n" for row in [header, *rows]).encode()
    block = data.draw(st.integers(len(",".join(header)) + 1, 600))
    found, unreadable = read_table(Table(header, [], content, block), True)
    assert [row["id"] for row in found] == [f"key {n}" for n in range(count) if n != broken]
    assert [place.split(" with")[0] for place in unreadable] == [f"Note.csv: line {broken + 2}"]
