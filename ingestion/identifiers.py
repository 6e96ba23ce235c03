"""One spelling for one identifier, whichever program wrote it: the same person must have the same pseudonym.

text of an identifier -> trimmed; whole numbers as their digits (12, also from 12.0 and 1.2e+1); UUIDs without braces
and in lower case; null words as null; what names nobody (`true`, `[object Object]`, JSON, infinity) refused.
"""

import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.null_words import NULL_WORDS, is_no_value

UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
WHOLE = re.compile(r"([+-]?\d+)\.0+")
EXPONENT = re.compile(r"[+-]?\d(?:\.(\d+))?e\+?(\d{1,3})", re.IGNORECASE)
"""As floats are written: the sign or the point keeps apart what is hexadecimal, such as 12e4."""
LONGEST_NUMBER = 310
"""Digits of the largest float."""
ROUNDED_DIGITS = 6
"""What spreadsheets and C's %g keep of a number: behind them digits are missing, and many ids look alike."""
NOBODY = re.compile(r"true|false|[+-]?inf(inity)?|\[.*\]|\{.*\}", re.IGNORECASE | re.DOTALL)
SUSPICIOUS = (
    r"(?i)^(?:$|[+-]?\d+\.0+$|[+-]?\d(?:\.\d+)?e\+?\d{1,3}$|[\[{]|urn:|(?:true|false|[+-]?inf(?:inity)?|"
    + "|".join(map(re.escape, NULL_WORDS))
    + ")$)"
)
"""All that is not taken as it stands, once trimmed; one pattern, so that the others cost next to nothing."""


class NobodyError(ValueError):
    """The text names nobody."""


def identifier(text: str) -> str | None:
    """The one spelling of the identifier `text`; None if it says that there is none. Raises `NobodyError`."""
    text = text.strip()
    if is_no_value(text):
        return None
    if found := UUID.fullmatch(text):
        return found[1].lower()
    if found := WHOLE.fullmatch(text):
        return _digits(found[1])
    if found := EXPONENT.fullmatch(text):
        return _from_exponent(text, len(found[1] or ""), int(found[2]))
    if NOBODY.fullmatch(text):
        raise NobodyError
    return text


def _digits(text: str) -> str:
    return str(int(text)) if len(text) <= LONGEST_NUMBER else text


def _from_exponent(text: str, fraction: int, exponent: int) -> str:
    if not fraction and "+" not in text[1:]:
        return text  # 1e5 is as likely hexadecimal
    if exponent < fraction:
        return text
    if exponent > fraction and fraction < ROUNDED_DIGITS:
        raise NobodyError
    return str(int(Decimal(text)))


def identifiers(texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """`texts` in their one spelling, and a mask of those that name nobody (None: all may)."""
    texts = pc.utf8_trim_whitespace(texts)
    suspicious = pc.match_substring_regex(texts, SUSPICIOUS)
    if not pc.any(suspicious).as_py():
        return texts, None
    odd = pc.if_else(suspicious, texts, pa.scalar(None, texts.type))
    spelled, refused = _spelled(pc.unique(odd).drop_null().to_pylist())
    distinct = pa.array(list(spelled), pa.string())
    result = pc.if_else(
        pc.fill_null(suspicious, False),
        pa.array(list(spelled.values()), pa.string()).take(pc.index_in(texts, distinct)),
        texts,
    )
    return result, pc.is_in(texts, pa.array(refused, pa.string())) if refused else None


def _spelled(texts: list[str]) -> tuple[dict[str, str | None], list[str]]:
    spelled: dict[str, str | None] = {}
    refused: list[str] = []
    for text in texts:
        try:
            spelled[text] = identifier(text)
        except NobodyError:
            spelled[text] = None
            refused.append(text)
    return spelled, refused
