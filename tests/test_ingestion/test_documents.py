"""Every type of BSON as text, in all the forms documents come in, and the chunks their changes are found by."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
import pytest
from bson.code import Code
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.regex import Regex
from bson.timestamp import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources import chunks
from ingestion.sources.chunks import Chunks
from ingestion.sources.documents import EXTENDED_JSON, from_bson, text
from tests.documents import encoded

OID = "65a1b2c3d4e5f60718293a4b"
# the value, its canonical and its relaxed form as the specification of Extended JSON v2 gives them, and its text
FORMS: list[tuple[Any, str, str, str]] = [
    (bson.ObjectId(OID), f'{{"$oid": "{OID}"}}', f'{{"$oid": "{OID}"}}', OID),
    ("plain", '"plain"', '"plain"', "plain"),
    (True, "true", "true", "true"),
    (7, '{"$numberInt": "7"}', "7", "7"),
    (Int64(2**53 + 1), '{"$numberLong": "9007199254740993"}', "9007199254740993", "9007199254740993"),
    (-2.5, '{"$numberDouble": "-2.5"}', "-2.5", "-2.5"),
    (3.0, '{"$numberDouble": "3.0"}', "3.0", "3"),
    (1e-7, '{"$numberDouble": "1e-07"}', "1e-07", "1e-07"),
    (float("nan"), '{"$numberDouble": "NaN"}', '{"$numberDouble": "NaN"}', "NaN"),
    (float("-inf"), '{"$numberDouble": "-Infinity"}', '{"$numberDouble": "-Infinity"}', "-Infinity"),
    (Decimal128("1.10"), '{"$numberDecimal": "1.10"}', '{"$numberDecimal": "1.10"}', "1.10"),
    (
        datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        '{"$date": {"$numberLong": "1735787045678"}}',
        '{"$date": "2025-01-02T03:04:05.678Z"}',
        "2025-01-02T03:04:05.678000Z",
    ),
    (
        datetime(1969, 12, 31, tzinfo=UTC),
        '{"$date": {"$numberLong": "-86400000"}}',
        '{"$date": {"$numberLong": "-86400000"}}',
        "1969-12-31T00:00:00Z",
    ),
    (
        bson.DatetimeMS(253_402_300_800_000),
        '{"$date": {"$numberLong": "253402300800000"}}',
        '{"$date": {"$numberLong": "253402300800000"}}',
        "253402300800000 ms since 1970",
    ),
    (
        UUID("73ffd264-44b3-4c69-90e8-e7d1dfc035d4"),
        '{"$binary": {"base64": "c//SZESzTGmQ6OfR38A11A==", "subType": "04"}}',
        '{"$uuid": "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}',
        "73ffd264-44b3-4c69-90e8-e7d1dfc035d4",
    ),
    (
        bson.Binary(bytes(range(16)), 3),
        '{"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "03"}}',
        '{"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "03"}}',
        "AAECAwQFBgcICQoLDA0ODw==",
    ),
    (
        b"\xff\x00",
        '{"$binary": {"base64": "/wA=", "subType": "00"}}',
        '{"$binary": {"base64": "/wA=", "subType": "00"}}',
        "/wA=",
    ),
    (
        Timestamp(1_735_787_045, 2),
        '{"$timestamp": {"t": 1735787045, "i": 2}}',
        '{"$timestamp": {"t": 1735787045, "i": 2}}',
        "2025-01-02T03:04:05Z",
    ),
    (
        Regex("^a", "i"),
        '{"$regularExpression": {"pattern": "^a", "options": "i"}}',
        '{"$regularExpression": {"pattern": "^a", "options": "i"}}',
        "/^a/",
    ),
    (Code("f()"), '{"$code": "f()"}', '{"$code": "f()"}', "f()"),
    (MinKey(), '{"$minKey": 1}', '{"$minKey": 1}', "MinKey"),
    (MaxKey(), '{"$maxKey": 1}', '{"$maxKey": 1}', "MaxKey"),
]


def document_of(value: Any) -> Any:
    return from_bson(encoded({"top": value, "in": {"list": [value]}}), "here").document


@pytest.mark.parametrize(("value", "canonical", "relaxed", "expected"), FORMS, ids=[form[3] for form in FORMS])
def test_a_value_has_the_same_text_in_every_form(value: Any, canonical: str, relaxed: str, expected: str) -> None:
    from_dump = document_of(value)
    assert text(from_dump["top"]) == expected
    for form in (canonical, relaxed):
        from_export = EXTENDED_JSON.decode(f'{{"top": {form}, "in": {{"list": [{form}]}}}}')
        assert text(from_export["top"]) == expected
        assert text(from_export["in"]) == text(from_dump["in"])


def test_values_inside_are_json_whose_scalars_read_as_at_the_top() -> None:
    for value, _, _, expected in FORMS:
        (inside,) = json.loads(str(text(document_of(value)["in"])))["list"]
        assert text(inside) == expected


def test_a_reference_stays_an_object_and_undefined_is_nothing() -> None:
    assert text(document_of(DBRef("users", bson.ObjectId(OID)))["top"]) == f'{{"$ref":"users","$id":"{OID}"}}'
    assert EXTENDED_JSON.decode('{"a": {"$undefined": true}}') == {"a": None}


@pytest.mark.parametrize("odd", ['{"$date": "soon"}', '{"$oid": 5}', '{"$numberInt": "x"}', '{"$price": 3}', "{}"])
def test_an_object_that_is_not_what_it_says_stays_an_object(odd: str) -> None:
    assert json.loads(str(text(EXTENDED_JSON.decode(odd)))) == json.loads(odd)


def test_text_that_is_no_text_travels_as_its_escape() -> None:
    assert text(EXTENDED_JSON.decode('"\\ud800"')) == '"\\ud800"'


@pytest.mark.parametrize("harm", [b"\x05\x00\x00\x00\x00x", b"\x0a\x00\x00\x00\x99a\x00\x00\x00\x00", b"\x00"])
def test_bytes_that_are_no_document_are_an_unreadable_one(harm: bytes) -> None:
    assert from_bson(harm, "here").document is None


def reading(collection: dict[int, bytes], known: str) -> tuple[set[bytes], Chunks]:
    """The documents that a reading hands on."""
    read = Chunks(known)
    documents = [collection[key] for key in sorted(collection)]
    return {raw for chunk in read.changed(documents) for raw in chunk}, read


CONTENTS = st.dictionaries(st.integers(0, 400), st.integers(0, 3), max_size=300)


@settings(max_examples=60, deadline=None)
@given(st.lists(CONTENTS, min_size=2, max_size=5))
def test_whatever_changes_between_readings_is_handed_on(states: list[dict[int, int]]) -> None:
    known, before = "", set[bytes]()
    for state in states:
        collection = {key: f"{key}:{value}".encode() for key, value in state.items()}
        handed, read = reading(collection, known)
        assert set(collection.values()) - before <= handed
        assert read.are_as_known == (before == set(collection.values()))
        known, before = read.text(), set(collection.values())


def test_one_change_among_many_touches_few() -> None:
    collection = {key: f"{key}:".encode() * 10 for key in range(20_000)}
    _, read = reading(collection, "")
    handed, _ = reading(collection | {10_000: b"other"}, read.text())
    assert b"other" in handed
    assert len(handed) < 20 * chunks.CUT_AFTER_ONE_IN


def test_a_chunk_is_held_up_to_its_limit_only() -> None:
    large = [bytes([n]) * (1 << 20) for n in range(40)]
    assert max(sum(map(len, chunk)) for chunk in Chunks().changed(large)) <= chunks.CHUNK_BYTES
