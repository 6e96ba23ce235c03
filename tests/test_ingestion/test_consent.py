"""Rows of people who did not consent enter only as far as they allow, whenever the answer comes."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ingestion.contracts import load_contracts
from ingestion.load import load_system
from ingestion.quarantine import fix, replay
from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests.test_ingestion.test_faults import eventually

MASTERX = load_contracts()["masterx"]
DOCUMENTS = Path(__file__).parent.parent / "data" / "masterx"


def document(collection: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((DOCUMENTS / f"{collection}.json").read_text().splitlines()[0])
    return parsed


def offer(folder: Path, **collections: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, documents in collections.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(d) + "\n" for d in documents))
    return folder


def user(emotional: bool | None, analytics: bool | None = True) -> dict[str, Any]:
    found = document("users")
    found["preferences"]["privacy_settings"] |= {
        "emotional_data_usage": emotional,
        "analytics_participation": analytics,
    }
    return found


def load(settings: Settings, folder: Path) -> None:
    load_system(settings.with_sources({"masterx": str(folder)}), MASTERX)


def staged(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    queries = {
        "sessions": "select initial_emotional_state, questions_attempted from staging.masterx__learning_sessions",
        "emotions": "select emotion from staging.masterx__learning_session_emotions",
        "detected": "select detected_emotion from staging.masterx__learning_session_interactions",
        "analytics": "select user_key from staging.masterx__emotional_analytics",
    }
    with warehouse.connect("owner") as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def test_without_consent_to_emotional_data_only_the_rest_enters(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {name: [document(name)] for name in ("learning_sessions", "emotional_analytics")}
    load(settings, offer(tmp_path / "in", users=[user(emotional=False)], **parts))
    found = staged(warehouse)
    assert [state for state, _ in found["sessions"]] == [None]
    assert found["sessions"][0][1] is not None
    assert found["detected"] and {emotion for (emotion,) in found["detected"]} == {None}
    assert (found["emotions"], found["analytics"]) == ([], [])
    lake = b"".join(
        p.read_bytes() for p in (settings.home / "lake/masterx/learning_session_emotions").rglob("*.parquet")
    )
    assert lake == b""


def test_without_consent_to_analytics_no_session_enters_and_the_load_balances(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {"learning_sessions": [document("learning_sessions")]}
    load(settings, offer(tmp_path / "in", users=[user(True, analytics=False)], **parts))
    assert staged(warehouse)["sessions"] == []
    with warehouse.connect("steward") as connection:
        query = "select extracted, erased from ops.loads where entity = 'learning_sessions'"
        assert connection.execute(query).fetchall() == [(1, 1)]


def test_a_consent_withdrawn_later_takes_back_what_is_there_and_a_rebuild_does_too(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {name: [document(name)] for name in ("learning_sessions", "emotional_analytics")}
    load(settings, offer(tmp_path / "one", users=[user(emotional=True)], **parts))
    before = staged(warehouse)
    assert before["emotions"] and before["analytics"] and before["sessions"][0][0]
    load(settings, offer(tmp_path / "two", users=[user(emotional=False)]))
    after = staged(warehouse)
    assert (after["emotions"], after["analytics"], after["sessions"][0][0]) == ([], [], None)
    assert {emotion for (emotion,) in after["detected"]} == {None}
    rebuild(settings)
    assert staged(warehouse) == after


def test_an_answer_that_becomes_null_takes_back_what_an_unknown_answer_does_not_allow(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {name: [document(name)] for name in ("learning_sessions", "emotional_analytics")}
    load(settings, offer(tmp_path / "one", users=[user(True)], **parts))
    before = staged(warehouse)
    load(settings, offer(tmp_path / "two", users=[user(emotional=None, analytics=None)]))
    after = staged(warehouse)
    assert (after["emotions"], after["analytics"]) == ([], [])
    # to analytics an unknown answer allows
    assert after["sessions"] == [(None, before["sessions"][0][1])]


def test_rows_that_a_withdrawn_consent_takes_back_are_counted_so_that_marts_are_made_anew(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    parts = {name: [document(name)] for name in ("learning_sessions", "emotional_analytics")}
    load(settings, offer(tmp_path / "one", users=[user(emotional=True)], **parts))
    before = staged(warehouse)
    load(settings, offer(tmp_path / "two", users=[user(emotional=False)]))
    with warehouse.connect("steward") as connection:
        query = "select entity, deleted from ops.loads where entity = any(%s) and deleted > 0"
        names = ["learning_session_emotions", "emotional_analytics"]
        counts: dict[str, int] = dict(connection.execute(query, [names]).fetchall())
    assert counts == dict(zip(names, (len(before["emotions"]), len(before["analytics"])), strict=True))


def session(number: int) -> dict[str, Any]:
    found = document("learning_sessions")
    return found | {"_id": {"$oid": f"{number:024x}"}, "session_id": f"session-{number}"}


def test_a_consent_withdrawn_while_rows_are_loaded_reaches_them_and_they_count_as_new(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, offer(tmp_path / "one", users=[user(emotional=True)], learning_sessions=[session(1)]))
    rows = offer(tmp_path / "two", learning_sessions=[session(2)])
    answer = offer(tmp_path / "three", users=[user(emotional=False)])
    waiting = "select count(*) from pg_locks where not granted"
    with ThreadPoolExecutor() as pool, warehouse.connect("owner") as lock, warehouse.connect("owner") as other:
        other.autocommit = True
        # the load of the session has read the answer of before, and waits here to write
        lock.execute("lock table staging.masterx__learning_sessions in share mode")
        loading = pool.submit(load, settings, rows)
        eventually(lambda: other.execute(waiting).fetchone() == (1,))
        answering = pool.submit(load, settings, answer)
        eventually(lambda: other.execute(waiting).fetchone() == (2,) or answering.done())
        lock.rollback()
        loading.result()
        answering.result()
        after = staged(warehouse)
        assert (after["emotions"], [state for state, _ in after["sessions"]]) == ([], [None, None])
        newest = "select max(load_id) from ops.loads where entity = 'learning_sessions' and inserted > 0"
        stamps = "select distinct _load_id from staging.masterx__learning_sessions"
        [(load_id,)] = other.execute(newest).fetchall()
        [(stamp,)] = other.execute(stamps).fetchall()
        assert load_id < stamp
    before = staged(warehouse)
    rebuild(settings)
    assert staged(warehouse) == before


def test_an_answer_that_waited_in_quarantine_counts_when_it_is_replayed(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(settings, offer(tmp_path / "one", users=[user(emotional=True)], learning_sessions=[session(1)]))
    withdrawn = user(emotional=False)
    withdrawn["profile"]["education_level"] = "?"
    load(settings, offer(tmp_path / "two", users=[withdrawn]))
    assert staged(warehouse)["emotions"]
    fix(settings, 1, {"education_level": "graduate"})
    replay(settings, MASTERX, MASTERX.entity("users"))
    after = staged(warehouse)
    assert (after["emotions"], [state for state, _ in after["sessions"]]) == ([], [None])
    rebuild(settings)
    assert staged(warehouse) == after


def test_nobody_waits_for_whom_he_keeps_waiting() -> None:
    """Lists of people wait for all of their system, holders of consent for what asks for it, and these for nobody."""
    for system in load_contracts().values():
        holders = {clause.entity for entity in system.roots for clause in entity.consent}
        for entity in system.roots:
            assert not (entity.consent and (entity.lists_people or entity.name in holders))
        assert [entity.name for entity in system.roots if entity.lists_people] in ([], ["users"])
