"""A row that a steward has accepted although it breaks a rule fails no check, until a newer row takes its place."""

from pathlib import Path

import pytest

from expectations.checkpoints import run_checkpoint
from expectations.results import CheckResult
from ingestion.quarantine import fix, replay
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.accounts import USERS, VISUALIZER, people, person
from tests.events import EVENTS, NEW_SMELL, event, load, write_jsonl


def broken(settings: Settings, table: str) -> list[str]:
    checks: list[CheckResult] = run_checkpoint(settings, "staging", names=[table])
    return [check.code for check in checks if check.is_blocking]


def accept_all(settings: Settings, warehouse: Warehouse) -> None:
    with warehouse.connect("steward") as connection:
        numbers = connection.execute("select quarantine_id from ops.quarantine where status = 'open'").fetchall()
    for (number,) in numbers:
        fix(settings, number, {})


def test_accepted_rows_are_not_judged_and_all_others_are(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [event(1, eventType="?"), event(2, eventType="RATING_COMPLETED", value=17), event(3)]
    load(settings, write_jsonl(tmp_path / "in", rows).parent)
    accept_all(settings, warehouse)
    assert replay(settings, NEW_SMELL, EVENTS)[0].inserted == 2
    assert broken(settings, EVENTS.table) == []
    with warehouse.connect("owner") as connection:
        connection.execute(f"update {EVENTS.table} set event_type = '!' where event_id = 'event-3'")
    assert broken(settings, EVENTS.table) == ["in:event_type"]


def test_an_accepted_repetition_fails_no_check(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    people(settings, tmp_path / "in", [person(1, "one@example.org"), person(2, "one@example.org")])
    assert broken(settings, USERS.table) == []
    accept_all(settings, warehouse)
    assert replay(settings, VISUALIZER, USERS)[0].inserted == 1
    assert broken(settings, USERS.table) == []


@pytest.mark.parametrize("is_corrected", [True, False])
def test_what_the_source_sends_later_is_judged(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, is_corrected: bool
) -> None:
    people(settings, tmp_path / "one", [person(1, "one@example.org", created_at="1985-01-01")])
    accept_all(settings, warehouse)
    replay(settings, VISUALIZER, USERS)
    if is_corrected:
        people(settings, tmp_path / "two", [person(1, "one@example.org")])
    with warehouse.connect("owner") as connection:
        connection.execute(f"update {USERS.table} set created_at = '1984-01-01'")
    assert broken(settings, USERS.table) == (["between:created_at"] if is_corrected else [])
