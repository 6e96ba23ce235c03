"""What a rule found before privacy, of values that are not kept, stays with the row until a steward decides."""

from pathlib import Path

import pytest

from ingestion.quarantine import QuarantineError, fix, replay
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.accounts import USERS, VISUALIZER, people, person, staged, waiting

CODE = "matches:email_key"


@pytest.fixture
def number(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> int:
    """Id of a quarantined person whose address is none, and who lacks a name."""
    people(settings, tmp_path / "in", [person(1, "no address", name=None)])
    with warehouse.connect("steward") as connection:
        found = connection.execute("select quarantine_id from ops.quarantine").fetchone()
    return int(found[0]) if found else 0


def test_a_replay_does_not_forget_it(settings: Settings, warehouse: Warehouse, number: int) -> None:
    fix(settings, number, {"name_length": "4"})
    for _ in range(2):
        assert replay(settings, VISUALIZER, USERS)[0].quarantined == 1
    assert waiting(warehouse) == [([CODE], "open")]


def test_a_mended_address_is_checked_at_once_and_then_believed(
    settings: Settings, warehouse: Warehouse, number: int
) -> None:
    with pytest.raises(QuarantineError, match=CODE) as caught:
        fix(settings, number, {"email_key": "still none"})
    assert "still none" not in str(caught.value)
    fix(settings, number, {"email_key": "one@example.org"})
    assert replay(settings, VISUALIZER, USERS)[0].quarantined == 1
    fix(settings, number, {"name_length": "4"})
    assert replay(settings, VISUALIZER, USERS)[0].inserted == 1


def test_a_steward_may_accept_it(settings: Settings, warehouse: Warehouse, number: int) -> None:
    fix(settings, number, {})
    assert replay(settings, VISUALIZER, USERS)[0].inserted == 1
    assert staged(warehouse) == 1
