"""Run dbt against the warehouse of a test, as the command line does.

settings, as_of -> dbt in a process of its own, artifacts in one folder -> what it made, or an assertion with its output
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

from ingestion.settings import Settings

DBT = (sys.executable, "-m", "dbt.cli.main")


@cache
def artifacts() -> Path:
    """The folder dbt writes to, one for all tests of this process: parsing takes longer than many a build."""
    folder = Path(tempfile.mkdtemp(prefix="mm-dbt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def build(settings: Settings, as_of: date, *options: str, tested: bool = False) -> None:
    """Build the marts and what they need as of a day; `options` may select otherwise. `tested` tests their rows too."""
    selection = () if "--select" in options else ("--select", "+path:dbt_project/models/marts")
    left_out = ("unit_test",) if tested else ("unit_test", "test")
    run(settings, as_of, "build", "--exclude-resource-types", *left_out, *options, *selection)


def run(settings: Settings, as_of: date, *command: str) -> None:
    """Run a command of dbt, without somebody's own settings of it: the project itself must say what it wants."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    paths = ["--profiles-dir", settings.home, "--target-path", artifacts(), "--log-path", artifacts()]
    result = subprocess.run(
        [*DBT, command[0], "--quiet", *map(str, paths), *command[1:]],
        cwd=settings.project_root,
        env=environment | {"PGOPTIONS": f"-c moodmart.as_of={as_of}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
