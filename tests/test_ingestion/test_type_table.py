"""Whatever Arrow type a value comes in and whatever the contract declares: the right value, or a reason code."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ingestion.arrow_kinds import KINDS, kind_of, unwrapped
from ingestion.conform import Conformer
from ingestion.contracts import DATA_TYPES
from ingestion.privacy import Pseudonymiser
from ingestion.types import ARROW_TYPES, TABLE, cast
from tests.events import EVENTS, NEW_SMELL

UUID = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"
RAW_UUID = bytes.fromhex(UUID.replace("-", ""))
PSEUDONYMISER = Pseudonymiser(b"k" * 32, "new_smell")
CONFORMER = Conformer(EVENTS, NEW_SMELL.children(EVENTS), PSEUDONYMISER)
ONE = {"text": "1", "integer": 1, "bigint": 1, "double precision": 1.0, "boolean": True, "key": "1"}
NOON = datetime(2025, 1, 2, 12, tzinfo=UTC)
NOON_SECONDS = int(NOON.timestamp())
DAY = {"timestamptz": datetime(2025, 1, 2, tzinfo=UTC), "date": date(2025, 1, 2)}
AT_NOON = {"timestamptz": NOON, "date": date(2025, 1, 2)}
NOTHING = dict.fromkeys([*DATA_TYPES, "key"])
Expected = dict[str, Any]


def whole(number: int) -> Expected:
    """A whole number that fits a bigint and is no flag."""
    is_short = abs(number) < 2**31
    values = {"text": str(number), "bigint": number, "double precision": float(number), "key": str(number)}
    return values | {"integer": number} if is_short else values


def beyond(number: int) -> Expected:
    """A whole number that no bigint holds."""
    return {"text": str(number), "double precision": float(number), "key": str(number)}


def text(value: str) -> Expected:
    """A text that is nothing else."""
    return {"text": value, "key": value}


def stamped(unit: str, zone: str | None = None) -> pa.Array:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    return pa.array([NOON_SECONDS * per_second], pa.int64()).cast(pa.timestamp(unit, zone))


def floats(value: float, kind: pa.DataType) -> pa.Array:
    return pa.array(np.array([value], dtype=kind.to_pandas_dtype()))


# what one value of a type is under each contract type; where nothing stands, it is refused
CASES: dict[str, tuple[pa.Array, Expected]] = {
    "null": (pa.nulls(1), NOTHING),
    "bool": (pa.array([True]), {"text": "true", "boolean": True}),
    "bool8": (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1], pa.int8())), {"text": "true", "boolean": True}),
    **{str(kind): (pa.array([1], kind), ONE) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    **{str(kind): (pa.array([1], kind), ONE) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
    **{str(kind): (floats(1.0, kind), ONE) for kind in (pa.float16(), pa.float32(), pa.float64())},
    "a flag of 2": (pa.array([2]), whole(2)),
    "int64 of 12 digits": (pa.array([123_456_789_012]), whole(123_456_789_012)),
    "double of 12 digits": (pa.array([123_456_789_012.0]), whole(123_456_789_012)),
    "decimal of 12 digits": (pa.array([Decimal("123456789012.00")]), whole(123_456_789_012)),
    "text of 12 digits": (pa.array(["123456789012"]), whole(123_456_789_012)),
    "int64 above 2^53": (pa.array([2**53 + 1]), whole(2**53 + 1)),
    "decimal above 2^53": (pa.array([Decimal(2**53 + 1)]), whole(2**53 + 1)),
    "text above 2^53": (pa.array([str(2**53 + 1)]), whole(2**53 + 1)),
    "double above 2^53": (pa.array([2.0**60]), whole(2**60)),
    "the largest bigint": (pa.array([2**63 - 1]), whole(2**63 - 1)),
    "the smallest bigint": (pa.array([-(2**63)]), whole(-(2**63))),
    "the largest bigint as text": (pa.array([str(2**63 - 1)]), whole(2**63 - 1)),
    "the smallest bigint as double": (pa.array([-(2.0**63)]), whole(-(2**63))),
    "uint64 of 2^63": (pa.array([2**63], pa.uint64()), beyond(2**63)),
    "uint64 of 2^64-1": (pa.array([2**64 - 1], pa.uint64()), beyond(2**64 - 1)),
    "double of 2^63": (pa.array([2.0**63]), beyond(2**63)),
    "text of 2^64-1": (pa.array([str(2**64 - 1)]), beyond(2**64 - 1)),
    "decimal of 2^64-1": (pa.array([Decimal(2**64 - 1)]), beyond(2**64 - 1)),
    "uint32 of 2^32-1": (pa.array([2**32 - 1], pa.uint32()), whole(2**32 - 1)),
    "decimal32": (pa.array([Decimal("1.00")], pa.decimal32(5, 2)), ONE),
    "decimal64": (pa.array([Decimal("1.00")], pa.decimal64(9, 2)), ONE),
    "decimal128": (pa.array([Decimal("1.00")], pa.decimal128(20, 2)), ONE),
    "decimal256": (pa.array([Decimal("1.00")], pa.decimal256(60, 2)), ONE),
    "decimal of thousands": (pa.array([Decimal(3000)], pa.decimal128(5, -3)), whole(3000)),
    "decimal with a fraction": (pa.array([Decimal("1.50")]), text("1.50") | {"double precision": 1.5}),
    "double with a fraction": (pa.array([1.5]), text("1.5") | {"double precision": 1.5}),
    "double of many digits": (pa.array([12345678901.5]), text("12345678901.5") | {"double precision": 12345678901.5}),
    "float": (floats(0.1, pa.float32()), text("0.1") | {"double precision": float(np.float32(0.1))}),
    "negative zero": (
        pa.array([-0.0]),
        {"text": "0", "key": "0", "integer": 0, "bigint": 0, "double precision": 0.0, "boolean": False},
    ),
    "nan": (pa.array([float("nan")]), NOTHING),
    "inf": (pa.array([float("inf")]), {}),
    "-inf": (floats(float("-inf"), pa.float16()), {}),
    "date32": (pa.array([date(2025, 1, 2)]), {"text": "2025-01-02", **DAY}),
    "date64": (pa.array([date(2025, 1, 2)], pa.date64()), {"text": "2025-01-02", **DAY}),
    "date32 beyond 9999": (pa.array([2_932_897], pa.int32()).cast(pa.date32()), {}),
    "date32 before Christ": (pa.array([-719_163], pa.int32()).cast(pa.date32()), {}),
    "date64 of the end of time": (pa.array([2**62], pa.int64()).cast(pa.date64()), {}),
    "time32": (pa.array([time(12)], pa.time32("s")), {"text": "12:00:00"}),
    "time64": (pa.array([time(12)], pa.time64("us")), {"text": "12:00:00.000000"}),
    "timestamp[s]": (stamped("s"), {"text": "2025-01-02 12:00:00.000000Z", **AT_NOON}),
    "timestamp[ms]": (stamped("ms"), {"text": "2025-01-02 12:00:00.000000Z", **AT_NOON}),
    "timestamp[us]": (stamped("us"), {"text": "2025-01-02 12:00:00.000000Z", **AT_NOON}),
    "timestamp[ns]": (stamped("ns"), {"text": "2025-01-02 12:00:00.000000Z", **AT_NOON}),
    "timestamp with a zone": (stamped("ms", "Africa/Nairobi"), {"text": "2025-01-02 12:00:00.000000Z", **AT_NOON}),
    "timestamp[s] of the end of time": (pa.array([2**62]).cast(pa.timestamp("s")), {}),
    "timestamp[us] of the end of time": (pa.array([2**63 - 1]).cast(pa.timestamp("us")), {}),
    "timestamp[us] before Christ": (pa.array([-62_135_596_800_000_001]).cast(pa.timestamp("us", "UTC")), {}),
    "duration": (pa.array([5], pa.duration("s")), {}),
    "interval": (pa.array([pa.MonthDayNano([1, 2, 3])]), {}),
    "union": (pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]), {}),
    "string": (pa.array(["word"]), text("word")),
    "large_string": (pa.array(["word"], pa.large_string()), text("word")),
    "string_view": (pa.array(["word"], pa.string_view()), text("word")),
    "binary": (pa.array([b"word"]), text("word")),
    "large_binary": (pa.array([b"word"], pa.large_binary()), text("word")),
    "binary_view": (pa.array([b"word"], pa.binary_view()), text("word")),
    "fixed_size_binary": (pa.array([b"word\0\0"], pa.binary(6)), text("word")),
    "fixed_size_binary(16) with text": (pa.array([b"sixteen letters!"], pa.binary(16)), text("sixteen letters!")),
    "fixed_size_binary(16) with a UUID": (pa.array([RAW_UUID], pa.binary(16)), text(UUID) | {"uuid": UUID}),
    "arrow.uuid": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([RAW_UUID], pa.binary(16))),
        text(UUID) | {"uuid": UUID},
    ),
    "arrow.json": (pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"a":1}'])), {"text": '{"a":1}'}),
    "bytes that are no text": (pa.array([b"\xff\xfe"]), {}),
    "string that is no UTF-8": (pa.array([b"\xff"]).view(pa.string()), {}),
    "dictionary": (pa.array(["word"]).dictionary_encode(), text("word")),
    "dictionary of numbers": (pa.array([1]).dictionary_encode(), ONE),
    "run_end_encoded": (pa.RunEndEncodedArray.from_arrays([1], ["word"]), text("word")),
    "list": (pa.array([["a", None]]), {"text": '["a",null]'}),
    "large_list": (pa.array([[1]], pa.large_list(pa.int64())), {"text": "[1]"}),
    "fixed_size_list": (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), {"text": "[1,2]"}),
    "list_view": (pa.array([[1]], pa.list_view(pa.int64())), {"text": "[1]"}),
    "struct": (pa.array([{"a": b"p1"}]), {"text": '{"a":"p1"}'}),
    "map": (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), {"text": '{"a":1}'}),
    "text 1": (pa.array(["1"]), ONE),
    "text 1.0": (pa.array([" 1.0 "]), ONE | {"text": " 1.0 "}),
    "text true": (pa.array(["TRUE"]), {"text": "TRUE", "boolean": True}),
    "text on": (pa.array(["on"]), text("on") | {"boolean": True}),
    "text n": (pa.array(["n"]), text("n") | {"boolean": False}),
    "a bit of MySQL": (pa.array([b"\x01"]), text("\x01") | {"boolean": True}),
    "text with an exponent": (
        pa.array(["1.23456789012e+11"]),
        whole(123_456_789_012) | {"text": "1.23456789012e+11"},
    ),
    "text that a spreadsheet rounded": (
        pa.array(["1.23457E+11"]),
        {k: v for k, v in whole(123_457_000_000).items() if k != "key"} | {"text": "1.23457E+11"},
    ),
    "text of hexadecimal": (pa.array(["0x10"]), text("0x10")),
    "text of a UUID in braces": (
        pa.array([f"{{{UUID.upper()}}}"]),
        {"text": f"{{{UUID.upper()}}}", "key": UUID, "uuid": UUID},
    ),
    "empty text": (pa.array([" "]), NOTHING | {"text": " "}),
    **{
        f"null word {word}": (pa.array([f" {word} "]), NOTHING)
        for word in ("NULL", "null", r"\N", "NaN", "undefined", "<NA>")
    },
    **{
        f"null word {word}": (pa.array([word]), NOTHING | {"text": word})
        for word in ("None", "nil", "(null)", "N/A", "Undefined")
    },
}


def result(values: pa.Array, data_type: str) -> Any:
    """The value, or "refused"; a text as a plain column has it."""
    if data_type == "text":
        conformed = conform({"referrer": values})
        return outcome(conformed.columns["referrer"], conformed.marks.get("type:referrer"))
    return outcome(*cast(values, data_type))


def outcome(values: pa.Array, bad: pa.Array | None) -> Any:
    if bad is not None and bad[0].as_py():
        assert not values[0].is_valid
        return "refused"
    return values[0].as_py()


def test_the_table_names_no_kind_or_type_that_is_none_and_every_kind_is_tried() -> None:
    kinds = {name for name, _ in KINDS}
    assert set(TABLE) == kinds - {"null"}
    assert all(set(row) <= DATA_TYPES == set(ARROW_TYPES) for row in TABLE.values())
    assert {kind_of(unwrapped(values)) for values, _ in CASES.values()} == kinds | {"other"}


def conform(columns: dict[str, pa.Array]) -> Any:
    """A clean event, but for `columns`."""
    given = {name: columns.get(name, pa.nulls(1)) for name in EVENTS.source_columns}
    return CONFORMER.conform(pa.RecordBatch.from_arrays(list(given.values()), list(given)))


@pytest.mark.parametrize("data_type", sorted(DATA_TYPES))
@pytest.mark.parametrize("case", CASES)
def test_every_type_under_every_contract_type_gives_its_value_or_is_refused(case: str, data_type: str) -> None:
    values, expected = CASES[case]
    found, wanted = result(values, data_type), expected.get(data_type, "refused")
    # 1 and True, 0.0 and -0.0 are equal, but not the same
    assert (found, str(found)) == (wanted, str(wanted))


@pytest.mark.parametrize("case", CASES)
def test_every_type_as_an_identifier_gives_one_pseudonym_or_is_refused(case: str) -> None:
    values, expected = CASES[case]
    conformed = conform({"userId": values})
    found = outcome(conformed.columns["user_key"], conformed.marks.get("type:user_key"))
    name = expected.get("key", "refused")
    assert found == (name if name in (None, "refused") else PSEUDONYMISER.one("user", name))
