"""Dagster's own storage: runs, events, schedules and logs.

It lies under `<home>/dagster`, so `moodmart run`, `moodmart ui` and the schedules see the same runs. `dagster dev`
started by hand at the repository root finds the same place through the root's `dagster.yaml`.
"""

import os
from pathlib import Path

import dagster as dg

from ingestion.settings import Settings

CLI_PROCESS_TAG = "moodmart/process"
WORKER_PROCESS = "pid"
"""Dagster's name of a run's process in the run's events."""

CONFIGURATION = """\
# written by moodmart
telemetry:
  enabled: false
nux:
  enabled: false
# one at a time: two runs must not build the marts, and missed dates are run in their order
concurrency:
  runs:
    max_concurrent_runs: 1
# a run that hangs must not hold up the queue for ever
run_monitoring:
  enabled: true
  max_runtime_seconds: 43200
"""


def dagster_home(settings: Settings) -> Path:
    """The folder `DAGSTER_HOME` names, with its configuration; made when it is missing."""
    home = settings.home / "dagster"
    configuration = home / "dagster.yaml"
    if not configuration.exists() or configuration.read_text() != CONFIGURATION:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration.write_text(CONFIGURATION)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance; the caller closes it."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))


def close_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs failed whose process is gone: without this they look alive for ever and hold up the queue."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(CLI_PROCESS_TAG) or _worker_process(instance, run.run_id)
        if process and not _is_alive(int(process)):
            instance.report_run_failed(run, "the process that ran it is gone")


def _worker_process(instance: dg.DagsterInstance, run: str) -> str | None:
    """The process Dagster's launcher started for a run, as that process itself has said; None before it has."""
    for entry in instance.all_logs(run, of_type=dg.DagsterEventType.ENGINE_EVENT):
        told = entry.dagster_event.engine_event_data.metadata if entry.dagster_event else {}
        if WORKER_PROCESS in told:
            return str(told[WORKER_PROCESS].value)
    return None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
