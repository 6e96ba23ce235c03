"""Run a competitor in a process of its own and say how long it took and how much memory it needed."""

import os
import subprocess
import time

from ingestion.settings import PROJECT_ROOT

Measured = tuple[float, float]
"""Seconds of wall time, megabytes of the process's peak memory."""


def timed(command: list[str], environment: dict[str, str]) -> Measured:
    """Run `command` to its end."""
    before = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:3]} failed with exit code {process.returncode}")
    return time.perf_counter() - before, usage.ru_maxrss / 1024


def dlt_environment() -> dict[str, str]:
    """The environment in which dlt is quiet and reports to nobody."""
    return {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
