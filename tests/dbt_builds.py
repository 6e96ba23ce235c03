"""Run `dbt build` against the warehouse of a test, as the command line does.

settings, as_of -> dbt in a process of its own, artifacts in `target` -> the marts, or an assertion with dbt's output
"""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from ingestion.settings import Settings


def build(settings: Settings, as_of: date, target: Path, *options: str) -> None:
    """Build the marts and what they need, without the unit tests, as of a day; `options` may select otherwise.

    Builds that share `target` parse the project once.
    """
    selection = () if "--select" in options else ("--select", "+path:dbt_project/models/marts")
    command = [sys.executable, "-m", "dbt.cli.main", "build", "--quiet", "--exclude-resource-type", "unit_test"]
    paths = ["--profiles-dir", settings.home, "--target-path", target, "--log-path", target]
    result = subprocess.run(
        [*command, *map(str, paths), *options, *selection],
        cwd=settings.project_root,
        env=os.environ | {"PGOPTIONS": f"-c moodmart.as_of={as_of}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
