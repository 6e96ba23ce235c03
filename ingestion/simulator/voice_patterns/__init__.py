"""The voice patterns: short spoken sessions, what is heard in them, and an interface that adapts.

users in groups -> sessions -> versions of patterns by week -> rows. Memory holds a few numbers per user and one group
of users with all its days. See `python -m ingestion.simulator --systems voice_patterns`.
"""

import numpy as np
import pyarrow as pa

from ingestion.simulator import people
from ingestion.simulator.plan import Complete, Ints, Plan, Stream
from ingestion.simulator.texts import choose
from ingestion.simulator.truth import Truth
from ingestion.simulator.voice_patterns import rows, tables
from ingestion.simulator.voice_patterns.derived import derived_rows
from ingestion.simulator.voice_patterns.voices import (
    FEATURES,
    INSUFFICIENT,
    LEAST_SESSIONS,
    SYSTEM,
    TRAJECTORIES,
    WINDOW_DAYS,
    Sessions,
    Speakers,
    draw_sessions,
    make_speakers,
)
from ingestion.simulator.voice_patterns.weeks import make_versions

TABLES = tables.TABLES
SESSIONS_AT_ONCE = 60_000


def generate(plan: Plan, truth: Truth) -> Stream:
    """All rows, a group of users at a time; what was planted goes to `truth`."""
    speakers = make_speakers(plan)
    counts, recent, last_ms = (np.zeros(plan.users, np.int64) for _ in range(3))
    at_once = max(int(SESSIONS_AT_ONCE / max(float(speakers.population.rate.mean()) * plan.days, 1.0)), 1)
    made = versions_made = baselines_made = 0
    for low in range(0, plan.users, at_once):
        high = min(low + at_once, plan.users)
        sessions = draw_sessions(plan, speakers, low, high, made)
        made += len(sessions.user)
        np.add.at(counts, sessions.user, 1)
        np.add.at(recent, sessions.user[sessions.day >= plan.days - WINDOW_DAYS], 1)
        np.maximum.at(last_ms, sessions.user, sessions.at)
        yield from rows.user_rows(plan, speakers, last_ms, low, high)
        if len(sessions.user):
            rng = plan.rng(SYSTEM, "rows", low)
            yield rows.session_rows(plan, rng, sessions)
            baselines = rows.baseline_rows(plan, sessions, baselines_made)
            baselines_made += len(baselines)
            yield baselines
            versions = make_versions(plan, speakers, sessions, low, high, versions_made)
            versions_made += len(versions.user)
            yield from derived_rows(plan, rng, versions)
            truth.write("voice_patterns_deviations", _deviations(plan, sessions))
        yield Complete()
    truth.write("voice_patterns_users", _users(plan, speakers, counts, recent, last_ms))


def _deviations(plan: Plan, sessions: Sessions) -> pa.Table:
    """Sessions planted far from the baseline."""
    session, feature = np.nonzero(sessions.z)
    return pa.table(
        {
            "session_id": rows.session_uuids(plan, sessions.number[session]),
            "feature": choose(FEATURES, feature).dictionary_decode(),
            "z_score": sessions.z[session, feature],
        }
    )


def _users(plan: Plan, speakers: Speakers, counts: Ints, recent: Ints, last_ms: Ints) -> pa.Table:
    """What was planted in each user. `expected_trajectory` is what the last 30 days can tell."""
    population, numbers = speakers.population, np.arange(plan.users)
    stopped = np.datetime64(plan.start) + population.stops.astype("timedelta64[D]")
    expected = np.where(recent < LEAST_SESSIONS, INSUFFICIENT, speakers.trajectory)
    columns = {
        "user_id": rows.user_uuids(plan, numbers),
        "daily_rate": population.rate,
        "is_churned": population.churned,
        "stopped_on": pa.array(stopped, mask=~population.churned),
        "last_session_at": pa.array(last_ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC"), mask=last_ms == 0),
        "sessions": counts,
        "sessions_in_window": recent,
        "trajectory": choose(TRAJECTORIES, speakers.trajectory).dictionary_decode(),
        "expected_trajectory": choose(TRAJECTORIES, expected).dictionary_decode(),
        "timezone": choose(people.ZONES, rows.zones(plan, numbers)).dictionary_decode(),
        "consent_research": rows.consents(plan, numbers, "research", rows.RESEARCH_SHARE),
    }
    for place, name in enumerate(FEATURES):
        columns |= {f"{name}_mean": speakers.mean[:, place], f"{name}_sd": speakers.spread[:, place]}
    return pa.table(columns)
