"""The gate and Great Expectations give the same verdict on the same rows, rule by rule, on every contract.

contract -> rows of chance around every bound, member and condition of its rules -> the gate's masks in Arrow | the
library's failing rows in PostgreSQL, from a plain table that also takes what a staging table's key would refuse.

    pytest tests/test_expectations/test_agreement.py
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pyarrow as pa
import pytest
from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

from expectations import suites
from expectations.declared import DeclaredSuite, declared_suites
from expectations.suites import expectation_suite
from expectations.validation import SESSION, in_memory_context, library_url
from ingestion.conform import Conformed
from ingestion.contracts import Column, Entity, Rule, load_contracts
from ingestion.gate import split
from ingestion.merge import TableMerger, encode
from ingestion.rules import CHECKS, broken
from ingestion.settings import PROJECT_ROOT
from ingestion.tables import ensure_tables
from ingestion.types import ARROW_TYPES
from ingestion.warehouse import Warehouse

ROWS = 190
"""The library lists at most 200 failing rows."""
ROW = "row_number"
Row = dict[str, Any]
Verdicts = dict[str, set[int]]
"""Numbers of the rows that break a rule, by its code."""


class Pools:
    """Values for every column of an entity: what its rules allow, just do not allow, and nothing at all."""

    PLAIN: ClassVar[dict[str, list[Any]]] = {
        "text": ["", " ", "a", "Zürich", "😀", "long enough for any rule"],
        "integer": [-1, 0, 1, 2, 7],
        "bigint": [-1, 0, 1, 2, 7],
        "double precision": [-1.0, 0.0, 0.5, 1.0, 2.0],
        "boolean": [True, False],
        "uuid": [str(UUID(int=number)) for number in range(3)],
        "date": [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)],
        "timestamptz": [datetime.fromisoformat(f"2024-02-{day}T10:00:00+00:00") for day in (28, 29)],
    }

    def __init__(self, entity: Entity, rules: list[Rule]) -> None:
        self.values = {column.name: list(self.PLAIN[column.data_type]) for column in entity.columns}
        columns = {column.name: column for column in entity.columns}
        for rule in rules:
            self.values[rule.column] += list(around(rule, columns[rule.column]))
            for name, allowed in rule.when:
                self.values[name] += list(allowed) * 4

    def row(self, chance: random.Random) -> Row:
        """One row; a tenth of its values are missing."""
        return {name: None if chance.random() < 0.1 else chance.choice(pool) for name, pool in self.values.items()}


def around(rule: Rule, column: Column) -> Iterator[Any]:
    """Values at the border of what `rule` says of its column."""
    if rule.kind == "in":
        yield from rule.args
        if column.data_type == "text":
            yield from (rule.args[0].upper(), rule.args[0].lower(), f"{rule.args[0]} ", f"{rule.args[0]}\n")
    elif rule.kind == "between":
        for bound in rule.args:
            yield from near(bound, column.data_type)


def near(bound: Any, data_type: str) -> Iterator[Any]:
    """A bound, and the nearest values below and above it."""
    if data_type == "timestamptz":
        moment = datetime.fromisoformat(f"{bound}T00:00:00+00:00" if len(str(bound)) == 10 else str(bound))
        yield from (moment - timedelta(microseconds=1), moment, moment + timedelta(microseconds=1))
    elif data_type == "date":
        day = date.fromisoformat(str(bound))
        yield from (day - timedelta(days=1), day, day + timedelta(days=1))
    elif data_type == "double precision":
        yield from (bound - 1e-9, float(bound), bound + 1e-9)
    else:
        yield from (number for number in (bound - 1, bound, bound + 1) if -(2**31) <= number < 2**31)


def by_the_gate(entity: Entity, rules: list[Rule], rows: list[Row]) -> Verdicts:
    columns = {c.name: pa.array([row[c.name] for row in rows], ARROW_TYPES[c.data_type]) for c in entity.columns}
    masks = {rule.code: broken(rule, columns).to_pylist() for rule in rules}
    return {code: {number for number, is_broken in enumerate(mask) if is_broken} for code, mask in masks.items()}


def by_great_expectations(source: PostgresDatasource, suite: DeclaredSuite, rules: list[Rule]) -> Verdicts:
    asset = source.add_table_asset(suite.table, suite.table.split(".", 1)[1])
    batch = asset.add_batch_definition_whole_table("all rows").get_batch()
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW], "partial_unexpected_count": ROWS}
    judged = batch.validate(expectation_suite(suite, rules), result_format=wanted).to_json_dict()
    return {
        verdict["expectation_config"]["meta"]["code"]: {
            int(found[ROW]) for found in verdict["result"].get("unexpected_index_list") or ()
        }
        for verdict in judged["results"]
    }


def write(warehouse: Warehouse, entity: Entity, rows: list[Row]) -> None:
    """A table of the entity's columns without keys or constraints, and the rows in it."""
    columns = ", ".join(f"{column.name} {column.data_type}" for column in entity.columns)
    with warehouse.connect("owner") as connection, connection.cursor() as cursor:
        cursor.execute(f"create table {entity.table} ({columns}, {ROW} integer)".encode())
        with cursor.copy(f"copy {entity.table} from stdin".encode()) as copy:
            for number, row in enumerate(rows):
                copy.write_row((*row.values(), number))


@pytest.fixture
def source(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresDatasource]:
    """The staging schema as the checkpoints open it; the expectations tell which rows fail, not only how many."""
    monkeypatch.delattr(suites.CountsOnly, "get_validation_dependencies")
    opened = PostgresDatasource(
        name="staging",
        connection_string=library_url(warehouse.sqlalchemy_url("owner")),
        kwargs={"connect_args": {"options": f"{SESSION} -c search_path=staging"}},
    )
    yield in_memory_context().data_sources.add_postgres(opened)
    opened.get_engine().dispose()


@pytest.mark.parametrize("system", load_contracts())
def test_gate_and_great_expectations_find_the_same_rows(
    system: str, warehouse: Warehouse, source: PostgresDatasource
) -> None:
    judged, never_broken = 0, []
    for suite in declared_suites(PROJECT_ROOT, "staging", [system]):
        entity = load_contracts()[system].entity((suite.entity or ("", ""))[1])
        rules = [rule for rule in suite.rules if rule.kind in CHECKS]
        chance = random.Random(entity.name)
        pools = Pools(entity, rules)
        rows = [pools.row(chance) for _ in range(ROWS)]
        write(warehouse, entity, rows)
        gate = by_the_gate(entity, rules, rows)
        found = by_great_expectations(source, suite, rules)
        assert {code: sorted(gate[code] ^ found[code]) for code in gate if gate[code] != found[code]} == {}, suite.table
        judged += len(gate)
        never_broken += [f"{suite.table}: {code}" for code, numbers in gate.items() if not numbers]
        assert all(len(numbers) < ROWS for numbers in gate.values())
    assert judged > 20
    assert never_broken == []


def test_every_critical_rule_is_decided_at_the_gate() -> None:
    for suite in declared_suites(PROJECT_ROOT, "staging"):
        system, name = suite.entity or ("", "")
        entity = load_contracts()[system].entity(name)
        decided = {rule.code for rule in entity.unique_rules} | {f"duplicate_key:{'+'.join(entity.key)}"}
        late = [r.code for r in suite.rules if r.severity == "critical" and r.kind not in CHECKS]
        assert set(late) <= decided, suite.table


UNIQUE = [entity for system in load_contracts().values() for entity in system.entities if entity.unique_rules]


@pytest.mark.parametrize("entity", UNIQUE, ids=lambda entity: entity.table)
def test_nothing_critical_is_broken_in_what_the_gate_let_in(
    entity: Entity, warehouse: Warehouse, source: PostgresDatasource
) -> None:
    (suite,) = declared_suites(PROJECT_ROOT, "staging", [entity.system], [entity.table])
    chance = random.Random(entity.name)
    pools = Pools(entity, [rule for rule in suite.rules if rule.kind in CHECKS and rule.kind != "compare"])
    refused = 0
    with warehouse.connect("owner") as connection:
        ensure_tables(connection, (entity,))
        merger = TableMerger(connection, entity, 1, False, [rule.code for rule in entity.unique_rules])
        for number in range(4):
            rows = [good_row(pools, entity, chance, number * 50 + place) for place in range(50)]
            columns = {c.name: pa.array([r[c.name] for r in rows], ARROW_TYPES[c.data_type]) for c in entity.columns}
            batch = Conformed(entity, columns)
            passing = batch.filter(split(batch, datetime(2030, 1, 1, tzinfo=UTC)).accepted)
            refused += len(merger.merge(encode(passing.as_batch(), 1)).refused)
        connection.commit()
        staged = connection.execute(f"select count(*) from {entity.table}".encode()).fetchone()
    asset = source.add_table_asset(entity.table, entity.table.split(".", 1)[1])
    batch_definition = asset.add_batch_definition_whole_table("all rows")
    rules = [rule for rule in suite.rules if rule.severity == "critical"]
    judged = batch_definition.get_batch().validate(expectation_suite(suite, rules)).to_json_dict()
    assert [v["expectation_config"]["meta"]["code"] for v in judged["results"] if not v["success"]] == []
    assert refused > 0 and staged != (0,)


def good_row(pools: Pools, entity: Entity, chance: random.Random, number: int) -> Row:
    """A row that breaks few rules, has a key of its own, and claims one of few values."""
    row = pools.row(chance)
    for column in entity.columns:
        row[column.name] = _good(column, row[column.name], chance)
    claimed = {name for rule in entity.unique_rules for name in rule.args}
    for name in entity.key:
        if name not in claimed:
            row[name] = str(UUID(int=10_000 + number))
    return row


def _good(column: Column, value: Any, chance: random.Random) -> Any:
    rules = {rule.kind: rule for rule in column.rules}
    if "in" in rules:
        return chance.choice(rules["in"].args)
    if "matches" in rules and column.data_type == "text":
        return "#fff"  # colours are the only texts with a form
    if column.data_type in ("text", "uuid", "boolean", "date", "timestamptz"):
        return (
            value
            if value is not None and column.data_type != "timestamptz"
            else chance.choice(Pools.PLAIN[column.data_type])
        )
    low, high = rules["between"].args if "between" in rules else (0, 1)
    return min(max(1, low), high)
