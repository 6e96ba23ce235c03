"""Run dbt against the warehouse of a test, in the test's own process.

settings, as_of -> the project as parsed once a checkout, moved to the test's database -> dbt -> what it made, or an
assertion with what failed

A dbt process of its own would import dbt and read the project for eight seconds before every build, and parse it for
fifteen whenever the database has changed; the tests of the command line and of Dagster start dbt as users do.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from ingestion.settings import PROJECT_ROOT, Settings
from ingestion.warehouse import PROFILE

PARSED_DATABASE = "parsed_for_tests"
"""Name of the database in the parsed project, which no test uses."""
CHEAPLY = ("--quiet", "--log-level-file", "none", "--no-write-json", "--no-send-anonymous-usage-stats")


def artifacts() -> Path:
    """The folder of the parsed project: dbt itself finds out what has changed since it was parsed."""
    return PROJECT_ROOT / "target" / "tests"


@cache
def parsed() -> Any:
    """The manifest; one process parses at a time, so that the others find the work done."""
    artifacts().mkdir(parents=True, exist_ok=True)
    with (artifacts() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        profile = PROFILE.format(host="nowhere", port=1, user="nobody", password="none", database=PARSED_DATABASE)
        (artifacts() / "profiles.yml").write_text(profile)
        result = invoke(artifacts(), "parse", *CHEAPLY, "--target-path", str(artifacts()))
    assert result.success, failures(result)
    return result.result


def described() -> dict[str, Any]:
    """The manifest as dbt writes it."""
    written: dict[str, Any] = parsed().writable_manifest().to_dict(omit_none=False)
    return written


def manifest_for(database: str) -> Any:
    """A copy, since dbt keeps the compiled SQL in the manifest, whose relations are in `database`."""
    manifest = parsed().deepcopy()
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        node.database = database
        if node.relation_name:
            node.relation_name = node.relation_name.replace(PARSED_DATABASE, database)
    return manifest


def build(settings: Settings, as_of: date, *options: str, tested: bool = False) -> dbtRunnerResult:
    """Build the marts and what they need as of a day; `options` may select otherwise. `tested` tests their rows too."""
    selection = () if "--select" in options else ("--select", "+path:dbt_project/models/marts")
    left_out = ("unit_test",) if tested else ("unit_test", "test")
    # of a part of the marts only the tests of what is there then
    tests = ("--indirect-selection", "buildable")
    return run(settings, as_of, "build", *tests, "--exclude-resource-types", *left_out, *options, *selection)


def run(settings: Settings, as_of: date, *command: str) -> dbtRunnerResult:
    """Run a command of dbt."""
    assert settings.database_url
    manifest = manifest_for(settings.database_url.rsplit("/", 1)[1])
    target = ("--target-path", str(settings.home / "dbt"))
    options = (*CHEAPLY, *target, *command[1:])
    result = invoke(settings.home, command[0], *options, manifest=manifest, PGOPTIONS=f"-c moodmart.as_of={as_of}")
    assert result.success, failures(result)
    return result


def invoke(home: Path, command: str, *options: str, manifest: Any = None, **variables: str) -> dbtRunnerResult:
    """Run dbt with the profile of `home`, without somebody's own settings: the project must say what it wants."""
    with environment(**variables):
        places = ("--profiles-dir", str(home), "--project-dir", str(PROJECT_ROOT))
        return dbtRunner(manifest=manifest).invoke([command, *places, *options])


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The process's environment and working folder for one command of dbt."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DBT_")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.chdir(PROJECT_ROOT)
        yield


def failures(result: dbtRunnerResult) -> str:
    """What went wrong, one line a node."""
    nodes = getattr(result.result, "results", [])
    failed = [
        f"{node.node.name}: {node.message}" for node in nodes if node.status in ("error", "fail", "runtime error")
    ]
    return "\n".join(map(str, filter(None, [result.exception, *failed])))
