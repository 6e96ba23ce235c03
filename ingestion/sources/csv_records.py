"""Which lines of a CSV file are its rows: the good ones as they stand, the others by their line numbers.

lines -> records, as Python's own parser finds them -> good | unreadable. CSV is RFC 4180 with commas. A record is
good if its quotes are closed where a field ends and it has as many fields as the header. Quotes within a field that
does not begin with one are part of the value.

A quote that is never closed would take all following rows into its field. Where a record over several lines is not
good and later lines of it are, only its first line is unreadable. Where it is good, but each of its later lines looks
like a row as well, nobody can say which is meant: it is one unreadable row.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

LARGEST_RECORD = 16 << 20
"""Bytes of the longest row; a quote that is not closed within as many is never closed."""
TELLING_COMMAS = 6
"""So many commas, just where rows have them, are no chance in a text of several lines."""
LEAST_ROWS = 3
"""Nor are so many lines like rows below one that is not like a row."""
MOST_LINES = 16
"""Of a row in which the end of a quote is looked for."""
Row = list[str]


class OtherHeaderError(Exception):
    """A line names the columns in another way than the header does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@dataclass(frozen=True)
class Header:
    """The header's fields as they stand in it, and which of them the contract reads."""

    fields: tuple[str, ...]
    names: frozenset[str]
    read: frozenset[str]

    def may_be_header(self, row: Row) -> bool:
        """Whether `row` begins or ends with the name of a column; false of nearly every row, and cheap."""
        return row[0] in self.names or row[-1] in self.names

    def is_header(self, row: Row) -> bool:
        """Whether `row` holds nothing but names of columns, or all names that the contract reads."""
        found = set(row) - {""}
        return (len(found) > 1 and found <= self.names) or found >= self.read


@dataclass
class Sorted:
    """Lines of good records and their number, places of unreadable ones, and how many lines were used."""

    kept: list[bytes] = field(default_factory=list)
    rows: int = 0
    unreadable: list[str] = field(default_factory=list)
    used: int = 0


class _Feed:
    """Lines for the parser, which can be set back."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.at = 0
        self.has_ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            self.has_ended = True
            raise StopIteration
        self.at += 1
        # a character a byte: the signs of CSV are of ASCII, and what is no UTF-8 is one field's matter
        return self.lines[self.at - 1].decode("latin-1")


def parser(lines: Iterable[str]) -> Iterator[Row]:
    """Python's parser, strict: quotes stand where RFC 4180 has them."""
    csv.field_size_limit(2 * LARGEST_RECORD)  # of the whole process; its default is 128 kB
    return csv.reader(lines, strict=True)


def next_record(records: Iterator[Row]) -> Row | None:
    """The next record; empty for a blank line, None if its quotes are wrong."""
    try:
        return next(records, [])
    except csv.Error:
        return None


class Sorter:
    """Sorts records of the file called `name`."""

    def __init__(self, header: Header, name: str) -> None:
        self.header = header
        self.name = name
        self.width = len(header.fields)

    def sort(self, lines: Sequence[bytes], first: int, is_rest: bool) -> Sorted:
        """Sort the records of `lines`, which begin with line `first` of the file.

        A record that more lines might complete is left over, unless the lines are the rest of the file (`is_rest`)
        or it takes all the room that a record may have.
        """
        feed, result = _Feed(lines), Sorted()
        records = parser(feed)
        is_full = sum(map(len, lines)) >= LARGEST_RECORD
        while feed.at < len(lines):
            start = feed.at
            row = next_record(records)
            if row is None and not feed.has_ended:
                self._end_leniently(feed, start)
            if feed.has_ended and not is_rest and not (start == 0 and is_full):
                return result
            feed.has_ended = False
            is_plain = row is not None and len(row) == self.width and feed.at == start + 1
            if is_plain and row and not self.header.may_be_header(row):
                result.kept.append(lines[start])
                result.rows += 1
            elif row != []:
                feed.at = self._judge(row, lines, (start, feed.at), first, result)
            result.used = feed.at
        return result

    def _judge(self, row: Row | None, lines: Sequence[bytes], span: tuple[int, int], first: int, into: Sorted) -> int:
        """Sort in the record of the lines `span`; returns the line to go on with."""
        start, end = span
        if row and self.header.is_header(row):
            if tuple(row) != self.header.fields:
                raise OtherHeaderError(first + start)
            return end
        is_good = row is not None and len(row) == self.width
        own = self._end_without_quote(lines, start, end)
        hides_rows = end > start + 1 and self._hides_rows(lines, own, (start, end), is_good)
        if is_good and not hides_rows:
            into.kept += lines[start:end]
            into.rows += 1
            return end
        if not is_good and hides_rows:
            row, end = None, own or start + 1
        place = f"line {first + start}" if end == start + 1 else f"lines {first + start} to {first + end - 1}"
        into.unreadable.append(f"{self.name}: {place} {self._why(row)}")
        return end

    def _end_leniently(self, feed: _Feed, start: int) -> None:
        """Lead `feed` to where a record with wrong quotes ends for parsers that read on."""
        rest = _Feed(feed.lines[start : feed.at + MOST_LINES])
        next(csv.reader(rest), None)
        if not rest.has_ended:
            feed.at = start + rest.at
        feed.has_ended = rest.has_ended and start + rest.at == len(feed.lines)

    def _hides_rows(self, lines: Sequence[bytes], own: int, span: tuple[int, int], every: bool) -> bool:
        """Whether lines of the record are rows by themselves, from where it ends without its last quote (`own`).

        `every`: whether all of them are. No line is taken for a row where it may be chance: every text in the first
        column ends with a line like one.
        """
        first, end = own or span[0] + 1, span[1]
        least = max(1 if own else LEAST_ROWS, -(-TELLING_COMMAS // max(self.width - 1, 1)))
        if every:
            are_rows = end - first >= least and all(self._is_row([line]) for line in lines[first : end - 1])
            return are_rows and self._begins_row(lines, end - 1)
        found = (number for number in range(first, end - 1) if self._is_row([lines[number]]))
        rows = sum(1 for _ in islice(found, least))
        return rows + self._begins_row(lines, end - 1) >= least

    def _end_without_quote(self, lines: Sequence[bytes], start: int, end: int) -> int:
        """Where the record has as many fields as a row if the quote that is open there is none; 0 if nowhere."""
        for own in range(start + 1, min(end, start + 1 + MOST_LINES)):
            row = next(csv.reader(_Feed(lines[start:own])))
            if len(row) + row[-1].count(",") == self.width:
                return own
        return 0

    def _begins_row(self, lines: Sequence[bytes], at: int) -> bool:
        """Whether a row begins at the line, be it one whose quote is not closed either."""
        rest = lines[at : at + MOST_LINES]
        return self._is_row(rest) or self._end_without_quote(rest, 0, len(rest) + 1) > 0

    def _is_row(self, lines: Sequence[bytes]) -> bool:
        row = next_record(parser(_Feed(lines)))
        return row is not None and len(row) == self.width

    def _why(self, row: Row | None) -> str:
        if row is None:
            return "with a quotation mark that is not closed, or not at the end of its field"
        if len(row) == self.width:
            return "are one row by their quotation marks, and several without"
        return f"with {len(row)} of {self.width} fields"
