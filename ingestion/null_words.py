r"""The words by which programs write that there is no value: the one list, and where which of them count.

    NULL   SQL, spreadsheets      \N   COPY, MySQL, Hive, ClickHouse      null, undefined   JavaScript
    NaN, NaT, <NA>   pandas       None   Python                            nil   Ruby, Go, Lua     (null)   C, Java

They are compared after trimming. Where no value can be such a word (numbers, flags, times, UUIDs, identifiers, JSON)
all of them count, in upper and lower case, and so does nothing at all. In plain text only the spellings in which
programs write them count, since "None" may be a name. In free text only `\N` counts: a search for "null" is real.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

NULL_WORDS = (
    r"\n",
    "null",
    "(null)",
    "<null>",
    "undefined",
    "nan",
    "-nan",
    "nat",
    "<na>",
    "none",
    "nil",
    "n/a",
    "#n/a",
)
"""In lower case: all that count where no value can be a word."""
SPELLINGS = (r"\N", "NULL", "null", "undefined", "NaN", "<NA>")
"""What counts in plain text."""
COPY_NULL = r"\N"
"""What counts in free text."""
NO_VALUE = re.compile(r"\s*(?:" + "|".join(map(re.escape, NULL_WORDS)) + r")?\s*", re.IGNORECASE)
LONGEST = 32
"""Bytes of a word with the blanks around it: a longer text is looked at only beside shorter ones."""


def is_no_value(text: str) -> bool:
    """Whether `text` is empty or a null word."""
    return NO_VALUE.fullmatch(text) is not None


def without_null_words(trimmed: pa.Array) -> pa.Array:
    """`trimmed` texts of which none can be a word: empty ones and null words as null."""
    if not _has_short(trimmed):
        return trimmed
    return _nulled(trimmed, pc.is_in(pc.utf8_lower(trimmed), pa.array([*NULL_WORDS, ""])))


def without_spellings(texts: pa.Array, is_free: bool) -> pa.Array:
    """Plain or free `texts`: what programs write for null as null; all others, empty ones too, as they are."""
    if not _has_short(texts):
        return texts
    words = pa.array([COPY_NULL] if is_free else SPELLINGS)
    return _nulled(texts, pc.is_in(pc.utf8_trim_whitespace(texts), words))


def _has_short(texts: pa.Array) -> bool:
    """Whether any text is short enough for a word and blanks around it."""
    shortest = pc.min(pc.binary_length(texts)).as_py()
    return shortest is not None and shortest <= LONGEST


def _nulled(texts: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, pa.scalar(None, texts.type), texts) if pc.any(mask).as_py() else texts
