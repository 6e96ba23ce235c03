"""Run dbt against the warehouse of a test, as the command line does.

settings, as_of -> dbt in a process of its own, artifacts in `target` -> what it made, or an assertion with its output
"""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from ingestion.settings import Settings

DBT = (sys.executable, "-m", "dbt.cli.main")


def build(settings: Settings, as_of: date, target: Path, *options: str) -> None:
    """Build the marts and what they need, without the unit tests, as of a day; `options` may select otherwise."""
    selection = () if "--select" in options else ("--select", "+path:dbt_project/models/marts")
    run(settings, as_of, target, "build", "--exclude-resource-type", "unit_test", *options, *selection)


def run(settings: Settings, as_of: date, target: Path, *command: str) -> None:
    """Run a command of dbt. Runs that share `target` parse the project once."""
    paths = ["--profiles-dir", settings.home, "--target-path", target, "--log-path", target]
    result = subprocess.run(
        [*DBT, command[0], "--quiet", *map(str, paths), *command[1:]],
        cwd=settings.project_root,
        env=environment() | {"PGOPTIONS": f"-c moodmart.as_of={as_of}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def environment() -> dict[str, str]:
    """The environment without settings of dbt: somebody's own must not decide what is built or where."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
