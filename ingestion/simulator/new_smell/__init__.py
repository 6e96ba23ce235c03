"""New Smell: a perfume community's web tracker and catalogue, day by day.

world -> per day and chunk of users: sessions -> scenarios -> events -> rows. Memory holds the world, some 120 bytes a
user, and one day of one chunk. See `python -m ingestion.simulator --systems new_smell`.
"""

import numpy as np
import pyarrow as pa

from ingestion.simulator.new_smell import shown, tables
from ingestion.simulator.new_smell.catalogue import SYSTEM
from ingestion.simulator.new_smell.catalogue import rows as catalogue_rows
from ingestion.simulator.new_smell.payloads import Batch, Wording, make_wording
from ingestion.simulator.new_smell.rows import day_rows
from ingestion.simulator.new_smell.searches import draw_searches
from ingestion.simulator.new_smell.sessions import draw_blocks, draw_sessions, lay_out
from ingestion.simulator.new_smell.users import truth_rows
from ingestion.simulator.new_smell.world import World, make_world, perfume_rows, trend_rows
from ingestion.simulator.plan import Complete, Plan, Rows, Stream
from ingestion.simulator.truth import Truth

TABLES = tables.TABLES
USERS_AT_ONCE = 50_000


def generate(plan: Plan, truth: Truth) -> Stream:
    """All rows, those of a day together; what was planted goes to `truth`."""
    world = make_world(plan)
    wording = make_wording(world)
    yield from catalogue_rows(plan, world.catalogue)
    for low in range(0, plan.users, USERS_AT_ONCE):
        yield _signed_up(world, low, min(low + USERS_AT_ONCE, plan.users))
    for day in range(plan.days):
        for low in range(0, plan.users, USERS_AT_ONCE):
            yield from _day(world, wording, day, low, min(low + USERS_AT_ONCE, plan.users))
        yield Complete(day)
    truth.write("new_smell_users", truth_rows(plan, world.users, world.catalogue, world.memory))
    truth.write("new_smell_trends", trend_rows(world))
    truth.write("new_smell_perfumes", perfume_rows(world))
    truth.write("new_smell_clicks", shown.truth_rows())


def _day(world: World, wording: Wording, day: int, low: int, high: int) -> list[Rows]:
    rng = world.plan.rng(SYSTEM, day, low)
    sessions = draw_sessions(world, rng, day, low, high)
    if not len(sessions.user):
        return []
    blocks = draw_blocks(world, rng, day, sessions)
    events = lay_out(world, rng, sessions, blocks)
    searches = draw_searches(world, rng, blocks, events)
    return day_rows(Batch(world, rng, wording, sessions, blocks, events, searches))


def _signed_up(world: World, low: int, high: int) -> Rows:
    users = world.users
    columns = {"id": users.ids.slice(low, high - low), "createdAt": pa.array(users.signed_up_ms[low:high])}
    return Rows(tables.USERS, tables.USERS.rows(columns), np.maximum(users.population.begins[low:high], 0))
