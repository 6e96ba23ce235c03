"""CSV: good rows come in, bad ones are named by file and line, and as many are counted as another parser finds."""

import csv
from pathlib import Path

import pytest

from ingestion.errors import SourceError
from ingestion.sources import csv_files, csv_records
from tests.source_files import HEADER, Read, csv_line, csv_lines, ids, numbered, read, write

FILE = "UserInteractionEvent.csv"


def read_lines(folder: Path, lines: list[str]) -> Read:
    return read(write(folder, FILE, "".join(line + "\n" for line in lines)))


def with_field(line: str, name: str, text: str) -> str:
    """`line` with `text`, as it is, in the place of a field."""
    fields = next(csv.reader(line.splitlines(keepends=True)))
    fields[HEADER.index(name)] = "@"
    return csv_line(fields).replace("@", text)


@pytest.mark.parametrize("name", [HEADER[0], "path", HEADER[-1]])
@pytest.mark.parametrize("number", [1, 50, 199, 200])
def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path: Path, name: str, number: int) -> None:
    lines = csv_lines(200, eventData="{}")
    lines[number] = with_field(lines[number], name, '"Mozilla')
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(*(n for n in range(1, 201) if n != number))
    assert [place.split(" with")[0] for place in unreadable] == [f"{FILE}: line {number + 1}"]


@pytest.mark.parametrize("name", ["path", HEADER[-1]])
def test_so_does_one_among_rows_with_quotes_and_several_lines(tmp_path: Path, name: str) -> None:
    lines = csv_lines(20, referrer="several\nlines")
    for number in (4, 5, 9):
        lines[number] = with_field(lines[number], name, '"never closed')
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(1, 2, 3, 6, 7, 8, *range(10, 21))
    assert len(unreadable) == 3


def test_a_ragged_row_costs_only_itself(tmp_path: Path) -> None:
    lines = csv_lines(6)
    lines[3] = "a,b,c"
    lines[5] += ",more"
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(1, 2, 4, 6)
    assert unreadable == [f"{FILE}: line 4 with 3 of 16 fields", f"{FILE}: line 6 with 17 of 16 fields"]


@pytest.mark.parametrize("text", ['"he said \\"hi\\", twice"', '"one" and two', '"a"b"'])
def test_quotes_that_are_not_doubled_cost_their_row(tmp_path: Path, text: str) -> None:
    lines = csv_lines(5)
    lines[2] = with_field(lines[2], "userAgent", text)
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(1, 3, 4, 5)
    assert len(unreadable) == 1


@pytest.mark.parametrize("text", ['a 15" screen', 'x""', 'rock "n" roll'])
def test_quotes_within_a_field_that_does_not_begin_with_one_are_part_of_it(tmp_path: Path, text: str) -> None:
    lines = csv_lines(3)
    lines[2] = with_field(lines[2], "userAgent", text)
    rows, unreadable = read_lines(tmp_path, lines)
    assert [row["userAgent"] for row in rows] == [None, text, None]
    assert unreadable == []


@pytest.mark.parametrize("name", [HEADER[0], "path", HEADER[-1]])
@pytest.mark.parametrize("text", ["two\nlines", "a blank\n\nline", "\r\n", 'x,y\n"z", 1, 2\n,,,\n', "\nid"])
def test_a_field_of_several_lines_is_one_field(tmp_path: Path, name: str, text: str) -> None:
    lines = csv_lines(4, **{name: text})
    rows, unreadable = read_lines(tmp_path, lines)
    assert [row[name] for row in rows] == [text] * 4
    assert unreadable == []


def test_whole_rows_within_one_quoted_field_are_not_taken_for_its_text(tmp_path: Path) -> None:
    lines = csv_lines(9, eventData="{}")
    lines[3] = with_field(lines[3], HEADER[-1], '"opened')
    lines[6] = with_field(lines[6], HEADER[-1], 'closed"')
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(1, 2, 7, 8, 9)
    assert unreadable == [f"{FILE}: lines 4 to 7 are one row by their quotation marks, and several without"]


def test_nor_are_two_rows_whose_quotes_make_them_one(tmp_path: Path) -> None:
    lines = csv_lines(6, eventData="{}")
    for number in (3, 4):
        lines[number] = with_field(lines[number], "userAgent", '"""')
    rows, unreadable = read_lines(tmp_path, lines)
    assert ids(rows) == numbered(1, 2, 5, 6)
    assert unreadable == [f"{FILE}: lines 4 to 5 are one row by their quotation marks, and several without"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\r\r\n"])
@pytest.mark.parametrize("last", ["", "with the last"])
def test_lines_end_as_any_system_ends_them(tmp_path: Path, end: str, last: str) -> None:
    content = end.join(csv_lines(5)) + (end if last else "")
    rows, unreadable = read(write(tmp_path, FILE, content))
    assert ids(rows) == numbered(1, 2, 3, 4, 5)
    assert unreadable == []


def test_a_repeated_header_is_no_row(tmp_path: Path) -> None:
    lines = csv_lines(4)
    joined = [*lines[:3], "\ufeff" + lines[0], *lines[3:]]
    rows, unreadable = read_lines(tmp_path, ["\ufeff" + joined[0], *joined[1:]])
    assert ids(rows) == numbered(1, 2, 3, 4)
    assert unreadable == []


def test_another_header_below_is_refused(tmp_path: Path) -> None:
    lines = csv_lines(4)
    with pytest.raises(SourceError, match="line 4 is another header"):
        read_lines(tmp_path, [*lines[:3], ",".join(reversed(HEADER)), *lines[3:]])


def test_a_byte_order_mark_is_part_of_no_value(tmp_path: Path) -> None:
    lines = csv_lines(3)
    rows, _ = read_lines(tmp_path, ["\ufeff" + line for line in lines])
    assert ids(rows) == numbered(1, 2, 3)


@pytest.mark.parametrize(("sign", "shown"), [(";", ";"), ("\t", "tab"), ("|", r"\|")])
def test_another_delimiter_is_named(tmp_path: Path, sign: str, shown: str) -> None:
    with pytest.raises(SourceError, match=f"{FILE}: looks separated by {shown}"):
        read_lines(tmp_path, [sign.join(HEADER), sign.join("x" * len(HEADER))])


def test_a_header_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="column id is in its header twice"):
        read_lines(tmp_path, [",".join(["id", *HEADER])])
    with pytest.raises(SourceError, match="in its header line is not closed"):
        read_lines(tmp_path, ['"' + line for line in csv_lines(3)[:1]])
    with pytest.raises(SourceError, match="column path is missing"):
        read_lines(tmp_path, [",".join(name for name in HEADER if name != "path")])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    content = "\n".join(csv_lines(3)).encode(encoding)
    with pytest.raises(SourceError, match=rf"{FILE}: is UTF-{encoding[4:6]} \(save it as UTF-8\)"):
        read(write(tmp_path, FILE, content))


def test_a_header_without_rows_is_no_row_and_no_header_is_no_file(tmp_path: Path) -> None:
    assert read_lines(tmp_path, csv_lines(0)) == ([], [])
    for content in ("", "\n\n", "\ufeff"):
        with pytest.raises(SourceError, match="is empty, without a header"):
            read(write(tmp_path, FILE, content))


def test_a_field_of_megabytes_is_read(tmp_path: Path) -> None:
    rows, unreadable = read_lines(tmp_path, csv_lines(3, userAgent='x"\n' * 1_000_000))
    assert [len(row["userAgent"]) for row in rows] == [3_000_000] * 3
    assert unreadable == []


def test_a_quote_is_given_up_where_no_row_is_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "LARGEST_RECORD", 3000)
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 500)
    lines = csv_lines(200, eventData="{}")
    lines[3] = with_field(lines[3], "path", '"')
    rows, unreadable = read_lines(tmp_path, lines)
    assert (len(rows), len(unreadable)) == (199, 1)
