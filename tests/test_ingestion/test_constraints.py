"""The tables of constraints beside the contracts say what the contracts say.

staging/<system>/README.md -> rows of its table -> the rule codes of the system's contract, both ways.

    pytest tests/test_ingestion/test_constraints.py
"""

import re
from pathlib import Path

import pytest

from ingestion.contracts import Entity, System, load_contracts
from ingestion.settings import PROJECT_ROOT

STAGING = PROJECT_ROOT / "dbt_project" / "models" / "staging"
SYSTEMS = load_contracts(PROJECT_ROOT)
TABLES = sorted(STAGING.glob("*/README.md"))
HEADER = ["constraint of the document", "entity", "rules", "enforced by"]
# codes the gate gives without a declared rule
OF_VALUES = ("type", "json", "encoding", "nul_byte", "too_large")
Row = tuple[str, str, str, str]

of_every_table = pytest.mark.parametrize("path", TABLES, ids=lambda path: path.parent.name)


def cells(line: str) -> list[str]:
    """Cells of one line of a Markdown table; an escaped bar does not part them."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def table(path: Path) -> list[Row]:
    lines = [cells(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert lines[0] == HEADER, lines[0]
    assert all(len(line) == len(HEADER) for line in lines), [line for line in lines if len(line) != len(HEADER)]
    return [(first, entity.strip("`"), rules, where) for first, entity, rules, where in lines[2:]]


def codes(rules: str) -> list[str]:
    if rules == "-":
        return []
    parts = [part.strip() for part in rules.split(",")]
    assert all(re.fullmatch(r"`[^`]+`", part) for part in parts), rules
    return [part.strip("`") for part in parts]


def declared(entity: Entity) -> set[str]:
    return {rule.code for rule in entity.all_rules}


def given_by_the_gate(system: System, entity: Entity) -> set[str]:
    places = set(entity.column_names) | set(entity.source_columns)
    places |= {column.source for column in entity.columns if column.source}
    for child in system.children(entity):
        places |= {stream.root or path for stream in child.streams for _, path in stream.paths}
    return {f"{kind}:{place}" for kind in OF_VALUES for place in places} | {f"duplicate_key:{'+'.join(entity.key)}"}


def test_every_system_has_a_table() -> None:
    assert {path.parent.name for path in TABLES} == set(SYSTEMS)


@of_every_table
def test_every_code_of_the_table_is_known(path: Path) -> None:
    system = SYSTEMS[path.parent.name]
    known = {entity.name: declared(entity) | given_by_the_gate(system, entity) for entity in system.entities}
    told = [(entity, code) for _, entity, rules, _ in table(path) for code in codes(rules)]
    assert [(entity, code) for entity, code in told if code not in known.get(entity, ())] == []


@of_every_table
def test_every_rule_of_the_contract_stands_in_the_table(path: Path) -> None:
    told = {(entity, code) for _, entity, rules, _ in table(path) for code in codes(rules)}
    system = SYSTEMS[path.parent.name]
    assert {(entity.name, code) for entity in system.entities for code in declared(entity)} - told == set()


@of_every_table
def test_every_row_names_an_entity_and_says_where_it_is_enforced(path: Path) -> None:
    names = {entity.name for entity in SYSTEMS[path.parent.name].entities}
    rows = table(path)
    assert [row for row in rows if not row[0] or not row[3] or row[3] == "-"] == []
    assert [row for row in rows if row[1] not in names and (row[1] != "-" or row[2] != "-")] == []
