"""What waited in the quarantine does not come back over what the source has sent since, and is not opened twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.quarantine import QuarantineError, fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.events import EVENTS, NEW_SMELL, create_prisma_tables, event, insert_events, load, staged, write_jsonl

SESSIONS = NEW_SMELL.entity("user_sessions")
Row = dict[str, Any]
Step = Callable[[list[Row]], int]


def visit(number: int, **changes: Any) -> Row:
    row: Row = dict.fromkeys(SESSIONS.source_columns)
    row |= {
        "id": f"row-{number}", "sessionId": f"session-{number}", "startTime": "2025-01-02T10:00:00Z",
        "endTime": "2025-01-02T11:00:00Z", "deviceType": "mobile", "browser": "firefox", "os": "linux",
        "pageViews": 1, "perfumesViewed": 1, "interactions": 1,
    }  # fmt: skip
    flags = ("addedToWishlist", "addedToCollection", "completedRating", "completedReview", "bounced")
    return row | dict.fromkeys(flags, False) | changes


def statuses(warehouse: Warehouse) -> list[str]:
    with warehouse.connect("steward") as connection:
        query = "select status from ops.quarantine order by quarantine_id"
        return [status for (status,) in connection.execute(query)]


def first(warehouse: Warehouse) -> int:
    with warehouse.connect("steward") as connection:
        found = connection.execute("select min(quarantine_id) from ops.quarantine").fetchone()
    return int(found[0]) if found else 0


def column(warehouse: Warehouse, name: str) -> list[Any]:
    with warehouse.connect("owner") as connection:
        return [row[EVENTS.column_names.index(name)] for row in staged(connection)]


@pytest.fixture
def arrive(settings: Settings, tmp_path: Path) -> Step:
    """Load events that come in a file of their own; how many rows it closed in the quarantine."""
    folders = iter(range(100))

    def step(rows: list[Row]) -> int:
        address = write_jsonl(tmp_path / str(next(folders)), rows).parent
        return load(settings, address)[EVENTS.name].superseded

    return step


def test_a_row_that_is_corrected_at_the_source_is_closed_by_the_load(
    settings: Settings, warehouse: Warehouse, arrive: Step
) -> None:
    arrive([event(1, duration="soon")])
    assert arrive([event(1, duration=7)]) == 1
    assert statuses(warehouse) == ["superseded"]
    with pytest.raises(QuarantineError, match="is superseded"):
        fix(settings, first(warehouse), {"duration_ms": "5"})
    assert replay(settings, NEW_SMELL, EVENTS)[0].extracted == 0
    assert column(warehouse, "duration_ms") == [7]


def test_a_fixed_row_is_closed_by_what_the_source_sends_later(
    settings: Settings, warehouse: Warehouse, arrive: Step
) -> None:
    arrive([event(1, duration="soon")])
    fix(settings, first(warehouse), {"duration_ms": "5"})
    arrive([event(1, duration=7)])
    replay(settings, NEW_SMELL, EVENTS)
    assert (statuses(warehouse), column(warehouse, "duration_ms")) == (["superseded"], [7])


def test_a_load_leaves_rows_of_other_keys_open(warehouse: Warehouse, arrive: Step) -> None:
    arrive([event(1, duration="soon"), event(2, duration="soon")])
    arrive([event(1, duration=7), event(3)])
    assert statuses(warehouse) == ["superseded", "open"]


def test_a_row_that_is_bad_again_is_another_piece_of_work(warehouse: Warehouse, arrive: Step) -> None:
    arrive([event(1, duration="soon")])
    arrive([event(1, duration="later")])
    assert statuses(warehouse) == ["open", "open"]
    assert arrive([event(1, duration=7)]) == 2


def test_a_conflict_is_not_closed_by_the_row_it_contradicts(warehouse: Warehouse, arrive: Step) -> None:
    rows = [event(1), event(1, path="/other")]
    arrive(rows)
    arrive([event(2), *rows])
    assert statuses(warehouse) == ["open"]


def test_a_bad_row_that_comes_with_a_good_one_of_its_key_is_not_closed_when_both_come_again(
    warehouse: Warehouse, arrive: Step
) -> None:
    rows = [event(1), event(1, duration="soon")]
    arrive(rows)
    arrive([event(2), *rows])
    assert statuses(warehouse) == ["open"]


@pytest.mark.parametrize("settled", ["dismissed", "replayed", "fixed", "superseded"])
def test_a_settled_row_is_not_opened_again_when_the_file_around_it_changes(
    settings: Settings, warehouse: Warehouse, arrive: Step, settled: str
) -> None:
    bad = event(1, duration="soon")
    arrive([bad])
    if settled == "dismissed":
        with warehouse.connect("steward") as connection:
            connection.execute("update ops.quarantine set status = 'dismissed'")
    elif settled == "superseded":
        arrive([event(1, duration=7)])
    else:
        fix(settings, first(warehouse), {"duration_ms": "5"})
    if settled == "replayed":
        replay(settings, NEW_SMELL, EVENTS)
    before = column(warehouse, "duration_ms")
    arrive([bad, event(2)])
    assert statuses(warehouse) == [settled]
    assert column(warehouse, "duration_ms")[: len(before)] == before


def test_what_comes_again_still_counts_as_quarantined(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    bad = event(1, duration="soon")
    load(settings, write_jsonl(tmp_path / "one", [bad]).parent)
    fix(settings, first(warehouse), {"duration_ms": "5"})
    replay(settings, NEW_SMELL, EVENTS)
    result = load(settings, write_jsonl(tmp_path / "two", [bad, event(2)]).parent)[EVENTS.name]
    assert (result.extracted, result.inserted, result.quarantined) == (2, 1, 1)
    assert dict(result.reasons) == {"type:duration_ms": 1}


def test_at_a_live_source_a_row_that_is_bad_again_is_open_again(settings: Settings, warehouse: Warehouse) -> None:
    with psycopg.connect(str(settings.database_url), autocommit=True) as source:
        create_prisma_tables(source)
        insert_events(source, [event(1)])
        for path in ("", "/good", "", "/better"):
            source.execute('update "UserInteractionEvent" set path = %s, duration = %s', [path, -1 if not path else 1])
            load(settings, settings.database_url)
            expected = ["superseded"] if path else ["open"]
            assert statuses(warehouse) == expected


def test_a_live_row_that_goes_back_to_what_is_known_closes_the_bad_one(
    settings: Settings, warehouse: Warehouse
) -> None:
    with psycopg.connect(str(settings.database_url), autocommit=True) as source:
        create_prisma_tables(source)
        insert_events(source, [event(1, duration=5)])
        for duration in (5, -1, 5):
            source.execute('update "UserInteractionEvent" set duration = %s', [duration])
            load(settings, settings.database_url)
    assert statuses(warehouse) == ["superseded"]


def test_a_row_that_is_deleted_at_the_source_is_not_brought_back_by_a_replay(
    settings: Settings, warehouse: Warehouse
) -> None:
    with psycopg.connect(str(settings.database_url), autocommit=True) as source:
        create_prisma_tables(source)
        insert_events(source, [event(n, duration=5) for n in range(30)])
        load(settings, settings.database_url)
        source.execute("""update "UserInteractionEvent" set duration = -1 where id = 'event-1'""")
        load(settings, settings.database_url)
        source.execute("""delete from "UserInteractionEvent" where id = 'event-1'""")
        load(settings, settings.database_url)
    assert statuses(warehouse) == ["superseded"]


def test_a_replay_closes_what_a_load_of_an_earlier_version_left_open(
    settings: Settings, warehouse: Warehouse, arrive: Step
) -> None:
    arrive([event(1, duration="soon"), event(2, duration="soon")])
    fix(settings, first(warehouse), {"duration_ms": "5"})
    fix(settings, first(warehouse) + 1, {"duration_ms": "5"})
    arrive([event(1, duration=7), event(2, duration=7)])
    with warehouse.connect("owner") as connection:
        connection.execute("update ops.quarantine set status = 'fixed'")
    # the steward has looked at the second one since
    fix(settings, first(warehouse) + 1, {"duration_ms": "6"})
    result = replay(settings, NEW_SMELL, EVENTS)[0]
    assert (result.superseded, result.updated) == (1, 1)
    assert (statuses(warehouse), column(warehouse, "duration_ms")) == (["superseded", "replayed"], [7, 6])


def test_of_two_waiting_versions_the_older_is_closed_when_the_newer_is_replayed(
    settings: Settings, warehouse: Warehouse, arrive: Step
) -> None:
    arrive([event(1, duration="soon")])
    arrive([event(1, duration="later")])
    fix(settings, first(warehouse) + 1, {"duration_ms": "5"})
    replay(settings, NEW_SMELL, EVENTS)
    assert statuses(warehouse) == ["superseded", "replayed"]


def test_a_newer_version_waits_on_when_an_older_one_is_replayed(
    settings: Settings, warehouse: Warehouse, arrive: Step
) -> None:
    arrive([event(1, duration="soon")])
    arrive([event(1, duration="later")])
    fix(settings, first(warehouse), {"duration_ms": "5"})
    replay(settings, NEW_SMELL, EVENTS)
    assert statuses(warehouse) == ["replayed", "open"]


def test_a_rebuild_ends_with_the_same_quarantine(settings: Settings, warehouse: Warehouse, arrive: Step) -> None:
    arrive([event(n, duration="soon") for n in range(4)])
    fix(settings, first(warehouse), {"duration_ms": "5"})
    fix(settings, first(warehouse) + 1, {"duration_ms": "5"})
    replay(settings, NEW_SMELL, EVENTS)
    arrive([event(2, duration=7), event(3, duration="soon"), event(5)])
    with warehouse.connect("owner") as connection:
        query = (
            "select source_key, load_id, seen_load_id, status, reasons, payload, trail from ops.quarantine order by 1"
        )
        before = connection.execute(query).fetchall(), staged(connection)
        assert [row[3] for row in before[0]] == ["replayed", "replayed", "superseded", "open"]
    rebuild(settings)
    with warehouse.connect("owner") as connection:
        assert (connection.execute(query).fetchall(), staged(connection)) == before
