"""Missed and failed dates of scheduled jobs are run later: in order, one at a time, each once."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from ingestion.settings import PROJECT_ROOT, Settings
from orchestration.defs import schedules
from orchestration.lib import due, instance
from orchestration.lib.as_of import AS_OF_TAG
from tests.test_orchestration.command_line import environment

DAILY, HOURLY, WEEKLY = "daily_perfume_interaction_stats", "hourly_loads", "weekly_trend_analysis"
TODAY = datetime(2025, 3, 10, 3, 0, tzinfo=UTC)
SUNDAY = datetime(2025, 3, 9, 0, 0, tzinfo=UTC)
STATUS = dg.DagsterRunStatus


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings with a source of their own: the bundled sample has one day only."""
    return Settings(home=tmp_path / "home", sources={"new_smell": "postgresql://somewhere/db"})


@pytest.fixture
def runs(own: Settings) -> Iterator[dg.DagsterInstance]:
    """The persistent instance of a new home."""
    with instance.open_instance(own) as opened:
        yield opened


def asked(settings: Settings, runs: dg.DagsterInstance, job: str, at: datetime) -> list[dg.RunRequest]:
    """Runs the schedule of `job` asks for at one tick."""
    schedule = schedules.build(settings).resolve_schedule_def(f"{job}_schedule")
    with dg.build_schedule_context(instance=runs, scheduled_execution_time=at) as context:
        return list(schedule.evaluate_tick(context).run_requests or ())


def dates(requests: list[dg.RunRequest]) -> list[str]:
    return [request.tags[AS_OF_TAG] for request in requests]


def days_before(at: datetime, *days: int) -> list[str]:
    return [(at.date() - timedelta(number)).isoformat() for number in days]


def record(runs: dg.DagsterInstance, job: str, day: str, status: STATUS = STATUS.SUCCESS, **tags: str) -> str:
    """A run the job's schedule has asked for."""
    number = str(uuid.uuid4())
    all_tags = {AS_OF_TAG: day, due.SCHEDULE_TAG: f"{job}_schedule", **tags}
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("moodmart"), "moodmart"), job)
    runs.add_run(dg.DagsterRun(job_name=job, run_id=number, status=status, tags=all_tags, remote_job_origin=origin))
    return number


def test_the_first_tick_asks_for_its_day_only(own: Settings, runs: dg.DagsterInstance) -> None:
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-10"]


def test_missed_days_are_asked_for_oldest_first(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-06")
    assert dates(asked(own, runs, DAILY, TODAY)) == days_before(TODAY, 3, 2, 1, 0)


def test_missed_weeks_are_asked_for_by_their_sundays(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, WEEKLY, "2025-02-16")
    assert dates(asked(own, runs, WEEKLY, SUNDAY)) == ["2025-02-23", "2025-03-02", "2025-03-09"]


def test_a_long_stop_is_made_good_as_far_as_the_reach(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2024-03-06")
    record(runs, WEEKLY, "2023-12-31")
    assert dates(asked(own, runs, DAILY, TODAY)) == days_before(TODAY, *reversed(range(14)))
    assert dates(asked(own, runs, WEEKLY, SUNDAY)) == days_before(SUNDAY, *range(49, -1, -7))


def test_nothing_missed_asks_for_nothing_more(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-09")
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-10"]


@pytest.mark.parametrize("status", [STATUS.FAILURE, STATUS.CANCELED])
def test_a_date_that_failed_is_tried_again(own: Settings, runs: dg.DagsterInstance, status: STATUS) -> None:
    record(runs, DAILY, "2025-03-07")
    record(runs, DAILY, "2025-03-08", status)
    record(runs, DAILY, "2025-03-09")
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-08", "2025-03-10"]


def test_a_date_that_failed_and_then_succeeded_is_done(own: Settings, runs: dg.DagsterInstance) -> None:
    for status in (STATUS.FAILURE, STATUS.SUCCESS):
        record(runs, DAILY, "2025-03-09", status)
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-10"]


@pytest.mark.parametrize("status", [STATUS.QUEUED, STATUS.STARTING, STATUS.STARTED])
def test_a_date_under_way_is_not_asked_for_twice(own: Settings, runs: dg.DagsterInstance, status: STATUS) -> None:
    record(runs, DAILY, "2025-03-08")
    record(runs, DAILY, "2025-03-09", status)
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-10"]


def test_a_first_run_that_failed_is_tried_again(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-09", STATUS.FAILURE)
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-09", "2025-03-10"]


def test_runs_of_another_job_say_nothing(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-07")
    record(runs, "daily_recommendation_metrics", "2025-03-08")
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-08", "2025-03-09", "2025-03-10"]


def test_each_date_has_a_key_of_its_own(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-06")
    requests = asked(own, runs, DAILY, TODAY)
    assert [request.run_key for request in requests] == dates(requests)


def test_older_ticks_start_first_whichever_job_they_are_of(own: Settings, runs: dg.DagsterInstance) -> None:
    jobs = ("daily_recommendation_metrics", DAILY, "daily_user_behavior_profiles")
    requests = []
    for hour, job in zip((4, 3, 2), jobs, strict=True):
        record(runs, job, "2025-03-08")
        requests += [(job, each) for each in asked(own, runs, job, TODAY.replace(hour=hour))]
    requests.sort(key=lambda asked_for: -int(asked_for[1].tags[schedules.PRIORITY_TAG]))
    assert [job for job, _ in requests] == [*reversed(jobs), *reversed(jobs)]
    assert dates([each for _, each in requests]) == ["2025-03-09"] * 3 + ["2025-03-10"] * 3


def test_loads_go_before_marts(own: Settings, runs: dg.DagsterInstance) -> None:
    (loads,), (marts,) = asked(own, runs, HOURLY, TODAY), asked(own, runs, DAILY, TODAY)
    assert schedules.PRIORITY_TAG not in loads.tags
    assert int(marts.tags[schedules.PRIORITY_TAG]) < 0


def test_missed_hours_are_made_good_by_the_newest(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, HOURLY, "2025-03-08")
    assert dates(asked(own, runs, HOURLY, TODAY)) == ["2025-03-10"]


def test_an_hour_is_left_out_while_one_waits(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, HOURLY, "2025-03-10", STATUS.QUEUED)
    assert asked(own, runs, HOURLY, TODAY) == []
    assert dates(asked(own, runs, HOURLY, TODAY + timedelta(days=1))) == ["2025-03-11"]


def test_an_hour_is_not_left_out_while_one_runs(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, HOURLY, "2025-03-10", STATUS.STARTED)
    assert dates(asked(own, runs, HOURLY, TODAY)) == ["2025-03-10"]


def test_the_bundled_sample_is_never_caught_up(own: Settings, runs: dg.DagsterInstance) -> None:
    record(runs, DAILY, "2025-03-06")
    sample = replace(own, sources={})
    assert dates(asked(sample, runs, DAILY, TODAY)) == [sample.default_as_of().isoformat()]


def test_a_run_whose_process_is_gone_is_tried_again(own: Settings, runs: dg.DagsterInstance) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    record(runs, DAILY, "2025-03-09", STATUS.STARTED, **{instance.CLI_PROCESS_TAG: str(gone.pid)})
    record(runs, DAILY, "2025-03-08", STATUS.STARTED, **{instance.CLI_PROCESS_TAG: str(os.getpid())})
    assert dates(asked(own, runs, DAILY, TODAY)) == ["2025-03-09", "2025-03-10"]


def test_one_run_at_a_time(runs: dg.DagsterInstance) -> None:
    queue = runs.get_concurrency_config().run_queue_config
    assert queue is not None and queue.max_concurrent_runs == 1


def test_dagster_dev_started_by_hand_has_the_same_queue() -> None:
    by_hand = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    for name, setting in yaml.safe_load(instance.CONFIGURATION).items():
        assert by_hand[name] == setting, name


CODE_LOCATION = """
import os, time
from pathlib import Path
import dagster as dg
from ingestion.settings import Settings
from orchestration.defs.schedules import ScheduledJob, scheduled
from orchestration.lib import as_of, due

HERE = Path(__file__).parent

@dg.asset
def note(context: dg.AssetExecutionContext) -> None:
    with (HERE / "log").open("a") as log:
        for what in ("begins", "ends"):
            print(context.run.tags[as_of.AS_OF_TAG], what, os.getpid(), file=log, flush=True)
            time.sleep(1)
    if (HERE / "die").exists():
        (HERE / "die").unlink()
        os._exit(9)

row = ScheduledJob("daily_note", "* * * * *", due.DAILY, 'key:"note"', "")
settings = Settings(home=HERE / "home", sources={"new_smell": "postgresql://somewhere/db"})
defs = dg.Definitions(assets=[note], schedules=[scheduled(settings, row)], executor=dg.in_process_executor)
"""


@pytest.mark.slow
def test_the_daemon_makes_good_what_it_missed(own: Settings, runs: dg.DagsterInstance, tmp_path: Path) -> None:
    """A schedule of every minute, whose dates are days, and Dagster's own daemon; the first run dies half-way."""
    today = datetime.now(UTC).date()
    missed = [(today - timedelta(days)).isoformat() for days in (3, 2, 1)]
    record(runs, "daily_note", (today - timedelta(4)).isoformat())
    (tmp_path / "die").touch()
    (tmp_path / "location.py").write_text(CODE_LOCATION)
    with (tmp_path / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(
            [Path(sys.executable).with_name("dagster-daemon"), "run", "-f", str(tmp_path / "location.py")],
            env=environment(own) | {"DAGSTER_HOME": str(instance.dagster_home(own))},
            cwd=PROJECT_ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        succeeded = wait_for(runs, missed, timedelta(minutes=6))
    finally:
        daemon.terminate()
        daemon.wait(60)
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert [line[1] for line in lines[: 2 * len(missed)]] == ["begins", "ends"] * len(missed)
    assert list(dict.fromkeys(line[0] for line in lines))[:3] == missed
    assert sorted(succeeded) == missed


def wait_for(runs: dg.DagsterInstance, days: list[str], patience: timedelta) -> list[str]:
    """The dates with a run that succeeded, one entry for each run, once all of `days` have one."""
    until = time.monotonic() + patience.total_seconds()
    done: list[str] = []
    while set(done) != set(days) and time.monotonic() < until:
        time.sleep(1)
        tags = {AS_OF_TAG: days}
        done = [run.tags[AS_OF_TAG] for run in runs.get_runs(dg.RunsFilter(tags=tags, statuses=[STATUS.SUCCESS]))]
    return done


def test_a_date_is_a_day_of_the_calendar() -> None:
    assert due.DAILY.back_from(date(2024, 3, 1))[-2:] == [date(2024, 2, 29), date(2024, 3, 1)]
    assert due.HOURLY.back_from(date(2024, 3, 1)) == [date(2024, 3, 1)]
