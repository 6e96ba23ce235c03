"""What Great Expectations says about rows that keep or break each kind of rule."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from expectations.results import CheckResult
from ingestion.contracts import load_contracts
from ingestion.rules import CHECKS, broken
from ingestion.settings import Settings
from ingestion.types import ARROW_TYPES
from ingestion.warehouse import Warehouse

Insert = Callable[..., None]
Judge = Callable[..., dict[str, CheckResult]]
BREAKING: list[tuple[str, dict[str, Any]]] = [
    ("in:kind", {"kind": "large"}),
    ("in:kind", {"kind": ""}),
    ("in:number", {"number": 4}),
    ("in:is_open", {"is_open": False}),
    ("between:score", {"score": 5.000001}),
    ("between:score", {"score": -1.0}),
    ("between:seen_at", {"seen_at": "1989-12-31 23:59:59.999999+00"}),
    ("between:seen_at", {"seen_at": "2100-01-01 00:00:00.000001+00"}),
    ("between:born_on", {"born_on": "1989-12-31"}),
    ("matches:code", {"code": "ab12"}),
    ("matches:code", {"code": "AB12\n"}),
    ("min_length:label", {"label": "é"}),
    ("below", {"low": 2, "high": 2}),
    ("at_most", {"low": 2, "top": 1}),
    ("same", {"low": 2, "twin": 3}),
    ("at_least", {"top": 1, "high": 2}),
    ("above", {"top": 1, "bottom": 1}),
    ("score_missing", {"kind": "small"}),
    ("open_label_short", {"kind": "small", "score": 1.0, "is_open": True, "label": "four"}),
    ("not_null:note", {"note": None}),
]
KEEPING: list[dict[str, Any]] = [
    {"kind": "Large"},
    {"score": 1.0},
    {"score": 5.0},
    {"seen_at": "1990-01-01 00:00:00+00"},
    {"seen_at": "2100-01-01 00:00:00+00"},
    {"born_on": "2100-01-01"},
    {"code": "AB1"},
    {"label": "né"},
    {"low": 1, "high": 2},
    {"low": 2, "top": 2},
    {"low": 2, "twin": 2},
    {"top": 2, "bottom": 1},
    {"low": 2},
    {"kind": "Large", "score": None},
    {"kind": "small", "score": 1.0, "is_open": True, "label": "fives"},
    {"kind": "small", "score": 1.0, "is_open": None, "label": "four"},
    {"kind": "medium", "score": 1.0, "is_open": True, "label": "four"},
]


def test_every_row_is_counted_by_the_rule_it_breaks_and_by_no_other(insert: Insert, judge: Judge) -> None:
    for _, row in BREAKING:
        insert(**row)
    found = Counter({code: check.unexpected_count or 0 for code, check in judge().items() if not check.passed})
    assert found == Counter(code for code, _ in BREAKING)


def test_rows_that_keep_every_rule_pass(insert: Insert, judge: Judge) -> None:
    for row in KEEPING:
        insert(**row)
    assert [check for check in judge().values() if not check.passed] == []


def test_a_null_breaks_no_rule_but_not_null(insert: Insert, judge: Judge) -> None:
    insert()
    insert()
    assert [check for check in judge().values() if not check.passed] == []


def test_repeated_values_are_counted_with_every_row_that_has_them(insert: Insert, judge: Judge) -> None:
    for mark in ("a", "a", "b", None, None):
        insert(mark=mark)
    assert judge()["unique:mark"].unexpected_count == 2


def test_repeated_pairs_are_counted_unless_one_side_is_null(insert: Insert, judge: Judge) -> None:
    for kind, number in [("Large", 1), ("Large", 1), ("Large", 2), (None, 3), (None, 3)]:
        insert(kind=kind, number=number)
    assert judge()["pair_repeats"].unexpected_count == 2


def test_uniqueness_under_a_condition_looks_at_its_rows_only(insert: Insert, judge: Judge) -> None:
    for kind in ("small", "medium", "Large"):
        insert(kind=kind, number=1, score=1.0)
    assert judge()["number_repeats"].passed


def test_a_condition_limits_the_rows_that_are_judged(insert: Insert, judge: Judge) -> None:
    for kind in ("small", "medium", "Large", None):
        insert(kind=kind, score=1.0)
    assert judge()["score_missing"].element_count == 2


def test_a_repeated_key_is_found_where_the_table_allows_it(demo: Settings, insert: Insert, judge: Judge) -> None:
    with Warehouse(demo).connect() as connection:
        connection.execute("alter table staging.demo__things drop constraint demo__things_pkey")
        connection.execute("alter table staging.demo__things alter thing_id drop not null")
    for key in ("one", "one", None):
        insert(thing_id=key)
    found = judge()
    assert found["duplicate_key:thing_id"].unexpected_count == 2
    assert found["not_null:thing_id"].unexpected_count == 1


def test_a_warning_fails_but_does_not_block(insert: Insert, judge: Judge) -> None:
    insert(note=None)
    check = judge()["not_null:note"]
    assert (check.severity, check.reason) == ("warn", "few write one")
    assert (check.passed, check.is_blocking) == (False, False)


def test_the_gate_and_great_expectations_agree_on_the_same_rows(demo: Settings, insert: Insert, judge: Judge) -> None:
    rows = random_rows(150)
    for row in rows:
        insert(**row)
    (entity,) = load_contracts(demo.project_root)["demo"].entities
    columns = {c.name: pa.array([row.get(c.name) for row in rows], ARROW_TYPES[c.data_type]) for c in entity.columns}
    # the gate reads no bounds of a date column; no contract has any
    rules = [rule for rule in entity.all_rules if rule.kind in CHECKS]
    gate = {rule.code: broken(rule, columns).true_count for rule in rules}
    found = judge()
    assert gate == {code: found[code].unexpected_count for code in gate}
    assert all(gate.values()), "every rule is broken by some row"


def random_rows(count: int) -> list[dict[str, Any]]:
    """Rows around the bounds of every rule, nulls among them; the same ones every time."""
    chance = random.Random(3)
    pools: dict[str, list[Any]] = {
        "kind": [None, "small", "Small", "medium", "Large", "LARGE", " small", "", "großß"],
        "score": [None, 0.0, 0.999999, 1.0, 3.5, 5.0, 5.000001, -1.0, 1e300],
        "seen_at": [None, datetime(1989, 12, 31, 23, 59, 59, 999999, UTC), datetime(1990, 1, 1, tzinfo=UTC)],
        "born_on": [None, date(1989, 12, 31), date(1990, 1, 1), date(2100, 1, 1), date(2100, 1, 2)],
        "code": [None, "AB1", "ab1", "AB", "ÄB1", "AB12", "xAB1", "AB1\n", ""],
        "label": [None, "", "é", "éé", "four", "😀", "😀😀", "long enough"],
        "mark": [None, "a", "b"],
        "note": [None, "", "a note"],
        "is_open": [None, True, False],
        **{name: [None, 0, 1, 2, 3, 4] for name in ("low", "high", "top", "bottom", "twin", "number")},
    }
    return [
        {"thing_id": f"random {n}", **{name: chance.choice(pool) for name, pool in pools.items()}} for n in range(count)
    ]
