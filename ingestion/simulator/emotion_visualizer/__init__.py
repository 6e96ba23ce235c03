"""EmotionVisualizer: a diary of emotions with pictures of them.

users in groups -> diary entries -> rows. Memory holds a few numbers per user and one group of users with all its days.
See `python -m ingestion.simulator --systems emotion_visualizer`.
"""

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, people
from ingestion.simulator.emotion_visualizer import tables
from ingestion.simulator.emotion_visualizer.diary import DIRECTIONS, SYSTEM, Writers, draw_entries, make_writers
from ingestion.simulator.emotion_visualizer.rows import entry_rows, weekly_rows
from ingestion.simulator.emotion_visualizer.tables import EMOTIONS
from ingestion.simulator.plan import DAY_MS, Complete, Plan, Rows, Stream
from ingestion.simulator.texts import choose, join, lists
from ingestion.simulator.truth import Truth

TABLES = tables.TABLES
ENTRIES_AT_ONCE = 100_000
KEY_SHARE = 50
"""One user in so many has an API key."""


def generate(plan: Plan, truth: Truth) -> Stream:
    """All rows, a group of users at a time; what was planted goes to `truth`."""
    writers = make_writers(plan)
    user_ids = ids.uuids(plan.salt(SYSTEM, "user"), np.arange(plan.users))
    counts, last_ms = np.zeros(plan.users, np.int64), np.zeros(plan.users, np.int64)
    at_once = max(int(ENTRIES_AT_ONCE / max(float(writers.population.rate.mean()) * plan.days, 1.0)), 1)
    entries_made = weeks_made = 0
    for low in range(0, plan.users, at_once):
        high = min(low + at_once, plan.users)
        entries = draw_entries(plan, writers, low, high, entries_made)
        entries_made += len(entries.user)
        np.add.at(counts, entries.user, 1)
        np.maximum.at(last_ms, entries.user, entries.at)
        yield _users(plan, writers, last_ms, low, high)
        yield _keys(plan, writers, low, high)
        if len(entries.user):
            yield from entry_rows(plan, plan.rng(SYSTEM, "rows", low), entries, user_ids)
            weekly = weekly_rows(plan, entries, user_ids, weeks_made)
            weeks_made += len(weekly)
            yield weekly
        yield Complete()
    truth.write("emotion_visualizer_users", _truth_rows(plan, writers, user_ids, counts, last_ms))


def _users(plan: Plan, writers: Writers, last_ms: np.ndarray, low: int, high: int) -> Rows:
    """Each user at sign-up and, once they have written, after their last login."""
    numbers = np.arange(low, high)
    made = plan.start_ms + writers.population.begins[low:high] * DAY_MS
    last = last_ms[low:high]
    wrote = last > 0
    both = np.concatenate([numbers, numbers[wrote]])
    latest = np.concatenate([np.zeros(len(numbers), np.int64), last[wrote]])
    columns = {
        "id": ids.uuids(plan.salt(SYSTEM, "user"), both),
        "email": people.emails(plan.salt(SYSTEM, "person"), both),
        "hashed_password": join("$2b$12$", ids.cuids(plan.salt(SYSTEM, "password"), both)),
        "name": people.names(plan.salt(SYSTEM, "person"), both),
        "is_active": np.ones(len(both), dtype=bool),
        "is_verified": ids.unit(plan.salt(SYSTEM, "verified"), both) < 0.8,
        "created_at": np.concatenate([made, made[wrote]]),
        "updated_at": np.maximum(np.concatenate([made, made[wrote]]), latest),
        "last_login_at": pa.array(latest, mask=latest == 0),
    }
    day = np.concatenate([np.maximum(writers.population.begins[low:high], 0), (last[wrote] - plan.start_ms) // DAY_MS])
    superseded = np.concatenate([wrote, np.zeros(int(wrote.sum()), dtype=bool)])
    return Rows(tables.USERS, tables.USERS.rows(columns), day, numbers=both, superseded=superseded)


def _keys(plan: Plan, writers: Writers, low: int, high: int) -> Rows:
    numbers = np.arange(low, high)
    numbers = numbers[numbers % KEY_SHARE == 0]
    made = plan.start_ms + np.maximum(writers.population.begins[numbers], 0) * DAY_MS
    columns = {
        "id": ids.uuids(plan.salt(SYSTEM, "api key"), numbers),
        "user_id": ids.uuids(plan.salt(SYSTEM, "user"), numbers),
        "key_hash": ids.cuids(plan.salt(SYSTEM, "key hash"), numbers),
        "name": choose(("notebook", "phone"), numbers // KEY_SHARE % 2),
        "scopes": lists(choose(("read", "write"), np.tile([0, 1], len(numbers))), np.full(len(numbers), 2)),
        "is_active": np.ones(len(numbers), dtype=bool),
        "created_at": made,
    }
    return Rows(tables.API_KEYS, tables.API_KEYS.rows(columns), np.maximum(writers.population.begins[numbers], 0))


def _truth_rows(plan: Plan, writers: Writers, user_ids: pa.Array, counts: np.ndarray, last_ms: np.ndarray) -> pa.Table:
    population = writers.population
    stopped = np.datetime64(plan.start) + population.stops.astype("timedelta64[D]")
    return pa.table(
        {
            "user_id": user_ids,
            "daily_rate": population.rate,
            "is_churned": population.churned,
            "stopped_on": pa.array(stopped, mask=~population.churned),
            "last_entry_at": pa.array(last_ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC"), mask=last_ms == 0),
            "entries": counts,
            "usual_emotion": choose(EMOTIONS, writers.usual).dictionary_decode(),
            "mean_intensity": writers.intensity,
            "direction": choose(DIRECTIONS, writers.direction).dictionary_decode(),
        }
    )
