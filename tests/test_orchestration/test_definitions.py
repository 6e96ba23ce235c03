"""What Dagster is told: the graph from source entity to mart, jobs, schedules, checks."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from ingestion.contracts import load_contracts
from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.settings import Settings
from orchestration.definitions import build
from orchestration.defs.schedules import EVERYTHING, LOADS, SCHEDULE
from orchestration.lib import as_of, dbt_project, instance
from orchestration.lib.as_of import AS_OF_TAG
from orchestration.lib.failures import TRIES, failing_plainly
from orchestration.lib.run import selection_of
from tests.test_orchestration.conftest import Finished

PROFILES = dg.AssetKey(["behavior", "user_behavior_profiles"])
SCHEDULED = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def definitions(finished: Finished) -> dg.Definitions:
    """The definitions over the finished warehouse."""
    return build(finished.settings, lambda line: None)


def selected(definitions: dg.Definitions, job: str) -> set[dg.AssetKey]:
    """Assets a job makes."""
    return set(definitions.resolve_job_def(job).asset_layer.selected_asset_keys)


def test_every_entity_of_the_contract_is_an_asset(definitions: dg.Definitions) -> None:
    keys = {dg.AssetKey([s.name, e.name]) for s in load_contracts().values() for e in s.entities}
    assert keys <= set(definitions.resolve_all_asset_keys())


def test_the_graph_leads_from_the_source_to_the_mart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    sources = dg.AssetSelection.assets(PROFILES).upstream().resolve(graph)
    assert dg.AssetKey(["new_smell", "user_interaction_events"]) in sources


def test_a_load_comes_after_those_that_bring_the_consent_it_asks_for(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    asking = [entity for system in load_contracts().values() for entity in system.entities if entity.consent]
    assert {entity.system for entity in asking} == {"emotional_core", "masterx"}
    for entity in asking:
        before = dg.AssetSelection.assets([entity.system, entity.name]).upstream().resolve(graph)
        assert {dg.AssetKey([entity.system, clause.entity]) for clause in entity.consent} <= before, entity.name


def test_no_step_is_split_by_what_others_wait_for(definitions: dg.Definitions) -> None:
    """Dagster breaks circles of steps by judging, or by starting dbt, in several parts."""
    steps = definitions.resolve_job_def(EVERYTHING).graph.node_dict
    assert {"judge_staging", "judge_staging_shared", "dbt_build", "dbt_build_shared", "dbt_build_fitted"} <= set(steps)
    assert [name for name in steps if re.search(r"_\d+$", name)] == []


def test_the_schedule_is_the_documented_one() -> None:
    documented = {
        "hourly_loads": "5 * * * *",
        "daily_user_behavior_profiles": "0 2 * * *",
        "daily_perfume_interaction_stats": "0 3 * * *",
        "daily_recommendation_metrics": "0 4 * * *",
        "weekly_trend_analysis": "0 0 * * 0",
        "weekly_user_segments": "0 1 * * 0",
        "weekly_performance_reports": "0 2 * * 0",
    }
    assert {row.name: row.cron for row in SCHEDULE} == documented


def test_schedules_count_in_utc(definitions: dg.Definitions) -> None:
    zones = {definitions.resolve_schedule_def(f"{row.name}_schedule").execution_timezone for row in SCHEDULE}
    assert zones == {"UTC"}


def test_the_hourly_job_loads_everything_and_builds_active_users(definitions: dg.Definitions) -> None:
    keys = selected(definitions, "hourly_loads")
    entities = {dg.AssetKey([s.name, e.name]) for s in load_contracts().values() for e in s.entities}
    assert keys >= entities | {dg.AssetKey(["behavior", "active_users"])}
    assert PROFILES not in keys


def test_the_daily_jobs_build_their_marts_and_load_nothing(definitions: dg.Definitions) -> None:
    keys = selected(definitions, "daily_user_behavior_profiles")
    assert keys >= {PROFILES, dg.AssetKey(["behavior", "user_preferences"])}
    assert not any(key.path[0] == "new_smell" for key in keys)
    stats = selected(definitions, "daily_perfume_interaction_stats")
    assert dg.AssetKey(["behavior", "perfume_interaction_stats"]) in stats and PROFILES not in stats


def test_every_mart_is_built_by_some_schedule(definitions: dg.Definitions) -> None:
    scheduled = set().union(*(selected(definitions, row.name) for row in SCHEDULE))
    every = set(definitions.resolve_all_asset_keys())
    assert {key for key in every - scheduled if key.path[0] in ("behavior", "core")} == set()


@pytest.mark.parametrize("job", [row.name for row in SCHEDULE])
def test_a_job_makes_everything_its_models_need_but_loads(definitions: dg.Definitions, job: str) -> None:
    keys = selected(definitions, job)
    made = dg.AssetSelection.assets(*keys) & dg.AssetSelection.kind("dbt")
    needed = (made.upstream() - LOADS).materializable()
    assert needed.resolve(definitions.resolve_asset_graph()) - keys == set()


def test_a_run_of_one_system_takes_in_the_marts_made_from_it(definitions: dg.Definitions) -> None:
    keys = selection_of(definitions, ["new_smell"])
    assert keys is not None
    assert {PROFILES, dg.AssetKey(["new_smell", "users"])} <= set(keys)
    assert not {dg.AssetKey([system, "users"]) for system in ("masterx", "voice_patterns")} & set(keys)


def test_a_run_of_one_system_takes_in_what_its_marts_need(definitions: dg.Definitions) -> None:
    """On a new warehouse nobody has built it before."""
    needed = {dg.AssetKey(["intermediate", name]) for name in ("evidence_weights", "int_as_of")}
    assert needed <= set(selection_of(definitions, ["new_smell"]) or ())


def test_critical_rules_block_and_warnings_do_not(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = {key: graph.get_check_spec(key).blocking for key in graph.asset_check_keys}
    queries = dg.AssetKey(["new_smell", "search_queries"])
    assert checks[dg.AssetCheckKey(queries, "declared_rules")]
    assert not checks[dg.AssetCheckKey(queries, "declared_warnings")]


def test_a_scheduled_run_is_as_of_the_day_it_was_scheduled_for(finished: Finished) -> None:
    own = replace(finished.settings, sources={"new_smell": "postgresql://somewhere/db"})
    schedule = build(own, print).resolve_schedule_def("daily_user_behavior_profiles_schedule")
    with (
        instance.open_instance(own) as runs,
        dg.build_schedule_context(instance=runs, scheduled_execution_time=SCHEDULED) as context,
    ):
        (request,) = schedule.evaluate_tick(context).run_requests or ()
    assert request.tags[AS_OF_TAG] == "2025-03-01"


def test_the_bundled_sample_keeps_its_own_day(settings: Settings) -> None:
    assert as_of.of_schedule(SCHEDULED, settings) == settings.default_as_of()
    assert as_of.of_run({}, settings) == settings.default_as_of()


def test_the_tag_decides_the_logical_date(settings: Settings) -> None:
    assert as_of.of_run({AS_OF_TAG: "2024-02-29"}, settings) == date(2024, 2, 29)


def test_dbt_is_told_the_logical_date_by_its_session(settings: Settings) -> None:
    environment = dbt_project.build_environment(settings, date(2024, 2, 29), None)
    assert environment["PGOPTIONS"] == "-c moodmart.as_of=2024-02-29"
    assert "--vars" not in dbt_project.build_command(settings, [])


def test_the_manifest_is_parsed_again_only_when_a_file_has_changed(finished: Finished) -> None:
    manifest = dbt_project.prepare_manifest(finished.settings)
    before = manifest.stat().st_mtime_ns
    assert dbt_project.prepare_manifest(finished.settings).stat().st_mtime_ns == before
    (manifest.parent / dbt_project.CHECKSUM).write_text("stale")
    assert dbt_project.prepare_manifest(finished.settings).stat().st_mtime_ns > before


def test_a_source_that_does_not_answer_is_tried_again_later_and_later() -> None:
    waits = []
    for number in range(TRIES - 1):
        with pytest.raises(dg.RetryRequested) as raised, failing_plainly(number):
            raise SourceUnreachableError("no answer", "new_smell", "")
        waits.append(raised.value.seconds_to_wait)
    assert waits == sorted(waits) and len(set(waits)) == len(waits)


def test_the_last_try_and_every_other_error_fail_with_one_line() -> None:
    with pytest.raises(dg.Failure, match="new_smell: no answer"), failing_plainly(TRIES - 1):
        raise SourceUnreachableError("no answer", "new_smell", "")
    with pytest.raises(dg.Failure, match="new_smell: no column"), failing_plainly(0):
        raise SourceError("no column", "new_smell", "")


def test_the_hourly_job_runs_on_its_own(definitions: dg.Definitions) -> None:
    result = definitions.resolve_job_def("hourly_loads").execute_in_process(raise_on_error=False)
    assert result.success
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    assert dg.AssetKey(["behavior", "active_users"]) in made and PROFILES not in made
