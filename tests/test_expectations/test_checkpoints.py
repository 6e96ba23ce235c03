"""What is judged, what is kept of it, and what a run leaves behind."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from expectations.__main__ import main
from expectations.checkpoints import run_checkpoint
from expectations.results import CheckResult, latest_results
from expectations.validation import library_url
from ingestion.contracts import load_contracts
from ingestion.settings import Settings
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse

Insert = Callable[..., None]
Judge = Callable[..., dict[str, CheckResult]]


def execute(settings: Settings, statement: str) -> None:
    with Warehouse(settings).connect() as connection:
        connection.execute(statement)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_rule_of_every_contract_holds_on_empty_tables(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        for system in load_contracts().values():
            ensure_tables(connection, system.entities)
    checks = run_checkpoint(warehouse.settings, "staging")
    assert len(checks) > 140
    assert [check for check in checks if not check.passed] == []


def test_a_missing_table_fails_every_rule_and_says_so(demo: Settings, judge: Judge) -> None:
    execute(demo, "drop table staging.demo__things")
    checks = judge().values()
    assert {(c.passed, c.exception) for c in checks} == {(False, "the table does not exist yet")}


def test_a_mart_that_is_not_built_yet_fails_and_then_passes(demo: Settings) -> None:
    (missing,) = run_checkpoint(demo, "marts")
    execute(demo, "create view emotion.moods as select 'calm'::text as mood")
    (built,) = run_checkpoint(demo, "marts", names=["moods"])
    assert (missing.passed, missing.exception) == (False, "the table does not exist yet")
    assert (built.table, built.code, built.passed, built.element_count) == (
        "emotion.moods",
        "not_null:mood",
        True,
        1,
    )


def test_a_missing_column_fails_its_own_rules_only(demo: Settings, insert: Insert, judge: Judge) -> None:
    insert(kind="Large")
    execute(demo, "alter table staging.demo__things drop column high")
    failed = {code: check.exception for code, check in judge().items() if not check.passed}
    assert failed == dict.fromkeys(("below", "at_least"), "the table has no column high")


def test_the_newest_results_can_be_read_back(demo: Settings, insert: Insert, judge: Judge) -> None:
    insert(kind="?")
    run_checkpoint(demo, "marts")
    judged = judge()
    kept = {check.code: check for check in latest_results(demo) if check.scope == "staging"}
    assert kept == judged
    assert {check.scope for check in latest_results(demo)} == {"staging", "marts"}


def test_every_run_adds_one_file_to_the_dated_trail(demo: Settings, insert: Insert, judge: Judge) -> None:
    for kind in ("?", "!"):
        insert(kind=kind)
        judge()
    trail = sorted((demo.home / "expectation_results").glob("????-??-??/*"))
    suites = [json.loads(path.read_text())["suites"]["staging.demo__things"]["in:kind"] for path in trail]
    assert suites == [[False, 1, 1], [False, 2, 2]]


def test_results_of_a_table_that_is_declared_no_longer_are_dropped(demo: Settings, judge: Judge) -> None:
    judge()
    (demo.home / "expectation_results" / "newest" / "staging.old.json").write_text("{}")
    judge()
    assert {check.table for check in latest_results(demo)} == {"staging.demo__things"}


def test_an_unchanged_table_keeps_its_judgement(demo: Settings, insert: Insert, judge: Judge) -> None:
    record_load(demo, 1)
    first = judge(changed_only=True)
    insert(kind="?")
    assert judge(changed_only=True) == first
    assert not judge()["in:kind"].passed


def test_a_load_that_changes_rows_has_its_table_judged_again(demo: Settings, insert: Insert, judge: Judge) -> None:
    record_load(demo, 1)
    judge(changed_only=True)
    insert(kind="?")
    record_load(demo, 2)
    assert not judge(changed_only=True)["in:kind"].passed


def test_a_missing_table_is_looked_for_again(demo: Settings, judge: Judge) -> None:
    execute(demo, "alter table staging.demo__things rename to elsewhere")
    judge(changed_only=True)
    execute(demo, "alter table staging.elsewhere rename to demo__things")
    assert all(check.passed for check in judge(changed_only=True).values())


def record_load(settings: Settings, load_id: int) -> None:
    columns = "load_id, system, entity, source, status, extracted, inserted, updated, unchanged, quarantined, erased"
    values = f"{load_id}, 'demo', 'things', 'x', 'succeeded', 1, 1, 0, 0, 0, 0"
    execute(
        settings,
        f"insert into ops.loads ({columns}, reasons, rule_version, started_at, finished_at)"
        f" values ({values}, '{{}}', 'v', now(), now())",
    )


def test_a_run_leaves_no_connection_open(demo: Settings, judge: Judge) -> None:
    judge()
    with Warehouse(demo).connect() as connection:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        assert connection.execute(others).fetchone() == (0,)


def test_a_run_writes_under_its_home_only(
    demo: Settings, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("user", "temporary", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    before = files(demo.project_root)
    judge()
    assert [files(tmp_path / name) for name in ("user", "temporary", "here")] == [set(), set(), set()]
    assert files(demo.project_root) == before


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgresql+psycopg2://me:a$b@host:5/db", "postgresql+psycopg2://me:a%24b@host:5/db"),
        ("postgresql+psycopg2://me@/db?host=/run", "postgresql+psycopg2://me@localhost/db?host=/run"),
        ("postgresql+psycopg2:///db", "postgresql+psycopg2://localhost/db"),
    ],
)
def test_an_address_is_put_as_the_library_takes_it(given: str, taken: str) -> None:
    assert library_url(given) == taken


@pytest.fixture
def environment(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MOODMART_HOME", str(warehouse.settings.home))
    monkeypatch.setenv("MOODMART_DATABASE_URL", str(warehouse.settings.database_url))
    return warehouse.settings


def test_the_command_exits_with_1_if_a_critical_rule_failed(
    environment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--scope", "staging", "--name", "new_smell__users"]) == 1
    assert "FAILED  staging.new_smell__users: the table does not exist yet" in capsys.readouterr().out


def test_the_command_exits_with_0_if_all_is_well(environment: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with Warehouse(environment).connect() as connection:
        ensure_tables(connection, (load_contracts()["new_smell"].entity("users"),))
    assert main(["--scope", "staging", "--name", "new_smell__users"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["staging.new_smell__users", "0", "4", "0", "0"]


def test_the_command_exits_with_2_and_one_line_on_bad_input(
    environment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--scope", "staging", "--name", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("error: staging: no declared rules for nothing")
