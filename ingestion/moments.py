"""Timestamps and dates, of text and of Arrow's types, as microseconds in UTC.

ISO 8601 and what PostgreSQL, MySQL, Go and Ruby print -> a moment of the years 1 to 9999, or none. Numbers are never
moments: nothing says whether they count seconds or milliseconds. A moment without a zone is UTC.
"""

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.arrow_kinds import each_distinct

TIMESTAMP = pa.timestamp("us", "UTC")
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 to 9999, which Python, Parquet readers and PostgreSQL all know."""
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

CLOCK = re.compile(r"(?:\d{4}-\d\d-\d\d|\d{4}-W\d\d-\d|\d{8})(?:[T ].*|[+-]\d\d:?\d\d)?")
"""A date, and what may follow it; digits alone are a date only if they are eight."""
UTC_NAMES = re.compile(r"(?<=[\d ])\s*(?:UTC|GMT|Z)$")
OFFSET = re.compile(r"\s*([+-]\d\d(?::?\d\d)?)$")
END_OF_DAY = re.compile(r"([T ])24(:?00(?::?00(?:[.,]0+)?)?)?(?=[+-]|$)")
LEAP_SECOND = re.compile(r"([T ]\d\d:?\d\d:?)60(?=[.,+-]|$)")


def of_texts(texts: pa.Array) -> pa.Array:
    """The moments that `texts` name; null where they name none."""
    for zoned in (True, False):
        try:
            if zoned:
                return within_range(texts.cast(TIMESTAMP))
            return within_range(pc.assume_timezone(texts.cast(pa.timestamp("us")), "UTC"))
        except pa.ArrowInvalid:
            continue
    return each_distinct(texts, moment, TIMESTAMP)


def of_typed(values: pa.Array) -> pa.Array:
    """The moments of Arrow timestamps, or of the first instants of dates; null where they are out of range."""
    kind = values.type
    if pa.types.is_date32(kind):
        return within_range(values.cast(pa.timestamp("s")).view(pa.int64()).cast(pa.timestamp("s", "UTC")))
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    return within_range(values.view(pa.int64()).cast(pa.timestamp(unit, "UTC")))


def within_range(stamps: pa.Array) -> pa.Array:
    """`stamps` of any unit as microseconds; those outside of the years 1 to 9999 are null."""
    unit = stamps.type.unit
    low, high = FIRST_SECOND * PER_SECOND[unit], (LAST_SECOND + 1) * PER_SECOND[unit] - 1
    if unit != "ns":  # whose 64 bits end within the range
        ticks = stamps.view(pa.int64())
        ends = pc.min_max(ticks)
        if ends["min"].is_valid and not (low <= ends["min"].as_py() and ends["max"].as_py() <= high):
            inside = pc.and_(pc.greater_equal(ticks, low), pc.less_equal(ticks, high))
            stamps = pc.if_else(inside, stamps, pa.scalar(None, stamps.type))
    return stamps.cast(TIMESTAMP, safe=False)


def moment(text: str) -> datetime | None:
    """The moment that `text` names; None if it names none, or one that Python cannot hold."""
    text = text.strip().upper()
    named = UTC_NAMES.sub("", text)
    # Go writes both: +0000 UTC
    text = OFFSET.sub(r"\1", named) if named == text or OFFSET.search(named) else f"{named}+00:00"
    if not CLOCK.fullmatch(text):
        return None
    later = timedelta()
    if END_OF_DAY.search(text):
        text, later = END_OF_DAY.sub(r"\g<1>00:00:00", text), timedelta(days=1)
    elif LEAP_SECOND.search(text):
        text, later = LEAP_SECOND.sub(r"\g<1>59", text), timedelta(seconds=1)
    try:
        found = datetime.fromisoformat(text) + later
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
