"""Every dbt model, seed and snapshot as an asset, every dbt test as an asset check, built by up to three `dbt build`s.

manifest -> assets; the run's `as_of` and Dagster's selection -> dbt -> one event per node. What reads fitted parameters
is built by a `dbt build` of its own, after the fit, and so is what reads several systems: it is skipped when one of
them failed. A run without such models starts dbt once.
"""

import importlib.metadata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from packaging.version import Version

from ingestion.load import prepare_tables
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import as_of, builds, dbt_project
from orchestration.lib.dbt_project import Parts
from orchestration.lib.failures import failing_plainly
from orchestration.lib.translator import SchemaTranslator

SHOWN_ERRORS = 3
CHANGED_MODEL = "schemas on this incremental model are out of sync"
"""dbt's words for a table that was built by an older version of its model."""


def build(settings: Settings, manifest: Path, parts: Parts, say: Callable[[str], None]) -> dg.Definitions:
    """The dbt assets of `manifest`."""
    apart = {"dbt_build_shared": " ".join(parts.shared), "dbt_build_fitted": " ".join(parts.fitted)}
    apart = {name: models for name, models in apart.items() if models}
    made = [built_by(settings, say, manifest, "dbt_build", exclude=" ".join(apart.values()) or None)]
    made += [built_by(settings, say, manifest, name, select=models) for name, models in apart.items()]
    return dg.Definitions(assets=made)


def built_by(
    settings: Settings,
    say: Callable[[str], None],
    manifest: Path,
    name: str,
    select: str = "fqn:*",
    exclude: str | None = None,
) -> dg.AssetsDefinition:
    """The assets of a part of the project, in dbt's words, made by one `dbt build`."""

    @dbt_assets(
        manifest=manifest,
        name=name,
        dagster_dbt_translator=SchemaTranslator(),
        select=select,
        exclude=exclude,
    )
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:  # dagster-dbt's own union of events
        if builds.is_current(settings, context.run.tags):
            say("nothing new: the marts stay as they are")
            return
        say(f"building {len(context.selected_asset_keys)} models")
        part = builds.name_of(context.selected_asset_keys)
        with failing_plainly(context.retry_number):
            make_tables(settings)
            removal = builds.removal(settings, part)
            invocation = start(context, settings, afresh=removal is not None)
        errors = []
        for event in invocation.stream_raw_events():
            if event.raw_event["info"]["name"] == "RunResultError":
                errors.append(f"{event.raw_event['data']['node_info']['node_name']}: {event}")
            yield from event.to_default_asset_events(
                invocation.manifest, invocation.dagster_dbt_translator, context, invocation.target_path
            )
        if not invocation.is_successful():
            raise dg.Failure(what_failed(errors, settings), allow_retries=False)
        if removal:
            builds.refreshed(settings, part, removal)

    return dbt_build


def make_tables(settings: Settings) -> None:
    """Make the staging tables that are missing: models read those of every system, loaded in this run or not."""
    with Warehouse(settings).connect("loader") as connection:
        prepare_tables(settings, connection, ())


def start(context: dg.AssetExecutionContext, settings: Settings, *, afresh: bool) -> DbtCliInvocation:
    """Start `dbt build` for what the run selects; `afresh` drops the tables first, as a run tagged so does.

    Dagster's own dbt resource would first run `dbt --version` and set up an adapter in this process, seconds each,
    and cannot hand dbt an environment.
    """
    translator = SchemaTranslator()
    wanted = get_updated_cli_invocation_params_for_context(context, {}, translator)
    arguments = ["--full-refresh"] if afresh or dbt_project.FULL_REFRESH_TAG in context.run.tags else []
    dbt_project.lend_parsed_project(settings)
    day = as_of.of_run(context.run.tags, settings)
    builds.begin(settings, context.run.run_id, day)
    return DbtCliInvocation.run(
        args=dbt_project.build_command(settings, [*arguments, *wanted.selection_args]),
        env=dbt_project.build_environment(settings, day, wanted.indirect_selection),
        manifest=wanted.manifest,
        dagster_dbt_translator=wanted.dagster_dbt_translator,
        project_dir=settings.project_root,
        target_path=dbt_project.build_path(settings),
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(importlib.metadata.version("dbt-core")),
    )


def what_failed(errors: Sequence[str], settings: Settings) -> str:
    """One line about a build that failed: the heads of its first errors, and where the rest is."""
    heads = [" ".join([line.strip() for line in error.splitlines() if line.strip()][:2]) for error in errors]
    told = "; ".join(heads[:SHOWN_ERRORS]) or "dbt build failed"
    more = f" and {len(heads) - SHOWN_ERRORS} more" if len(heads) > SHOWN_ERRORS else ""
    mend = "run again with --full-refresh" if any(CHANGED_MODEL in error for error in errors) else ""
    log = f"see {dbt_project.build_path(settings) / 'dbt.log'}"
    return f"{told}{more} ({'; '.join(filter(None, [mend, log]))})"
