"""Dagster's entry point: the one code location `workspace.yaml` names.

dagster dev          from the repository root; `moodmart ui` starts it with the other reports
"""

from collections.abc import Callable

import dagster as dg

from ingestion.contracts import load_contracts
from ingestion.settings import Settings
from orchestration.defs import checks, dbt, ingestion, models, schedules, sensors, similarity
from orchestration.lib.dbt_project import parts_of, prepare_manifest


def build(settings: Settings, say: Callable[[str], None] = print) -> dg.Definitions:
    """Everything Dagster runs, made for `settings`; `say` is given lines of progress."""
    manifest = prepare_manifest(settings)
    apart = parts_of(manifest, load_contracts(settings.project_root))
    parts = [ingestion.build(settings, say), dbt.build(settings, manifest, apart, say)]
    parts += [checks.build(settings, apart, say), models.build(settings, say), similarity.build(settings, say)]
    extras = [schedules.build(settings), sensors.build(settings)]
    return dg.Definitions.merge(*parts, *extras, dg.Definitions(executor=dg.in_process_executor))


@dg.definitions
def definitions() -> dg.Definitions:
    """The definitions of this process's environment."""
    return build(Settings.from_env())
