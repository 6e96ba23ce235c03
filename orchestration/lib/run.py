"""One run of everything, in this process: what `moodmart run` does after it has understood its arguments.

order -> sources checked, so that bad input changes nothing -> the Dagster job, on the persistent instance, so that the
run shows in the UI -> outcome.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import dagster as dg

from ingestion.settings import Settings
from orchestration.definitions import build
from orchestration.defs.schedules import EVERYTHING
from orchestration.lib import builds, instance
from orchestration.lib.as_of import AS_OF_TAG
from orchestration.lib.dbt_project import FULL_REFRESH_TAG
from orchestration.lib.failures import BAD_INPUT

LOAD_STEP = "load_"
"""Begins the names of the steps that load."""
PHASES = {
    LOAD_STEP: "load",
    "judge_staging": "judge staging",
    "dbt_build": "build",
    "ops__model_parameters": "fit",
    "judge_marts": "judge marts",
    "ops__similar_users": "compare users",
    "judge_late_marts": "judge late marts",
}
CHECK_FAILED = "DagsterAssetCheckFailedError"
INTERRUPTED = "DagsterExecutionInterruptedError"


@dataclass(frozen=True)
class Order:
    """What to run; no systems means all of them."""

    systems: tuple[str, ...]
    as_of: date
    full_refresh: bool = False


@dataclass(frozen=True)
class Verdict:
    """One asset check of the run."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    broken: dict[str, int | str]


@dataclass(frozen=True)
class Failed:
    """A step that failed for another reason than a check."""

    step: str
    reason: str
    is_bad_input: bool


@dataclass(frozen=True)
class Outcome:
    """What became of a run. `loads` has the metadata of each entity's load by asset key.

    `models` were built; `built` are the assets that were made, as `schema.name`.
    """

    run_id: str
    run_succeeded: bool
    was_interrupted: bool
    loads: dict[tuple[str, ...], dict[str, object]]
    models: int
    built: frozenset[str]
    verdicts: tuple[Verdict, ...]
    failures: tuple[Failed, ...]
    seconds: dict[str, float]

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed that stops a run."""
        return self.run_succeeded and not self.broken_checks

    @property
    def skipped_build(self) -> bool:
        """Whether nothing was new, so that the marts stayed as they were."""
        return self.succeeded and not self.models

    @property
    def broken_checks(self) -> tuple[Verdict, ...]:
        """Blocking checks that failed."""
        return tuple(v for v in self.verdicts if v.blocking and not v.passed)


def execute(settings: Settings, order: Order, say: Callable[[str], None]) -> Outcome:
    """Run the job in this process and wait for its end."""
    definitions = build(settings, say)
    job = definitions.resolve_job_def(EVERYTHING)
    selection = selection_of(definitions, order.systems)
    with instance.open_instance(settings) as dagster_instance:
        instance.close_dead_runs(dagster_instance)
        result = job.execute_in_process(
            instance=dagster_instance,
            raise_on_error=False,
            tags=_tags(order),
            asset_selection=selection,
        )
    outcome = _outcome(result)
    if outcome.succeeded and not order.systems:
        builds.finish(settings, outcome.run_id)
    return outcome


def selection_of(definitions: dg.Definitions, systems: Iterable[str]) -> list[dg.AssetKey] | None:
    """The loads of `systems`, everything made from them and the models that needs; None means everything."""
    if not systems:
        return None
    made = dg.AssetSelection.groups(*systems).downstream()
    needed = made.upstream() & dg.AssetSelection.kind("dbt")
    return sorted((made | needed).resolve(definitions.resolve_asset_graph()))


def _tags(order: Order) -> dict[str, str]:
    mode = FULL_REFRESH_TAG if order.full_refresh else builds.SKIP_TAG
    return {AS_OF_TAG: order.as_of.isoformat(), instance.CLI_PROCESS_TAG: str(os.getpid()), mode: "true"}


def _outcome(result: dg.ExecuteInProcessResult) -> Outcome:
    events = result.get_asset_materialization_events()
    made = [event.step_materialization_data.materialization for event in events]
    return Outcome(
        run_id=result.run_id,
        run_succeeded=result.success,
        was_interrupted=any(INTERRUPTED in _classes(event) for event in result.get_step_failure_events()),
        loads={
            tuple(m.asset_key.path): {name: item.value for name, item in m.metadata.items()}
            for m in made
            if "extracted" in m.metadata
        },
        models=sum(not (event.step_key or "").startswith(LOAD_STEP) for event in events),
        built=frozenset(".".join(m.asset_key.path) for m in made),
        verdicts=tuple(_verdict(check) for check in result.get_asset_check_evaluations()),
        failures=tuple(_failures(result)),
        seconds=_seconds(result),
    )


def _verdict(check: dg.AssetCheckEvaluation) -> Verdict:
    broken = check.metadata.get("rows_by_broken_rule")
    value = broken.value if broken else None
    return Verdict(
        asset="/".join(check.asset_key.path),
        name=check.check_name,
        passed=check.passed,
        blocking=check.severity == dg.AssetCheckSeverity.ERROR,
        broken=dict(value) if isinstance(value, dict) else {},
    )


def _failures(result: dg.ExecuteInProcessResult) -> Iterable[Failed]:
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data:
            told = data.user_failure_data
            yield Failed(event.step_key or "", told.description or "", BAD_INPUT in told.metadata)
        elif data.error and CHECK_FAILED not in _classes(event):
            error = data.error
            while error.cause:
                error = error.cause
            yield Failed(event.step_key or "", error.message, False)


def _classes(event: dg.DagsterEvent) -> Iterable[str | None]:
    """Class names of a failed step's error and of those that caused it."""
    error = event.step_failure_data.error
    while error:
        yield error.cls_name
        error = error.cause


def _seconds(result: dg.ExecuteInProcessResult) -> dict[str, float]:
    """Seconds by phase."""
    total: dict[str, float] = {}
    for event in result.get_step_success_events():
        key = event.step_key or ""
        phase = next((name for prefix, name in PHASES.items() if key.startswith(prefix)), key)
        total[phase] = total.get(phase, 0.0) + event.step_success_data.duration_ms / 1000
    return total
