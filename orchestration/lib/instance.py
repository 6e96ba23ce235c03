"""Dagster's own storage: runs, events, schedules and logs.

It lies under `<home>/dagster`, so `moodmart run`, `moodmart ui` and the schedules see the same runs. `dagster dev`
started by hand at the repository root finds the same place through the root's `dagster.yaml`.
"""

import os
from pathlib import Path

import dagster as dg

from ingestion.settings import Settings

CLI_PROCESS_TAG = "moodmart/process"

CONFIGURATION = """\
# written by moodmart
telemetry:
  enabled: false
nux:
  enabled: false
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
    """Mark runs failed whose `moodmart run` was killed: without this they look alive for ever."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(CLI_PROCESS_TAG)
        if process and not _is_alive(int(process)):
            instance.report_run_failed(run, "the process that ran it is gone")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
