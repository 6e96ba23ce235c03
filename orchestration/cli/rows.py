"""Print query results as an aligned table, as CSV or as JSON.

column names and rows -> text on a stream; dates in ISO form, null as an empty cell or `null`.
"""

import csv
import json
import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TextIO

FORMATS = ("table", "csv", "json")


def print_rows(out: TextIO, form: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write `rows` to `out` in one of `FORMATS`."""
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([as_text(value) for value in row] for row in rows)
    elif form == "json":
        items = [dict(zip(columns, map(as_json, row), strict=True)) for row in rows]
        out.write(json.dumps(items, indent=2, ensure_ascii=False) + "\n")
    else:
        out.write(as_table(columns, rows))
        out.write(f"({len(rows)} row{'' if len(rows) == 1 else 's'})\n")


def as_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An aligned table; numbers stand to the right."""
    cells = [[" ".join(as_text(value).split("\n")) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    right = [any(isinstance(v, int | float | Decimal) for v in column) for column in zip(*rows, strict=True)]
    right += [False] * (len(columns) - len(right))
    lines = [list(columns), ["-" * width for width in widths], *cells]
    text = [
        "  ".join(
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(line, widths, right, strict=True)
        )
        for line in lines
    ]
    return "".join(f"{line.rstrip()}\n" for line in text)


def as_text(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "auto")
    if isinstance(value, list | dict):
        return json.dumps(as_json(value), ensure_ascii=False)
    return str(value)


def as_json(value: Any) -> Any:
    """A value as JSON knows it; a number JSON cannot write becomes null."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
