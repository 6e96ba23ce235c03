"""A small contract with every kind of rule, its table in the warehouse, and rows to put into it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from expectations.checkpoints import run_checkpoint
from expectations.results import CheckResult
from ingestion.contracts import load_contracts
from ingestion.settings import Settings
from ingestion.tables import create_table_sql
from ingestion.warehouse import Warehouse

CONTRACT = """
version: 2
sources:
  - name: demo
    description: A small system.
    config: {meta: {engine: postgresql}}
    tables:
      - name: things
        description: One row per thing.
        config:
          meta:
            source: Thing
            key: [thing_id]
            rules:
              - {name: below, compare: [low, <, high]}
              - {name: at_most, compare: [low, <=, top]}
              - {name: same, compare: [low, '=', twin]}
              - {name: at_least, compare: [top, '>=', high]}
              - {name: above, compare: [top, '>', bottom]}
              - {name: pair_repeats, unique: [kind, number]}
              - {name: number_repeats, unique: [number], when: {kind: [small]}}
              - {name: score_missing, column: score, not_null: true, when: {kind: [small, medium]}}
              - {name: open_label_short, column: label, min_length: 5, when: {is_open: [true], kind: [small]}}
        columns:
          - {name: thing_id, data_type: text}
          - {name: kind, data_type: text, config: {meta: {rules: {in: [small, medium, Large]}}}}
          - {name: score, data_type: double precision, config: {meta: {rules: {between: [1, 5]}}}}
          - name: seen_at
            data_type: timestamptz
            config: {meta: {rules: {between: ['1990-01-01', '2100-01-01']}}}
          - {name: born_on, data_type: date, config: {meta: {rules: {between: ['1990-01-01', '2100-01-01']}}}}
          - {name: code, data_type: text, config: {meta: {rules: {matches: '^[A-Z]{2}[0-9]+$'}}}}
          - {name: label, data_type: text, config: {meta: {rules: {min_length: 2}}}}
          - {name: mark, data_type: text, config: {meta: {rules: {unique: true}}}}
          - name: note
            data_type: text
            config: {meta: {rules: {not_null: {severity: warn, reason: few write one}}}}
          - {name: is_open, data_type: boolean, config: {meta: {rules: {in: [true]}}}}
          - {name: low, data_type: integer}
          - {name: high, data_type: integer}
          - {name: top, data_type: bigint}
          - {name: bottom, data_type: bigint}
          - {name: twin, data_type: integer}
          - {name: number, data_type: integer, config: {meta: {rules: {in: [1, 2, 3]}}}}
"""
MODEL = """
version: 2
models:
  - name: moods
    description: One row per mood.
    columns:
      - {name: mood, data_type: text, config: {meta: {rules: {not_null: true}}}}
"""

Insert = Callable[..., None]
Judge = Callable[..., dict[str, CheckResult]]


@pytest.fixture
def demo(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> Settings:
    """Settings of a project with the small contract, whose staging table is there and empty."""
    models = tmp_path / "project" / "dbt_project" / "models"
    for path, text in {"staging/demo/_demo__sources.yml": CONTRACT, "marts/emotion/moods.yml": MODEL}.items():
        (models / path).parent.mkdir(parents=True)
        (models / path).write_text(text)
    with warehouse.connect() as connection:
        (entity,) = load_contracts(tmp_path / "project")["demo"].entities
        connection.execute(create_table_sql(entity))
    return replace(settings, project_root=tmp_path / "project")


@pytest.fixture
def insert(demo: Settings) -> Insert:
    """Put one row into the small table; what is not named is null, but for a fresh key and a note."""
    keys = iter(range(1_000_000))

    def put(**values: Any) -> None:
        row = {"thing_id": f"thing {next(keys)}", "note": "a note", "_load_id": 1, **values}
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        places = sql.SQL(", ").join(sql.Placeholder() * len(row))
        with Warehouse(demo).connect() as connection:
            statement = sql.SQL("insert into staging.demo__things ({}) values ({})")
            connection.execute(statement.format(names, places), list(row.values()))

    return put


@pytest.fixture
def judge(demo: Settings) -> Judge:
    """Judge the small table; the results by rule code."""

    def run(**options: Any) -> dict[str, CheckResult]:
        return {check.code: check for check in run_checkpoint(demo, "staging", **options)}

    return run
