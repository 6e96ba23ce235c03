"""Rows of the sessions, baselines and people of the voice patterns."""

import numpy as np
import pyarrow as pa

from ingestion.simulator import ids, people, shapes
from ingestion.simulator.plan import DAY_MS, Floats, Ints, Plan, Rows
from ingestion.simulator.texts import choose, decimals, digits, join, json_objects, lists, where
from ingestion.simulator.voice_patterns import tables
from ingestion.simulator.voice_patterns.voices import (
    BASELINE_SESSIONS,
    EMOTIONS,
    ESTABLISHED_AT,
    SYSTEM,
    Sessions,
    Speakers,
)

LANGUAGES = ("sw", "en", "sw-en")
MARKERS = (
    '{"faster_when_anxious":true,"quieter_when_sad":true}',
    '{"faster_when_anxious":false,"quieter_when_sad":true}',
    '{"faster_when_anxious":true,"quieter_when_sad":false}',
)
RETENTION_DAYS = (30, 90, 180, 365)
KEPT_MS = 7 * DAY_MS
RESEARCH_SHARE, EMERGENCY_SHARE = 0.7, 0.5


def user_uuids(plan: Plan, numbers: Ints) -> pa.Array:
    """Identifier of each user."""
    return ids.uuids(plan.salt(SYSTEM, "user"), numbers)


def consents(plan: Plan, numbers: Ints, what: str, share: float) -> np.ndarray:
    """Whether each user consents."""
    return ids.unit(plan.salt(SYSTEM, what), numbers) < share


def user_rows(plan: Plan, speakers: Speakers, last_ms: Ints, low: int, high: int) -> list[Rows]:
    """Each user at sign-up and after their last session; and their keys, which nobody may read."""
    numbers, begins = np.arange(low, high), speakers.population.begins[low:high]
    made, spoke = plan.start_ms + begins * DAY_MS, last_ms[low:high] > 0
    both = np.concatenate([numbers, numbers[spoke]])
    columns = {
        "user_id": user_uuids(plan, both),
        "anonymous_id": ids.cuids(plan.salt(SYSTEM, "anonymous"), both),
        "email_hash": ids.cuids(plan.salt(SYSTEM, "email"), both),
        "phone_hash": where(both % 3 > 0, ids.cuids(plan.salt(SYSTEM, "phone"), both)),
        "created_at": np.concatenate([made, made[spoke]]),
        "last_active": np.concatenate([made, last_ms[low:high][spoke]]),
        "account_status": choose(("active", "suspended"), (both % 97 == 96).astype(np.int64)),
        "data_retention_days": np.array(RETENTION_DAYS)[ids.pick(RETENTION_DAYS, plan.salt(SYSTEM, "retention"), both)],
        "consent_research": consents(plan, both, "research", RESEARCH_SHARE),
        "consent_emergency_contact": consents(plan, both, "emergency", EMERGENCY_SHARE),
        "timezone": choose(people.ZONES, zones(plan, both)),
    }
    day = np.concatenate([np.maximum(begins, 0), (last_ms[low:high][spoke] - plan.start_ms) // DAY_MS])
    superseded = np.concatenate([spoke, np.zeros(int(spoke.sum()), dtype=bool)])
    keys = {
        "user_id": user_uuids(plan, numbers),
        "public_key": ids.cuids(plan.salt(SYSTEM, "public key"), numbers),
        "private_key_encrypted": ids.cuids(plan.salt(SYSTEM, "private key"), numbers),
        "salt": ids.cuids(plan.salt(SYSTEM, "salt"), numbers),
        "created_at": made,
    }
    return [
        Rows(tables.USERS, tables.USERS.rows(columns), day, numbers=both, superseded=superseded),
        Rows(tables.KEYS, tables.KEYS.rows(keys), np.maximum(begins, 0)),
    ]


def zones(plan: Plan, numbers: Ints) -> Ints:
    """Time zone of each user."""
    chance = ids.unit(plan.salt(SYSTEM, "zone"), numbers)
    return np.searchsorted(np.cumsum(people.ZONE_SHARES)[:-1], chance, side="right")


def session_rows(plan: Plan, rng: np.random.Generator, sessions: Sessions) -> Rows:
    """Rows of voice_sessions."""
    count = len(sessions.user)
    seconds = shapes.heavy_tailed(rng, count, 240, 0.6, 3600).astype(np.int64)
    columns = {
        "session_id": session_uuids(plan, sessions.number),
        "user_id": user_uuids(plan, sessions.user),
        "session_start": sessions.at,
        "session_end": sessions.at + seconds * 1000,
        "duration_seconds": seconds,
        "voice_emotion": choose(EMOTIONS, sessions.emotion),
        "emotion_confidence": np.round(rng.uniform(0.55, 0.99, count), 3),
        "voice_features": _features(rng, sessions),
        "transcript_encrypted": join("AES256:", ids.cuids(plan.salt(SYSTEM, "transcript"), sessions.number)),
        "transcript_language": choose(LANGUAGES, ids.pick(LANGUAGES, plan.salt(SYSTEM, "language"), sessions.user)),
        "processed": np.ones(count, dtype=bool),
        "patterns_extracted": np.ones(count, dtype=bool),
        "delete_after": sessions.at + KEPT_MS,
    }
    return Rows(tables.SESSIONS, tables.SESSIONS.rows(columns), sessions.day)


def session_uuids(plan: Plan, numbers: Ints) -> pa.Array:
    """Identifier of each session."""
    return ids.uuids(plan.salt(SYSTEM, "session"), numbers)


def _features(rng: np.random.Generator, sessions: Sessions) -> pa.Array:
    """JSON of the features; those with a baseline as drawn, the others around usual values."""
    pitch, energy, rate, pauses = sessions.features.T
    count = len(pitch)

    def near(value: float, spread: float, places: int = 4) -> pa.Array:
        return decimals(np.abs(value + spread * rng.standard_normal(count)), places)

    prosodic = _members(
        pitch_mean=decimals(pitch, 3),
        pitch_std=near(22, 4, 3),
        pitch_range=near(95, 15, 2),
        energy_mean=decimals(energy, 5),
        energy_std=near(0.12, 0.02),
        prosody_variance=near(0.3, 0.05),
    )
    spectral = _members(
        jitter=near(0.012, 0.002, 5),
        shimmer=near(0.04, 0.006, 5),
        hnr=near(18, 2, 2),
        spectral_centroid=near(1700, 150, 1),
        spectral_rolloff=near(3500, 300, 1),
        spectral_bandwidth=near(1500, 120, 1),
        zero_crossing_rate=near(0.08, 0.01),
    )
    temporal = _members(
        speech_rate=decimals(rate, 4),
        pause_ratio=decimals(pauses, 5),
        pause_count=digits(rng.poisson(18, count)),
        mean_pause_seconds=near(0.6, 0.1, 3),
    )
    return join('{"prosodic":{', prosodic, '},"spectral":{', spectral, '},"temporal":{', temporal, "}}")


def _members(**columns: pa.Array) -> pa.Array:
    """Members of a JSON object, without its braces."""
    pieces: list[object] = []
    for place, (name, values) in enumerate(columns.items()):
        pieces += [f'{"," if place else ""}"{name}":', values]
    return join(*pieces)


def baseline_rows(plan: Plan, sessions: Sessions, first_number: int) -> Rows:
    """A baseline when it is established, and the final one after ten sessions; each from the sessions until then."""
    made = np.flatnonzero(np.isin(sessions.place, (ESTABLISHED_AT - 1, BASELINE_SESSIONS - 1)))
    final = sessions.place[made] == BASELINE_SESSIONS - 1
    has_final = np.zeros(len(made), dtype=bool)
    has_final[:-1] = ~final[:-1] & final[1:]
    # a first one that is replaced appears as current, and once more when it no longer is
    again = np.flatnonzero(has_final)
    rows = np.concatenate([np.arange(len(made)), again])
    is_current = np.concatenate([np.ones(len(made), dtype=bool), np.zeros(len(again), dtype=bool)])
    written = sessions.at[np.concatenate([made, made[again + 1]])]
    known = np.where(final, BASELINE_SESSIONS, ESTABLISHED_AT)
    columns = _baseline_columns(plan, sessions, made, known)
    columns["baseline_id"] = ids.uuids(plan.salt(SYSTEM, "baseline"), first_number + np.arange(len(made)))
    data = pa.table(columns).take(pa.array(rows)).append_column("is_current", pa.array(is_current))
    day = (written - plan.start_ms) // DAY_MS
    superseded = np.concatenate([has_final, np.zeros(len(again), dtype=bool)])
    ordered = {name: data[name].combine_chunks() for name in data.schema.names}
    table = tables.BASELINES.rows(ordered)
    return Rows(tables.BASELINES, table, day, numbers=first_number + rows, superseded=superseded)


def _baseline_columns(plan: Plan, sessions: Sessions, made: Ints, known: Ints) -> dict[str, pa.Array]:
    mean, spread, counts = _summaries(sessions, made, known)
    shares = decimals((counts / known[:, None])[counts > 0], 3)
    members = join('"', choose(EMOTIONS, np.nonzero(counts)[1]), '":', shares)
    user = sessions.user[made]
    return {
        "user_id": user_uuids(plan, user),
        "version": pa.array(np.where(known == BASELINE_SESSIONS, 2, 1)),
        "established_at": pa.array(sessions.at[made]),
        "sessions_analyzed": pa.array(known),
        "baseline_established": pa.array(np.ones(len(made), dtype=bool)),
        "typical_pitch_mean": pa.array(mean[:, 0]),
        "typical_pitch_std": pa.array(spread[:, 0]),
        "typical_pitch_range": pa.array(spread[:, 0] * 4),
        "typical_energy_mean": pa.array(mean[:, 1]),
        "typical_energy_std": pa.array(spread[:, 1]),
        "typical_speech_rate": pa.array(mean[:, 2]),
        "typical_pause_ratio": pa.array(mean[:, 3]),
        "typical_prosody_variance": pa.array(np.full(len(made), 0.3)),
        "typical_emotion_distribution": json_objects(lists(members, (counts > 0).sum(axis=1))),
        "stress_markers": choose(MARKERS, ids.pick(MARKERS, plan.salt(SYSTEM, "markers"), user)).dictionary_decode(),
    }


def _summaries(sessions: Sessions, made: Ints, known: Ints) -> tuple[Floats, Floats, Ints]:
    """Mean and sample spread of each feature, and count of each emotion, over the first `known` sessions."""
    owner, back = shapes.spread(known)
    at = made[owner] - back
    values = sessions.features[at]
    mean = np.stack([np.bincount(owner, column, minlength=len(made)) for column in values.T], axis=1) / known[:, None]
    apart = (values - mean[owner]) ** 2
    squares = np.stack([np.bincount(owner, column, minlength=len(made)) for column in apart.T], axis=1)
    counts = np.zeros((len(made), len(EMOTIONS)), np.int64)
    np.add.at(counts, (owner, sessions.emotion[at]), 1)
    spread = np.sqrt(squares / (known[:, None] - 1))
    return np.asarray(np.round(mean, 5), np.float64), np.asarray(np.round(spread, 5), np.float64), counts
