"""The live counters, after loads that no build has folded in: what a full recount of the single events gives.

planted source -> part of its staging rows, built -> more loads without a build, one with a build that stops halfway,
changed events -> view | recount, every row; then as the analyst

    pytest tests/test_transformation/test_live.py
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import psycopg
import pytest

from ingestion.contracts import load_contracts
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse
from tests import planted, reference_marts
from tests.dbt_builds import build
from tests.events import NEW_SMELL
from tests.reference_marts import read_staged
from tests.test_transformation.test_batches import insert, split, staging_rows

LIVE = {
    "behavior.perfume_view_counts_live": "perfume_id",
    "behavior.perfume_wishlist_counts_live": "perfume_id",
    "behavior.user_wishlist_sizes_live": "user_key",
    "behavior.session_metrics_live": "session_key",
}
NEEDED = ("--select", *(f"+{view.partition('.')[2]}" for view in LIVE))
Tables = dict[str, dict[str, dict[str, Any]]]


class Look(NamedTuple):
    """What the views say, what a recount says, and the numbers PostgreSQL gives the views."""

    views: Tables
    recount: Tables
    oids: list[int | None]


@pytest.fixture(scope="module")
def steps(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Look]]:
    """By step."""
    folder, chance = tmp_path_factory.mktemp("live"), random.Random(9)
    planted.plant(folder / "source")
    with staged_database(folder / "from") as source, staged_database(folder / "home") as settings:
        Warehouse(source).up()
        load_system(source.with_sources({"new_smell": str(folder / "source")}), NEW_SMELL)
        Warehouse(settings).up()
        with Warehouse(source).connect("owner") as one, Warehouse(settings).connect("owner") as two:
            ensure_tables(two, tuple(entity for system in load_contracts().values() for entity in system.entities))
            parts = {entity.name: split(entity, staging_rows(one, entity), chance) for entity in NEW_SMELL.entities}
            found = {}

            def load(number: int) -> None:
                for place, entity in enumerate(NEW_SMELL.entities):
                    insert(two, entity, parts[entity.name][number], 100 * (number + 1) + place)
                two.commit()

            def look(step: str) -> None:
                found[step] = Look(views(two), recount(two), oids(two))
                two.commit()

            load(0)
            build(settings, planted.AS_OF, *NEEDED)
            look("built")
            load(1)
            look("loaded without a build")
            build(settings, planted.AS_OF, "--select", "+int_session_subject_days")
            look("a build that stopped halfway")
            load(2)
            look("loaded after a build that stopped halfway")
            change_events(two, 290)
            look("events changed after a build that stopped halfway")
            build(settings, planted.AS_OF, *NEEDED)
            change_events(two, 390)
            look("events changed after a build")
            load(3)
            build(settings, planted.AS_OF, *NEEDED)
            look("built again")
            with Warehouse(settings).connect("analyst") as analyst:
                found["as the analyst"] = Look(views(analyst), recount(two), oids(two))
        yield found


def change_events(connection: psycopg.Connection, load_id: int) -> None:
    """A live source writes the duration of views when the page is left: events of earlier loads come again."""
    connection.execute(
        "update staging.new_smell__user_interaction_events set view_duration_ms = 77, _load_id = %s"
        " where event_type in ('PERFUME_VIEW', 'WISHLIST_ADD') and _load_id < %s and right(event_id, 1) = '3'",
        [load_id, load_id],
    )
    connection.commit()


def oids(connection: psycopg.Connection) -> list[int | None]:
    query = (
        "select to_regclass(view)::oid from unnest(%s::text[]) with ordinality as views (view, place) order by place"
    )
    return [oid for (oid,) in connection.execute(query, [list(LIVE)])]


def by_key(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return {str(row[key]): row for row in plain.to_dict("records")}


def views(connection: psycopg.Connection) -> Tables:
    """Rows of the live views by their key, keys as text."""
    found = {}
    for view, key in LIVE.items():
        cursor = connection.execute(f"select * from {view}".encode())
        frame = pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description or ()], dtype=object)
        for name in ("user_key", "visitor_key", "session_key"):
            if name in frame:
                frame[name] = [None if value is None else str(value) for value in frame[name]]
        found[view] = by_key(frame, key)
    return found


def recount(connection: psycopg.Connection) -> Tables:
    """The same from the single events."""
    staged = read_staged(connection)
    owners = reference_marts.session_owners(staged)
    events = reference_marts.attributed(staged, owners)
    about = events.dropna(subset="perfume_id")
    change = events.event_type.map({"WISHLIST_ADD": 1, "WISHLIST_REMOVE": -1}).fillna(0).astype(int)
    balance = change.groupby([events.visitor_key, events.perfume_id]).sum()
    viewed = about[about.event_type.eq("PERFUME_VIEW")].groupby("perfume_id").size()
    holders = balance[balance > 0].groupby("perfume_id").size()
    sizes = change.groupby(events.user_key).sum().clip(lower=0)
    sessions = reference_marts.sessions(staged, owners)
    sessions = sessions[sessions.has_events]
    # of the events alone, where the mart of sessions falls back on the application's row
    sessions["device_type"] = sessions.session_key.map(events.groupby("session_key").device_type.first())
    frames = (
        viewed.rename("view_count").reset_index(),
        holders.rename("in_wishlist_count").reset_index(),
        sizes.rename("wishlist_size").reset_index(),
        sessions[SESSION_COLUMNS],
    )
    return {view: by_key(frame, key) for (view, key), frame in zip(LIVE.items(), frames, strict=True)}


SESSION_COLUMNS = [
    "session_key", "user_key", "visitor_key", "users", "device_type", "exit_page", "events", "page_views",
    "perfumes_viewed", "interactions", "duration_seconds", "has_added_to_wishlist", "has_added_to_collection",
    "has_completed_rating", "has_completed_review", "is_bounced", "started_at", "ended_at",
]  # fmt: skip
STEPS = (
    "built", "loaded without a build", "a build that stopped halfway",
    "loaded after a build that stopped halfway", "events changed after a build that stopped halfway",
    "events changed after a build", "built again", "as the analyst",
)  # fmt: skip


@pytest.mark.parametrize("view", LIVE)
@pytest.mark.parametrize("step", STEPS)
def test_a_live_view_is_a_recount_of_all_events(steps: dict[str, Look], step: str, view: str) -> None:
    found, expected = steps[step].views[view], steps[step].recount[view]
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert found[key] == row, key


def test_every_load_changed_every_view(steps: dict[str, Look]) -> None:
    for view in LIVE:
        assert steps["built"].views[view] != steps["loaded without a build"].views[view], view
        assert steps["loaded without a build"].views[view] != steps["built again"].views[view], view


def test_a_build_of_what_the_views_read_leaves_them_standing(steps: dict[str, Look]) -> None:
    assert None not in steps["built"].oids
    assert steps["a build that stopped halfway"].oids == steps["built"].oids
