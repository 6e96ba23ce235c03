"""Values as programs write them, through real files into PostgreSQL: the right value, or the row in the quarantine."""

import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from ingestion.contracts import Entity
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, event, load, staged, write_csv, write_jsonl

ITEMS = NEW_SMELL.entity("user_interaction_event_items")
FEEDBACK = NEW_SMELL.entity("recommendation_feedback")
UUID = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"


def write_table(folder: Path, columns: dict[str, pa.Array], entity: Entity = EVENTS, **options: Any) -> Path:
    """Offer clean events, but for `columns`, as Parquet; returns the folder."""
    rows = len(next(iter(columns.values())))
    clean = [event(number) for number in range(rows)] if entity is EVENTS else [{}] * rows
    arrays = [columns[n] if n in columns else pa.array([row.get(n) for row in clean]) for n in entity.source_columns]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays, list(entity.source_columns)), folder / f"{entity.source}.parquet", **options)
    return folder


def column(warehouse: Warehouse, name: str, entity: Entity = EVENTS) -> list[Any]:
    """What is staged of `name`, in key order."""
    with warehouse.connect("owner") as connection:
        return [row[entity.column_names.index(name)] for row in staged(connection, entity)]


def quarantined(warehouse: Warehouse) -> dict[str, list[str]]:
    """Reasons by key."""
    with warehouse.connect("owner") as connection:
        rows = connection.execute("select source_key, reasons from ops.quarantine").fetchall()
    return {key: sorted(reasons) for key, reasons in rows}


def test_one_person_in_numbers_of_every_width_text_and_json(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    person = 123_456_789_012
    forms = [
        pa.array([person]),
        pa.array([person], pa.uint64()),
        pa.array([float(person)]),
        pa.array([Decimal(f"{person}.00")]),
        pa.array([str(person)]),
        pa.array([str(person).encode()]),
        pa.array([str(person)]).dictionary_encode(),
    ]
    for number, form in enumerate(forms):
        load(settings, write_table(tmp_path / f"p{number}", {"userId": form, "id": pa.array([f"p{number}"])}))
    rows = [event(1, userId=person), event(2, userId=float(person)), event(3, userId=f"{person}.0")]
    load(settings, write_jsonl(tmp_path / "j", rows).parent)
    (tmp_path / "j" / "UserInteractionEvent.jsonl").write_text(
        json.dumps(event(4, userId="?")).replace('"?"', "1.23456789012e+11") + "\n"
    )
    load(settings, tmp_path / "j")
    load(settings, write_csv(tmp_path / "c", [event(5, userId=f" {person} "), event(6, userId=f"{person}.0")]).parent)
    people = column(warehouse, "user_key")
    assert len(people) == len(forms) + 6
    assert len(set(people)) == 1


def test_one_uuid_is_one_person_as_bytes_as_a_uuid_and_as_text(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    raw = bytes.fromhex(UUID.replace("-", ""))
    forms = [
        pa.array([raw], pa.binary(16)),
        pa.array([raw]),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([raw], pa.binary(16))),
        pa.array([UUID]),
        pa.array([UUID.upper()]),
        pa.array([f"{{{UUID}}}"]),
    ]
    for number, form in enumerate(forms):
        load(settings, write_table(tmp_path / f"p{number}", {"userId": form, "id": pa.array([f"p{number}"])}))
    people = column(warehouse, "user_key")
    assert (len(people), len(set(people))) == (len(forms), 1)


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_no_null_word_becomes_a_person_or_a_value(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, write: Any
) -> None:
    words = ["NULL", r"\N", "null", "NaN", "undefined", "", " ", "nan", "None", "<NA>", " NULL "]
    nulls = [dict.fromkeys(("userId", "duration", "value", "perfumeId", "eventData"), word) for word in words]
    rows = [event(number, eventType="PAGE_VIEW", **changes) for number, changes in enumerate(nulls)]
    load(settings, write(tmp_path / "in", rows).parent)
    assert quarantined(warehouse) == {}
    assert column(warehouse, "user_key") == [None] * len(words)
    assert column(warehouse, "perfume_id") == [None] * len(words)
    assert column(warehouse, "value") == [None] * len(words)


def test_a_row_without_a_name_and_a_session_without_one_are_held_back(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(1, sessionId="NULL"), event(2, sessionId="[object Object]"), event(3, sessionId={"a": 1}), event(4)]
    load(settings, write_jsonl(tmp_path / "in", rows).parent)
    assert quarantined(warehouse) == {
        "event-1": ["not_null:session_key"],
        "event-2": ["type:session_key"],
        "event-3": ["type:session_key"],
    }


def test_flags_as_numbers_are_true_and_false(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    flags = {
        "clicked": pa.array([0, 1, 2], pa.int8()),
        "viewed": pa.array([1.0, 0.0, 1.0]),
        "rated": pa.array([b"\x00", b"\x01", b"\x01"]),
        "hidPerfume": pa.array(["f", "Y", "off"]),
    }
    rows = {name: pa.array(["x"] * 3) for name in ("userId", "perfumeId", "recommendationId", "source", "algorithm")}
    rows |= {name: pa.array([False] * 3) for name in ("addedToWishlist", "addedToCollection", "reportedIrrelevant")}
    rows |= {"id": pa.array(["a", "b", "c"]), "position": pa.array([1, 2, 3]), **flags}
    rows |= {"impressionTime": pa.array([datetime(2025, 1, 1)] * 3), "source": pa.array(["homepage"] * 3)}
    load(settings, write_table(tmp_path / "in", rows, FEEDBACK))
    held = quarantined(warehouse)
    assert [code for code in held["c"] if code.startswith("type:")] == ["type:is_clicked"]
    assert not any(code.startswith("type:") for key in ("a", "b") for code in held.get(key, []))


def test_numbers_beyond_a_column_are_held_back_alone(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    durations = pa.array([7, 2**64 - 1, 2**63, 2**31], pa.uint64())
    load(settings, write_table(tmp_path / "in", {"duration": durations}))
    assert column(warehouse, "duration_ms")[0] == 7
    assert quarantined(warehouse)["event-1"] == ["type:duration_ms"]
    assert quarantined(warehouse)["event-2"] == ["type:duration_ms"]


def test_bytes_maps_and_times_inside_nested_values_are_read(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    struct = pa.struct(
        [
            ("shownPerfumeIds", pa.list_(pa.binary())),
            ("viewDuration", pa.decimal128(10, 2)),
            ("filters", pa.map_(pa.string(), pa.list_(pa.string()))),
            ("seen", pa.timestamp("us")),
            ("position", pa.float64()),
        ]
    )
    clean = {
        "shownPerfumeIds": [b"p1", None, "é".encode()],
        "viewDuration": Decimal("1000.00"),
        "filters": [("notes", ["oud"])],
        "seen": datetime(2025, 1, 1),
        "position": float("nan"),
    }
    rows = [clean, {**clean, "shownPerfumeIds": [b"\xff"]}, None]
    load(settings, write_table(tmp_path / "in", {"eventData": pa.array(rows, struct)}))
    assert column(warehouse, "view_duration_ms") == [1000, 1000, None]
    with warehouse.connect("owner") as connection:
        items = connection.execute(
            f"select event_id, item_kind, item_value from {ITEMS.table} order by 1, 2, 3"
        ).fetchall()
        bad = connection.execute("select entity, reasons from ops.quarantine").fetchall()
    shown = {value for _, _, value in items}
    assert {"p1", "é", "oud"} <= shown
    assert not any("b'" in str(value) for value in shown)
    assert (ITEMS.name, ["type:item_value"]) in bad


def test_timestamps_of_96_bits_and_of_all_years_are_read_or_held_back(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    stamps = pa.array([datetime(2025, 1, 1), datetime(9999, 12, 31)], pa.timestamp("us"))
    folder = write_table(tmp_path / "int96", {"timestamp": stamps}, use_deprecated_int96_timestamps=True)
    load(settings, folder)
    ends = [-(2**63), -62_135_596_800_000_001, -62_135_596_800_000_000, 253_402_300_799_999_999, 2**63 - 1]
    ids = pa.array([f"end-{n}" for n in range(len(ends))])
    load(settings, write_table(tmp_path / "ends", {"timestamp": pa.array(ends).cast(pa.timestamp("us")), "id": ids}))
    held = quarantined(warehouse)
    assert [key for key, codes in held.items() if "type:occurred_at" in codes] == ["end-0", "end-1", "end-4"]
    # read as nanoseconds, "never" would be in 1816
    assert "type:occurred_at" not in held.get("event-1", [])
    assert 1816 not in {moment.year for moment in column(warehouse, "occurred_at")}


def test_text_that_is_no_text_and_names_too_long_for_an_index_are_held_back_alone(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    long = np.random.default_rng(1).bytes(3000).hex()
    columns = {
        "id": pa.array(["a", "b", long]),
        "referrer": pa.array([b"ok", b"\xff\xfe", b"ok"]).view(pa.string()),
    }
    load(settings, write_table(tmp_path / "in", columns))
    assert column(warehouse, "event_id") == ["a"]
    assert quarantined(warehouse) == {"b": ["type:referrer"], long: ["too_large:event_id"]}


MOMENTS: list[tuple[str, datetime | None]] = [
    ("2025-01-02T03:04:05Z", datetime(2025, 1, 2, 3, 4, 5)),
    ("2025-01-02t03:04:05z", datetime(2025, 1, 2, 3, 4, 5)),
    ("2025-01-02 03:04:05+00", datetime(2025, 1, 2, 3, 4, 5)),
    ("2025-01-02 03:04:05+0530", datetime(2025, 1, 1, 21, 34, 5)),
    ("2025-01-02 03:04:05 UTC", datetime(2025, 1, 2, 3, 4, 5)),
    ("2025-01-02 03:04:05 +0000 UTC", datetime(2025, 1, 2, 3, 4, 5)),
    ("2025-01-02 03:04:05,678", datetime(2025, 1, 2, 3, 4, 5, 678_000)),
    ("2025-01-02T03:04:05.123456789Z", datetime(2025, 1, 2, 3, 4, 5, 123_456)),
    ("2025-01-01 24:00:00", datetime(2025, 1, 2)),
    ("2016-12-31T23:59:60Z", datetime(2017, 1, 1)),
    ("2025-01-02", datetime(2025, 1, 2)),
    ("20250102", datetime(2025, 1, 2)),
    ("infinity", None),
    ("-infinity", None),
    ("0000-00-00", None),
    ("0000-00-00 00:00:00", None),
    ("2025-02-30", None),
    ("10000-01-01", None),
    ("0044-03-15 BC", None),
    ("0001-01-01T00:00:00+05:00", None),
    ("2025-01-02 03:04:05 Europe/Berlin", None),
    ("01/02/2025", None),
    ("1735787045", None),
    ("1710123000000", None),
    ("20101231123", None),
    ("1735787045.5", None),
]


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_timestamps_are_read_in_the_ways_programs_write_them(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, write: Any
) -> None:
    load(settings, write(tmp_path / "in", [event(n, timestamp=text) for n, (text, _) in enumerate(MOMENTS)]).parent)
    with warehouse.connect("owner") as connection:
        found = dict(connection.execute(f"select event_id, occurred_at from {EVENTS.table}").fetchall())
    held = quarantined(warehouse)
    for number, (text, moment) in enumerate(MOMENTS):
        wanted = moment and moment.replace(tzinfo=UTC)
        assert (text, found.get(f"event-{number}")) == (text, wanted)
        if moment is None:
            assert held[f"event-{number}"] == ["type:occurred_at"]


ANY_TEXT = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        ["NULL", "1e999", "-0", "9" * 400, "\x00", "\ud800", "{", "[]", "{}", "infinity", "0000-00-00", "1.0"]
    ),
    st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01", "-4713-01-01", "294277-01-01", "NaN", "[" * 50]),
    st.integers(0, 9).map(lambda n: f"{n}" + np.random.default_rng(n).bytes(2000).hex()),
)
ANY_VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), ANY_TEXT),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["viewDuration", "ratings", "filters", "notes", "title", "\ud800"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)
NUMBERS = [
    "duration",
    "value",
    "timestamp",
    "userId",
    "sessionId",
    "perfumeId",
    "eventData",
    "referrer",
    "eventType",
    "path",
]
COLUMNS: list[st.SearchStrategy[pa.Array]] = [
    st.integers(0, 2**64 - 1).map(lambda n: pa.array([n], pa.uint64())),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: pa.array([n])),
    st.integers(-(2**63), 2**63 - 1).flatmap(
        lambda n: st.sampled_from(["s", "ms", "us", "ns"]).map(lambda unit: pa.array([n]).cast(pa.timestamp(unit)))
    ),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: pa.array([n], pa.int32()).cast(pa.date32())),
    st.floats().map(lambda x: pa.array([x])),
    st.floats(width=32).map(lambda x: pa.array([x], pa.float32())),
    st.binary(max_size=20).map(lambda b: pa.array([b])),
    st.binary(min_size=16, max_size=16).map(lambda b: pa.array([b], pa.binary(16))),
    st.binary(max_size=4).map(lambda b: pa.array([b]).view(pa.string())),
    st.decimals(-(10**20), 10**20, places=3).map(lambda d: pa.array([d], pa.decimal128(38, 3))),
    st.lists(st.binary(max_size=2), max_size=3).map(lambda b: pa.array([b], pa.list_(pa.binary()))),
    st.dictionaries(st.sampled_from(["filters", "ratings", "viewDuration"]), st.binary(max_size=2), max_size=2).map(
        lambda d: pa.array([list(d.items())], pa.map_(pa.string(), pa.binary()))
    ),
    st.timedeltas().map(lambda t: pa.array([min(max(t, timedelta(-(10**5))), timedelta(10**5))], pa.duration("us"))),
    st.booleans().map(lambda b: pa.array([b])),
    st.dates().map(lambda d: pa.array([{"viewDuration": d}])),
]


def loads_whole(settings: Settings, warehouse: Warehouse, folder: Path, rows: int) -> None:
    """Load one file: every row is in the table or in the quarantine."""
    result = load(settings, folder)[EVENTS.name]
    assert result.extracted == rows == result.inserted + result.updated + result.unchanged + result.quarantined
    with warehouse.connect("owner") as connection:
        connection.execute(f"truncate {EVENTS.table}, {ITEMS.table}, ops.loads, ops.quarantine, ops.watermarks")


FUZZ = profile(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.lists(st.tuples(st.sampled_from(["id", *NUMBERS]), ANY_VALUE), min_size=5, max_size=15))
def test_no_value_in_json_fails_a_load(
    settings: Settings, warehouse: Warehouse, changes: list[tuple[str, Any]]
) -> None:
    rows = [event(number, **{name: value}) for number, (name, value) in enumerate(changes)]
    rows += [event(number + 100, eventData={name: value}) for number, (name, value) in enumerate(changes)]
    with tempfile.TemporaryDirectory() as folder:
        loads_whole(settings, warehouse, write_jsonl(Path(folder) / "in", rows).parent, len(rows))


@FUZZ
@given(st.lists(st.tuples(st.sampled_from(NUMBERS), st.one_of(*COLUMNS)), min_size=1, max_size=3))
def test_no_value_in_parquet_fails_a_load(
    settings: Settings, warehouse: Warehouse, changes: list[tuple[str, pa.Array]]
) -> None:
    columns = {name: values for name, values in changes if not pa.types.is_null(values.type)}
    with tempfile.TemporaryDirectory() as folder:
        loads_whole(settings, warehouse, write_table(Path(folder) / "in", columns), 1)


def test_a_date_far_away_has_its_month(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    dates = [date(1, 1, 1), date(999, 12, 31), date(9999, 11, 30), date(9999, 12, 31)]
    rows = [event(number, timestamp=f"{day.isoformat()}T23:00:00Z") for number, day in enumerate(dates)]
    result = load(settings, write_csv(tmp_path / "in", rows).parent)[EVENTS.name]
    assert result.inserted + result.quarantined == len(rows)
