"""Sessions, visits and emotions of the applications beside New Smell: against pandas, and from one load or from four.

simulator -> files -> `load_system` -> staging rows, some made anonymous, outside of sessions or of unknown emotions ->
built at once | dealt to four shuffled loads, documents in an older version first, built after each -> equal to what
`reference_traces` computes from staging, and to each other.

    pytest tests/test_transformation/test_traces.py
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from ingestion.contracts import Entity, load_contracts
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.simulator import Plan, simulate
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse
from tests import reference_traces
from tests.dbt_builds import build
from tests.reference_marts import read_table
from tests.test_transformation.test_batches import Rows, insert, staging_rows

CONTRACTS = load_contracts()
SYSTEMS = ("emotional_core", "emotion_visualizer", "masterx", "voice_patterns")
ENTITIES = [entity for name in SYSTEMS for entity in CONTRACTS[name].entities]
PLAN = Plan(users=25, days=40, seed=5, systems=SYSTEMS)
AS_OF = date(2025, 2, 28)
LOADS = 4
SELECTED = [f"+{mart.split('.')[1]}" for mart in reference_traces.GRAINS]
PLANTED = (
    # half of a session's rows know nobody, some rows no session, and some neither
    "update staging.emotional_core__user_emotions set user_key = null where get_byte(uuid_send(emotion_id), 15) < 128",
    "update staging.emotional_core__user_emotions set session_key = null"
    " where get_byte(uuid_send(emotion_id), 14) < 60",
    "update staging.emotional_core__engagement_metrics set session_key = null"
    " where get_byte(uuid_send(metric_id), 15) < 60",
    "update staging.emotional_core__user_journeys set user_key = null where get_byte(uuid_send(journey_id), 15) < 60",
    # two people and nobody on one device
    "update staging.emotional_core__conversion_funnels set user_key = null"
    " where get_byte(uuid_send(funnel_id), 14) < 90",
    "update staging.emotional_core__conversion_funnels set user_key = '00000000-0000-0000-0000-000000000b0b'"
    " where get_byte(uuid_send(funnel_id), 14) > 180",
    "update staging.emotional_core__engagement_metrics set user_key = '00000000-0000-0000-0000-000000000b0b'"
    " where get_byte(uuid_send(metric_id), 14) > 230",
    # words outside of the taxonomy, and a known one in another spelling
    "update staging.masterx__learning_session_emotions set emotion = 'wistful' where emotion_position % 7 = 3",
    "update staging.masterx__learning_session_emotions set emotion = ' Curious ' where emotion_position % 7 = 5",
    "update staging.masterx__learning_sessions set ended_at = null where questions_attempted % 5 = 0",
    "update staging.emotion_visualizer__intake_session_exchanges set exchanged_at = null where exchange_position = 1",
    "delete from staging.emotion_visualizer__intake_session_exchanges where exchange_position = 0 and session_key in"
    " (select session_key from staging.emotion_visualizer__intake_sessions order by created_at limit 5)",
    "update staging.masterx__content_mastery_history set session_key = null where activity_position % 3 = 1",
    "update staging.masterx__content_mastery_history set emotional_state = null where activity_position % 5 = 2",
    # an intake without exchanges, whose end lies before its start
    "delete from staging.emotion_visualizer__intake_session_exchanges where session_key in"
    " (select session_key from staging.emotion_visualizer__intake_sessions order by created_at desc limit 3)",
    "update staging.emotion_visualizer__intake_sessions set completed_at = created_at - interval '1 s'"
    " where session_key in"
    " (select session_key from staging.emotion_visualizer__intake_sessions order by created_at desc limit 3)",
)
OLDER: dict[str, dict[str, Any]] = {
    "emotion_entries": {"session_key": None, "intensity": 0.123},
    "user_journeys": {"user_key": "00000000-0000-0000-0000-00000000dead"},
    "learning_sessions": {"initial_emotional_state": "asleep", "user_key": "00000000-0000-0000-0000-00000000d1ed"},
    "voice_sessions": {"voice_emotion": "numb", "duration_seconds": 1},
    "conversion_funnels": {"emotional_state_exit": None, "user_key": None, "session_key": None},
}
"""What a row said in its first version."""
PLACES = {"emotion_position", "exchange_position", "interaction_position", "activity_position", "point_position"}
GONE_PLACE = 900
"""Nested rows of the first version lie from here on, and are gone with the next."""


@dataclass(frozen=True)
class World:
    """The marts of one load, of four, and of pandas."""

    at_once: dict[str, pd.DataFrame]
    in_loads: dict[str, pd.DataFrame]
    pandas: dict[str, pd.DataFrame]
    settings: Settings
    """Of the warehouse of four loads, which the last test changes."""


@pytest.fixture(scope="module")
def world(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The simulation, built in two warehouses."""
    folder = tmp_path_factory.mktemp("traces")
    simulate(PLAN, folder / "source")
    with staged_database(folder / "at_once") as at_once, staged_database(folder / "in_loads") as in_loads:
        Warehouse(at_once).up()
        Warehouse(in_loads).up()
        for name in SYSTEMS:
            load_system(at_once.with_sources({name: str(folder / "source" / name)}), CONTRACTS[name])
        for settings in (at_once, in_loads):
            with Warehouse(settings).connect("owner") as connection:
                ensure_tables(connection, tuple(e for system in CONTRACTS.values() for e in system.entities))
        with Warehouse(at_once).connect("owner") as connection:
            for statement in PLANTED:
                assert connection.execute(statement.encode()).rowcount > 0, statement
        build(at_once, AS_OF, "--select", *SELECTED, tested=True)
        load_in_parts(at_once, in_loads)
        with Warehouse(at_once).connect("owner") as connection:
            connection.execute("set time zone 'UTC'")
            staged = {f"{e.system}.{e.name}": read_table(connection, e.table) for e in ENTITIES}
        yield World(marts(at_once), marts(in_loads), reference_traces.marts(staged, AS_OF), in_loads)


def load_in_parts(source: Settings, target: Settings) -> None:
    """Deal the documents of `source` to four loads, a build after each; two thirds come in an older version first."""
    chance = random.Random(8)
    load_of = cache(lambda document: chance.randrange(LOADS))
    has_older = cache(lambda document: load_of(document) > 0 and chance.random() < 2 / 3)
    with Warehouse(source).connect("owner") as one, Warehouse(target).connect("owner") as two:
        rows = {entity: staging_rows(one, entity) for entity in ENTITIES}
        for entity in ENTITIES:
            chance.shuffle(rows[entity])
        for number in range(LOADS):
            for place, entity in enumerate(ENTITIES):
                due = [row for row in rows[entity] if load_of(document(entity, row)) == number]
                if number == 0 and (entity.parent or entity.name in OLDER):
                    due += older(entity, [row for row in rows[entity] if has_older(document(entity, row))])
                if number and entity.parent:
                    remove(two, entity, {row[0] for row in due} | parents(rows, entity, number, load_of))
                # loads of later entities commit with smaller ids than those of earlier ones
                insert(two, entity, due, 1000 * (number + 1) - place)
            two.commit()
            build(target, AS_OF, "--select", *SELECTED)


def document(entity: Entity, row: tuple[Any, ...]) -> tuple[str, str]:
    """What a row is written with: its own entity or that of its parent, and the key."""
    return entity.parent or entity.name, str(row[entity.column_names.index(entity.key[0])])


def parents(
    rows: dict[Entity, Rows], entity: Entity, number: int, load_of: Callable[[tuple[str, str]], int]
) -> set[Any]:
    """Keys of the parents that come with a load."""
    parent = next(e for e in ENTITIES if e.system == entity.system and e.name == entity.parent)
    place = parent.column_names.index(parent.key[0])
    return {row[place] for row in rows[parent] if load_of(document(parent, row)) == number}


def older(entity: Entity, rows: Rows) -> Rows:
    """What the rows said before; nested rows lay elsewhere."""
    before = OLDER.get(entity.name, {})
    return [
        tuple(
            before.get(name, value) if name not in PLACES else GONE_PLACE + value
            for name, value in zip(entity.column_names, row, strict=True)
        )
        for row in rows
    ]


def remove(connection: psycopg.Connection, entity: Entity, keys: set[Any]) -> None:
    """Delete the nested rows of documents that come anew, as a load does."""
    statement = f"delete from {entity.table} where {entity.key[0]} = any(%s)"
    connection.execute(statement.encode(), [list(keys)])


def marts(settings: Settings) -> dict[str, pd.DataFrame]:
    """The marts as dbt built them, without technical columns."""
    with Warehouse(settings).connect("analyst") as connection:
        connection.execute("set time zone 'UTC'")
        found = {mart: read_table(connection, mart) for mart in reference_traces.GRAINS}
    return {mart: frame[[n for n in frame if not n.startswith("_")]] for mart, frame in found.items()}


def compared(frame: pd.DataFrame, columns: list[str]) -> Counter[tuple[object, ...]]:
    """Rows as plain values, fractions to nine digits."""
    plain = frame[columns].astype(object)
    return Counter(tuple(map(value, row)) for row in plain.itertuples(index=False, name=None))


def value(found: Any) -> object:
    if found is None or found is pd.NaT or (isinstance(found, float) and math.isnan(found)):
        return None
    return round(float(found), 9) if isinstance(found, float) else found


@pytest.mark.parametrize("mart", reference_traces.GRAINS)
def test_dbt_and_pandas_tell_the_same_of_the_other_applications(world: World, mart: str) -> None:
    expected = world.pandas[mart]
    columns = sorted(expected.columns)
    assert len(expected)
    assert compared(world.at_once[mart], columns) == compared(expected, columns)


@pytest.mark.parametrize("mart", reference_traces.GRAINS)
def test_every_column_of_the_marts_is_compared(world: World, mart: str) -> None:
    left = set(world.at_once[mart].columns) - set(world.pandas[mart].columns)
    if mart == "core.sessions":
        assert [name for name in left if world.at_once[mart][name].notna().any()] == []
    else:
        assert left == {"observation_id"} & set(world.at_once[mart].columns)


@pytest.mark.parametrize("mart", reference_traces.GRAINS)
def test_four_shuffled_loads_tell_what_one_load_tells(world: World, mart: str) -> None:
    columns = sorted(world.at_once[mart].columns)
    assert compared(world.in_loads[mart], columns) == compared(world.at_once[mart], columns)


def test_the_planted_cases_are_there(world: World) -> None:
    timeline, sessions = world.at_once["core.emotion_timeline"], world.at_once["core.sessions"]
    assert set(timeline.system) == set(sessions.system) == set(SYSTEMS)
    assert timeline.visitor_key.isna().any()
    assert (timeline.user_key.isna() & timeline.session_key.notna()).any()
    assert "wistful" in set(world.at_once["core.emotion_labels_unknown"].label)
    assert sessions.users.max() >= 2
    whose = timeline[timeline.source_entity.eq("conversion_funnels")].groupby("session_key").user_key.nunique()
    assert whose.max() >= 2
    assert set(sessions.is_consistent) == {True, False, None}
    visits = world.at_once["core.sessions_by_inactivity"]
    assert (visits.sessions == 0).any()
    assert (visits.duration_seconds > timedelta(minutes=5).total_seconds()).any()


def test_observations_have_keys_of_their_own(world: World) -> None:
    assert world.at_once["core.emotion_timeline"].observation_id.is_unique


def test_an_observation_goes_when_only_its_own_value_has_gone(world: World) -> None:
    """The document itself stays as it was, so that only the nested row tells of it."""
    row = "masterx__content_mastery_history where emotional_state is not null order by mastery_id, activity_position"
    query = "select mastery_id, activity_position, mastery_id || '/' || activity_position from staging."
    with Warehouse(world.settings).connect("owner") as connection:
        mastery, place, observation = connection.execute(f"{query}{row} limit 1".encode()).fetchone() or ("", 0, "")
        connection.execute(
            "update staging.masterx__content_mastery_history set emotional_state = null, _load_id = 1000000"
            " where mastery_id = %s and activity_position = %s",
            [mastery, place],
        )
    build(world.settings, AS_OF, "--select", *SELECTED)
    before = world.in_loads["core.emotion_timeline"]
    after = marts(world.settings)["core.emotion_timeline"]
    assert set(before.observation_id) - set(after.observation_id) == {f"content_mastery_history/{observation}"}
    assert len(after) == len(before) - 1
