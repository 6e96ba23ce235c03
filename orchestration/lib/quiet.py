"""Keep Dagster, dbt and Great Expectations off the terminal: all they print goes to a log file.

They write to file descriptors 1 and 2, some of them from child processes, so those are what is redirected.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

KEPT_LOGS = 20


def new_log(home: Path) -> Path:
    """A new log file under `<home>/logs`; the oldest beyond `KEPT_LOGS` are removed."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("run-*.log"))[: -KEPT_LOGS + 1]:
        old.unlink(missing_ok=True)
    return folder / f"run-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"


@contextmanager
def quiet(log: Path) -> Iterator[TextIO]:
    """Send standard output and error of this process and its children to `log`; yields the real output."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    with log.open("a") as file, os.fdopen(os.dup(saved[0]), "w", buffering=1) as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
