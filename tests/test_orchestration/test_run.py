"""`moodmart run` end to end, on the bundled sample and the real parts."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.as_of import AS_OF_TAG
from orchestration.lib.instance import open_instance
from tests.test_orchestration.command_line import moodmart, start
from tests.test_orchestration.conftest import Finished, builds


def wait_for_dbt(settings: Settings) -> None:
    """Until dbt works in the warehouse."""
    deadline = time.monotonic() + 240
    with Warehouse(settings).connect("owner") as connection:
        connection.autocommit = True
        query = "select count(*) from pg_stat_activity where application_name = 'dbt' and datname = current_database()"
        while connection.execute(query).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def profiles(settings: Settings) -> str:
    """The profiles as the analyst sees them."""
    sql = "select * from behavior.user_behavior_profiles order by user_key"
    return moodmart(settings, "query", sql, "--format", "csv").stdout


@dataclass(frozen=True)
class Stopped:
    """A run with `--debug` that a broken rule stopped; what there was before it and after."""

    result: "subprocess.CompletedProcess[str]"
    builds: tuple[int, int]
    logs: tuple[set[Path], set[Path]]


@pytest.fixture(scope="module")
def stopped(finished: Finished) -> Stopped:
    """A run of the finished warehouse after sessions ended before they started, which the gate had never let in."""
    settings, logs = finished.settings, finished.settings.home / "logs"
    change = "update staging.new_smell__user_sessions set ended_at = started_at - interval '1 day'"
    with Warehouse(settings).connect("owner") as connection:
        before = connection.execute("select ended_at, session_key from staging.new_smell__user_sessions").fetchall()
        connection.execute(change.encode())
    built, logged = builds(settings), set(logs.iterdir())
    result = moodmart(settings, "--debug", "run", "--full-refresh")
    with Warehouse(settings).connect("owner") as connection, connection.cursor() as cursor:
        cursor.executemany("update staging.new_smell__user_sessions set ended_at = %s where session_key = %s", before)
    return Stopped(result, (built, builds(settings)), (logged, set(logs.iterdir())))


@pytest.fixture(scope="module")
def spared(finished: Finished) -> "subprocess.CompletedProcess[str]":
    """A run of the finished warehouse with emotions of the voice application that the gate had never let in."""
    table, column = "staging.voice_patterns__voice_sessions", "voice_emotion"
    with Warehouse(finished.settings).connect("owner") as connection:
        query = f"select {column}, session_key from {table} limit 3"
        before = connection.execute(query.encode()).fetchall()
        changed = f"update {table} set {column} = 'nonsense' where session_key = any(%s)"
        connection.execute(changed.encode(), [[number for _, number in before]])
    result = moodmart(finished.settings, "run", "--full-refresh")
    with Warehouse(finished.settings).connect("owner") as connection, connection.cursor() as cursor:
        cursor.executemany(f"update {table} set {column} = %s where session_key = %s".encode(), before)
    return result


def test_the_first_run_ends_well_and_says_what_it_did(finished: Finished) -> None:
    output = finished.result.stdout
    assert (finished.result.returncode, finished.result.stderr) == (0, "")
    assert "new_smell.user_interaction_events" in output
    assert "quarantined by reason: query_text_empty 533" in output
    assert "behavior.user_behavior_profiles" in output
    assert " 0 failed" in output
    assert str(finished.settings.home / "data_docs" / "index.html") in output


def test_the_analyst_can_query_the_marts(finished: Finished) -> None:
    sql = "select count(*) > 100 as many from behavior.user_behavior_profiles"
    assert moodmart(finished.settings, "query", sql, "--format", "csv").stdout == "many\ntrue\n"


def test_the_run_shows_in_dagster_under_its_logical_date(finished: Finished) -> None:
    with open_instance(finished.settings) as instance:
        runs = instance.get_runs()
    assert runs[-1].tags[AS_OF_TAG] == finished.settings.default_as_of().isoformat()
    assert runs[-1].is_success


def test_neighbours_are_judged_after_they_were_compared(finished: Finished) -> None:
    kinds = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS}
    with open_instance(finished.settings) as instance:
        events = instance.all_logs(instance.get_runs()[-1].run_id, of_type=kinds)
    steps = [(event.step_key, event.get_dagster_event().event_type_value) for event in events]
    assert steps.index(("ops__similar_users", "STEP_SUCCESS")) < steps.index(("judge_late_marts", "STEP_START"))


def test_a_second_run_finds_nothing_new_and_builds_nothing(finished: Finished) -> None:
    assert finished.second.returncode == 0
    assert "loads   nothing new" in finished.second.stdout and "kept as they were" in finished.second.stdout
    assert finished.builds_after_second == finished.builds > 0


def test_a_broken_critical_rule_stops_before_dbt(stopped: Stopped) -> None:
    assert stopped.result.returncode == 1
    assert "failed  new_smell/user_sessions: declared_rules (session_ends_before_start" in stopped.result.stdout
    assert stopped.builds[0] == stopped.builds[1] > 0


def test_a_broken_rule_of_one_system_leaves_the_marts_of_others_to_be_built(
    spared: "subprocess.CompletedProcess[str]",
) -> None:
    marts = {line.split()[0]: "not built" in line for line in spared.stdout.splitlines() if " rows" in line}
    assert spared.returncode == 1
    assert "failed  voice_patterns/voice_sessions: declared_rules (in:voice_emotion: 3 rows)" in spared.stdout
    assert {name for name, stayed in marts.items() if stayed and "." in name} == {
        "core.sessions",
        "core.sessions_by_inactivity",
        "core.emotion_timeline",
    }
    assert "behavior.user_behavior_profiles" in marts


def test_a_run_with_debug_names_no_log_since_it_writes_none(finished: Finished, stopped: Stopped) -> None:
    of_second, of_stopped = (
        [line for line in result.stdout.splitlines() if line.startswith("log ")]
        for result in (finished.second, stopped.result)
    )
    assert of_second and not of_stopped
    assert stopped.logs[0] == stopped.logs[1] != set()


@pytest.mark.slow
def test_a_killed_run_shows_as_failed_and_the_next_one_builds_the_same_marts(finished: Finished) -> None:
    before = profiles(finished.settings)
    process = start(finished.settings, "run", "--as-of", "2022-12-15")
    wait_for_dbt(finished.settings)
    process.kill()
    process.communicate()
    result = moodmart(finished.settings, "run")
    assert result.returncode == 0 and "kept as they were" not in result.stdout
    assert profiles(finished.settings) == before
    with open_instance(finished.settings) as instance:
        statuses = [run.status.value for run in instance.get_runs(limit=2)]
    assert statuses == ["SUCCESS", "FAILURE"]
