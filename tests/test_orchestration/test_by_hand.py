"""dbt and Dagster started by hand, from the root, work on the home that MOODMART_HOME names, or not at all."""

import shlex
import subprocess
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.dbt_project import DBT
from tests.test_orchestration.command_line import environment, moodmart

INSTANCE = """
from dagster._cli.utils import get_possibly_temporary_instance_for_cli as opened
with opened() as instance:
    print(instance.storage_directory())
"""
"""What `dagster dev` and `dg dev` begin with."""


def by_hand(settings: Settings, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run another program's command from the root."""
    return subprocess.run(
        command,
        cwd=settings.project_root,
        env=environment(settings) | more,
        capture_output=True,
        text=True,
        check=False,
    )


def printed_environment(settings: Settings) -> dict[str, str]:
    """What a shell has after `eval "$(moodmart env)"`."""
    lines = moodmart(settings, "env").stdout.splitlines()
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def test_dbt_connects_to_the_warehouse_of_the_home(settings: Settings, warehouse: Warehouse, tmp_path: Path) -> None:
    command = (*DBT, "debug", "--log-path", str(tmp_path))
    found = by_hand(settings, *command, **printed_environment(settings))
    assert found.returncode == 0, found.stdout
    assert f"database: {conninfo_to_dict(str(settings.database_url))['dbname']}" in found.stdout


def test_dbt_does_not_work_on_the_default_home_where_another_is_named(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    command = (*DBT, "ls", "--log-path", str(tmp_path), "--target-path", str(tmp_path))
    found = by_hand(settings, *command, DBT_PROFILES_DIR=str(settings.home), MOODMART_HOME=str(tmp_path / "other"))
    assert found.returncode != 0
    assert "Could not find profile named 'of MOODMART_HOME; first: eval $(moodmart env)'" in found.stdout


def test_dagster_keeps_its_runs_in_the_home(settings: Settings) -> None:
    found = by_hand(settings, sys.executable, "-c", INSTANCE)
    assert found.stdout.strip() == str(settings.home / "dagster" / "storage"), found.stderr


def test_dagster_is_told_the_home_of_the_runs_of_moodmart(settings: Settings, warehouse: Warehouse) -> None:
    assert printed_environment(settings)["DAGSTER_HOME"] == str(settings.home / "dagster")
