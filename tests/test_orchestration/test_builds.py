"""When the marts may stay as they are: only if nothing that decides what they hold has changed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from dbt.include import global_project

from ingestion.rebuild import rebuild
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.defs.dbt import CHANGED_MODEL, what_failed
from orchestration.lib import builds
from orchestration.lib.as_of import AS_OF_TAG
from tests.events import event, load, write_csv

DAY = date(2022, 12, 22)
TAGS = {AS_OF_TAG: DAY.isoformat(), builds.SKIP_TAG: "true"}


@pytest.fixture
def built(settings: Settings, warehouse: Warehouse) -> Settings:
    """Settings of a warehouse whose last build is finished."""
    builds.begin(settings, "first", DAY)
    builds.finish(settings, "first")
    return settings


def test_a_finished_build_is_current(built: Settings) -> None:
    assert builds.is_current(built, TAGS)


def test_a_run_that_does_not_ask_never_skips(built: Settings) -> None:
    assert not builds.is_current(built, {AS_OF_TAG: DAY.isoformat()})


def test_nothing_is_current_before_the_first_build(settings: Settings, warehouse: Warehouse) -> None:
    assert not builds.is_current(settings, TAGS)


def test_a_build_that_did_not_finish_is_not_current(built: Settings) -> None:
    builds.begin(built, "killed", DAY)
    assert not builds.is_current(built, TAGS)


def test_another_as_of_is_not_current(built: Settings) -> None:
    assert not builds.is_current(built, {**TAGS, AS_OF_TAG: "2022-12-21"})


def test_a_load_since_makes_the_marts_stale(built: Settings, tmp_path: Path) -> None:
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    assert not builds.is_current(built, TAGS)


def test_a_load_during_the_build_makes_the_marts_stale(built: Settings, tmp_path: Path) -> None:
    builds.begin(built, "second", DAY)
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    builds.finish(built, "second")
    assert not builds.is_current(built, TAGS)


def test_a_rebuild_makes_the_marts_stale(built: Settings, tmp_path: Path) -> None:
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    builds.begin(built, "second", DAY)
    builds.finish(built, "second")
    assert builds.is_current(built, TAGS)
    rebuild(built)
    assert not builds.is_current(built, TAGS)


def test_a_build_that_runs_during_a_rebuild_makes_nothing_current(built: Settings, tmp_path: Path) -> None:
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    builds.begin(built, "second", DAY)
    rebuild(built)
    builds.finish(built, "second")
    assert not builds.is_current(built, TAGS)


def test_a_run_recorded_by_somebody_else_makes_the_marts_stale(built: Settings, warehouse: Warehouse) -> None:
    with warehouse.connect("owner") as connection:
        connection.execute("insert into ops.runs (as_of) values (%s)", [DAY])
    assert not builds.is_current(built, TAGS)


def test_an_older_build_cannot_finish_over_a_newer_one(built: Settings) -> None:
    builds.begin(built, "older", DAY)
    builds.begin(built, "newer", DAY)
    builds.finish(built, "older")
    assert not builds.is_current(built, TAGS)


def test_changed_code_makes_the_marts_stale(built: Settings, tmp_path: Path) -> None:
    model = tmp_path / "dbt_project" / "model.sql"
    model.parent.mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: moodmart")
    model.write_text("select 1")
    settings = replace(built, project_root=tmp_path)
    builds.begin(settings, "second", DAY)
    builds.finish(settings, "second")
    assert builds.is_current(settings, TAGS)
    model.write_text("select 2")
    assert not builds.is_current(settings, TAGS)


def test_a_run_that_starts_dbt_twice_is_one_build_of_what_was_loaded_before_the_first(
    built: Settings, tmp_path: Path
) -> None:
    builds.begin(built, "second", DAY)
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    builds.begin(built, "second", DAY)
    builds.finish(built, "second")
    assert not builds.is_current(built, TAGS)


def remove_a_row(settings: Settings, folder: Path) -> None:
    """Load an event, and enter in the ledger that the load took another out."""
    write_csv(folder / "source", [event(1)])
    load(settings, str(folder / "source"))
    with Warehouse(settings).connect("owner") as connection:
        connection.execute("update ops.loads set deleted = 1")


def test_after_a_removal_each_part_is_built_from_scratch_once(built: Settings, tmp_path: Path) -> None:
    assert builds.removal(built, "users") is None
    remove_a_row(built, tmp_path)
    removed = builds.removal(built, "users")
    assert removed is not None
    builds.refreshed(built, "users", removed)
    assert builds.removal(built, "users") is None
    assert builds.removal(built, "perfumes") == removed


def test_an_event_that_was_changed_at_its_source_counts_as_removed(built: Settings, tmp_path: Path) -> None:
    write_csv(tmp_path / "source", [event(1)])
    load(built, str(tmp_path / "source"))
    assert builds.removal(built, "users") is None
    with Warehouse(built).connect("owner") as connection:
        connection.execute("update ops.loads set updated = inserted, inserted = 0")
    assert builds.removal(built, "users") is not None


def test_a_finished_build_of_everything_goes_for_each_part(built: Settings, tmp_path: Path) -> None:
    remove_a_row(built, tmp_path)
    builds.begin(built, "second", DAY)
    builds.finish(built, "second")
    assert builds.removal(built, "users") is None


def test_a_build_that_failed_shows_the_heads_of_three_errors_and_the_place_of_the_rest(settings: Settings) -> None:
    errors = [f"model_{n}: Database Error\n\n  column {n} is missing\n  compiled code at x" for n in range(5)]
    shown = "; ".join(f"model_{n}: Database Error column {n} is missing" for n in range(3))
    assert what_failed(errors, settings) == f"{shown} and 2 more (see {settings.home}/dbt_target/build/dbt.log)"


def test_a_changed_model_asks_for_a_full_refresh(settings: Settings) -> None:
    changed = f"sessions: Compilation Error\n\n  The source and target {CHANGED_MODEL}!"
    assert "(run again with --full-refresh; see " in what_failed(["users: no\ndisk", changed], settings)


def test_dbt_still_says_in_these_words_that_a_model_has_changed() -> None:
    macros = Path(global_project.PACKAGE_PATH) / "macros"
    assert [path for path in macros.rglob("*.sql") if CHANGED_MODEL in path.read_text()]
