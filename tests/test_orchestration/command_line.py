"""The command line as a user calls it: a process of its own, in an environment of its own."""

import os
import subprocess
import sys
from typing import Any

from ingestion.settings import Settings


def environment(settings: Settings) -> dict[str, str]:
    """Environment of a `moodmart` process on the warehouse of `settings`."""
    address = {"MOODMART_DATABASE_URL": settings.database_url} if settings.database_url else {}
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    root = str(settings.project_root)
    return {**inherited, "PYTHONPATH": root, "MOODMART_HOME": str(settings.home), **address}


def moodmart(settings: Settings, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command line and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=settings.project_root,
        env=environment(settings) | options,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )


def start(settings: Settings, *arguments: str) -> "subprocess.Popen[str]":
    """Start the command line and go on; standard output is a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=settings.project_root,
        env=environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    )
