"""What happens to a value before it may enter: keyed hashes, measured free text, addresses without their query.

A pseudonym is the first 128 bits of HMAC-SHA256(key, system | domain | value) written as a UUID: the same person has
the same pseudonym in every load, and none without the key can go back or try names.
"""

import hashlib
import hmac
import re

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Column

CACHE_SIZE = 500_000
UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Pseudonymiser:
    """Keyed hashing of one system's identifiers, each distinct value once."""

    def __init__(self, key: bytes, system: str) -> None:
        self._key = key
        self._system = system
        self._known: dict[str, dict[str, str]] = {}
        self._bases: dict[str, hmac.HMAC] = {}

    def one(self, domain: str, value: str) -> str:
        """The pseudonym of `value` in `domain` (user, session, email, ...); a UUID's case does not matter."""
        if UUID.fullmatch(value):
            value = value.lower()
        base = self._bases.get(domain)
        if base is None:
            base = hmac.new(self._key, f"{self._system}\x1f{domain}\x1f".encode(), hashlib.sha256)
            self._bases[domain] = base
        digest = base.copy()
        digest.update(value.encode())
        text = digest.hexdigest()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"

    def many(self, domain: str, values: pa.Array) -> pa.Array:
        """Pseudonyms of a string array; nulls and empty strings are null."""
        encoded = values.dictionary_encode()
        known = self._known.setdefault(domain, {})
        if len(known) > CACHE_SIZE:
            known.clear()
        pseudonyms: list[str | None] = []
        for value in encoded.dictionary.to_pylist():
            if not value:
                pseudonyms.append(None)
                continue
            pseudonym = known.get(value)
            if pseudonym is None:
                pseudonym = known[value] = self.one(domain, value)
            pseudonyms.append(pseudonym)
        return pa.array(pseudonyms, pa.string()).take(encoded.indices)


def protect(column: Column, values: pa.Array, pseudonymiser: Pseudonymiser) -> pa.Array:
    """`values` (strings for every class but plain) as `column`'s privacy class lets them in."""
    if column.privacy in ("key", "contact"):
        return pseudonymiser.many(column.domain or column.name, values)
    if column.measure == "length":
        return pc.utf8_length(values)
    if column.measure == "words":
        words = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(values))
        counts = pc.list_value_length(words)
        return pc.if_else(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0), 0, counts)
    if column.transform == "strip_query":
        return pc.replace_substring_regex(values, r"(?s)[?#].*$", "")
    return values
