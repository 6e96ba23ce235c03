"""Sessions, visits and emotions of the applications beside New Smell once more, in pandas.

staging tables -> frames -> everything a visitor did and everything observed of a visitor -> `marts()`: one frame per
mart.

Written from the source documents and the columns' descriptions, not from the models' SQL, and without their shape: no
kept attribution, no units, every number straight from the rows.

    pytest tests/test_transformation/test_traces.py
"""

import csv
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ingestion.settings import PROJECT_ROOT

Frames = Mapping[str, pd.DataFrame]
"""Staging tables by system and entity."""
SILENCE = pd.Timedelta(minutes=30)
DONE = ["system", "session_key", "user_key", "occurred_at", "row"]
OBSERVED = ["system", "source_entity", "session_key", "user_key", "label", "intensity", "confidence", "observed_at"]
GRAINS = {
    "core.sessions": ["system", "session_key"],
    "core.sessions_by_inactivity": ["visitor_key", "session_number"],
    "core.emotion_timeline": [*OBSERVED, "canonical_label", "valence", "arousal", "visitor_key"],
    "core.emotion_labels_unknown": ["system", "label"],
}


def marts(staged: Frames, as_of: date) -> dict[str, pd.DataFrame]:
    """Every mart by schema and name, with the columns these applications fill, of what happened up to `as_of`."""
    done, rows, seen = things_done(staged), session_rows(staged), observations(staged)
    owners = session_owners(done, rows, seen)
    done, rows = done[done.occurred_at.dt.date <= as_of], rows[rows.began.dt.date <= as_of]
    seen = seen[seen.observed_at.dt.date <= as_of]
    timeline = classified(attributed(seen, owners).drop(columns="named"))
    return {
        "core.sessions": sessions(attributed(done[~done.outcome], owners), rows, owners),
        "core.sessions_by_inactivity": visits(attributed(done[~done.outcome], owners)),
        "core.emotion_timeline": timeline,
        "core.emotion_labels_unknown": unknown(timeline),
    }


def taken(frame: pd.DataFrame, system: str, **columns: Any) -> pd.DataFrame:
    """Columns of a frame by new names: of the column named, or else of the value itself."""
    values = {n: frame[c] if isinstance(c, str) and c in frame else c for n, c in columns.items()}
    keys = {name: frame[name] for name in ("session_key", "user_key") if name not in values}
    return pd.DataFrame(keys | values, index=frame.index).assign(system=system)


def with_parent(staged: Frames, child: str, parent: str, key: str, columns: list[str]) -> pd.DataFrame:
    """Nested rows with columns of the row they lie in."""
    return staged[child].merge(staged[parent][[key, *columns]], on=key)


def things_done(staged: Frames) -> pd.DataFrame:
    """Everything somebody did; `outcome` marks journal entries that an intake led to."""
    emotional, visual = "emotional_core", "emotion_visualizer"
    entries = staged[f"{visual}.emotion_entries"]
    exchanges = with_parent(
        staged,
        f"{visual}.intake_session_exchanges",
        f"{visual}.intake_sessions",
        "session_key",
        ["user_key", "created_at"],
    )
    exchanges["at"] = exchanges.exchanged_at.fillna(exchanges.created_at)
    interactions = with_parent(
        staged, "masterx.learning_session_interactions", "masterx.learning_sessions", "session_key", ["user_key"]
    )
    parts = [
        taken(
            staged[f"{emotional}.user_emotions"],
            emotional,
            occurred_at="measured_at",
            row="emotion_id",
            entity="user_emotions",
        ),
        taken(
            staged[f"{emotional}.engagement_metrics"],
            emotional,
            occurred_at="occurred_at",
            row="metric_id",
            entity="engagement_metrics",
        ),
        taken(
            staged[f"{emotional}.conversion_funnels"],
            emotional,
            occurred_at="entered_at",
            row="funnel_id",
            entity="conversion_funnels",
        ),
        taken(entries, visual, occurred_at="created_at", row="entry_id", outcome=entries.session_key.notna()),
        taken(exchanges, visual, occurred_at="at", row="exchange_position"),
        taken(interactions, "masterx", occurred_at="occurred_at", row="interaction_position"),
    ]
    done = pd.concat(parts, ignore_index=True)
    return done.assign(outcome=done.outcome.fillna(value=False).astype(bool))


def session_rows(staged: Frames) -> pd.DataFrame:
    """The applications' own rows of sessions, one per session: of several journeys the first."""
    journeys = staged["emotional_core.user_journeys"].dropna(subset="session_key")
    journeys = journeys.sort_values(["started_at", "journey_id"]).drop_duplicates("session_key")
    intakes = staged["emotion_visualizer.intake_sessions"]
    learning, voice = staged["masterx.learning_sessions"], staged["voice_patterns.voice_sessions"]
    parts = [
        taken(
            journeys,
            "emotional_core",
            session_row_id=journeys.journey_id,
            seconds=journeys.total_duration_ms / 1000,
            began="started_at",
            ended="ended_at",
        ),
        taken(intakes, "emotion_visualizer", began="created_at", ended="completed_at", counted="exchange_count"),
        taken(
            learning,
            "masterx",
            session_row_id="document_id",
            device="device_type",
            seconds=learning.duration_minutes * 60,
            began="started_at",
            ended="ended_at",
        ),
        taken(voice, "voice_patterns", seconds="duration_seconds", began="started_at", ended="ended_at"),
    ]
    return pd.concat(parts, ignore_index=True)


def level(values: pd.Series) -> pd.Series:
    """Place of a level of 1 to 5 on its scale."""
    return (values.astype(float) - 1) / 4


def observations(staged: Frames) -> pd.DataFrame:
    """Every emotion that an application tells of, with its moment."""
    core, journal, masterx = "emotional_core", "emotion_visualizer", "masterx"
    parts = []

    def see(frame: pd.DataFrame, system: str, entity: str, **columns: Any) -> None:
        parts.append(taken(frame, system, source_entity=entity, **columns))

    arc = with_parent(staged, f"{core}.user_journey_arc_points", f"{core}.user_journeys", "journey_id", KEYS)
    arc = arc.dropna(subset="measured_at")
    for frame, entity in ((staged[f"{core}.user_emotions"], "user_emotions"), (arc, "user_journey_arc_points")):
        for label, strength in (
            ("anxiety", level(frame.anxiety_level)),
            ("confidence", level(frame.confidence_level)),
            ("engagement", frame.engagement_score),
        ):
            felt = frame[strength.notna()]
            see(felt, core, entity, label=label, intensity=strength, observed_at="measured_at")
    funnels = staged[f"{core}.conversion_funnels"]
    spent = pd.to_timedelta(funnels.time_in_step_ms.astype(float).fillna(0), unit="ms")
    for column, moment in (
        ("emotional_state_entry", funnels.entered_at),
        ("emotional_state_exit", funnels.entered_at + spent),
    ):
        told = funnels[funnels[column].notna()]
        see(told, core, "conversion_funnels", label="anxiety", intensity=level(told[column]), observed_at=moment)

    entries = with_parent(
        staged,
        f"{journal}.emotion_entry_emotions",
        f"{journal}.emotion_entries",
        "entry_id",
        [*KEYS, "intensity", "created_at"],
    )
    see(entries, journal, "emotion_entry_emotions", label="emotion", intensity="intensity", observed_at="created_at")
    intakes = with_parent(
        staged,
        f"{journal}.intake_session_emotions",
        f"{journal}.intake_sessions",
        "session_key",
        ["user_key", "completed_at", "updated_at", "created_at"],
    )
    moments = intakes.completed_at.fillna(intakes.updated_at).fillna(intakes.created_at)
    see(intakes, journal, "intake_session_emotions", label="emotion", observed_at=moments)

    sessions_of = f"{masterx}.learning_sessions"
    learning = staged[sessions_of]
    for column, moment in (
        ("initial_emotional_state", learning.started_at),
        ("final_emotional_state", learning.ended_at.fillna(learning.started_at)),
    ):
        told = learning[learning[column].notna()]
        see(told, masterx, "learning_sessions", label=column, observed_at=moment)
    states = with_parent(staged, f"{masterx}.learning_session_emotions", sessions_of, "session_key", ["user_key"])
    see(states, masterx, "learning_session_emotions", label="emotion", intensity="intensity", observed_at="observed_at")
    asked = with_parent(staged, f"{masterx}.learning_session_interactions", sessions_of, "session_key", ["user_key"])
    see(
        asked.dropna(subset="detected_emotion"),
        masterx,
        "learning_session_interactions",
        label="detected_emotion",
        intensity="emotional_intensity",
        confidence="emotion_confidence",
        observed_at="occurred_at",
    )
    practised = with_parent(
        staged, f"{masterx}.content_mastery_history", f"{masterx}.content_mastery", "mastery_id", ["user_key"]
    ).dropna(subset="emotional_state")
    see(practised, masterx, "content_mastery_history", label="emotional_state", observed_at="practiced_at")

    heard = staged["voice_patterns.voice_sessions"].dropna(subset="voice_emotion")
    see(
        heard,
        "voice_patterns",
        "voice_sessions",
        label="voice_emotion",
        confidence="emotion_confidence",
        observed_at="started_at",
    )
    return pd.concat(parts, ignore_index=True)


KEYS = ["session_key", "user_key"]


def session_owners(done: pd.DataFrame, rows: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """The first user of each session: of the earliest thing done by a user, else of a row or an observation."""
    in_order = done.assign(row=done.row.astype(str)).sort_values(["occurred_at", "entity", "row"])
    named = pd.concat([
        in_order[~in_order.outcome].assign(surety=0),
        done[done.outcome].assign(surety=1),
        rows.assign(surety=1),
        seen.assign(surety=1),
    ])  # fmt: skip
    named = named.dropna(subset=["session_key", "user_key"]).sort_values("surety", kind="stable")
    return named.drop_duplicates("session_key").set_index("session_key").user_key


def attributed(rows: pd.DataFrame, owners: pd.Series) -> pd.DataFrame:
    """Rows with the user they name, else the first of their session, and the visitor."""
    user = rows.user_key.fillna(rows.session_key.map(owners))
    return rows.assign(named=rows.user_key, user_key=user, visitor_key=user.fillna(rows.session_key))


def sessions(done: pd.DataFrame, rows: pd.DataFrame, owners: pd.Series) -> pd.DataFrame:
    """Sessions of things done or of the applications' rows."""
    by_session = done.dropna(subset="session_key").groupby("session_key")
    found = by_session.agg(
        system=("system", "first"),
        count=("row", "size"),
        first=("occurred_at", "min"),
        last=("occurred_at", "max"),
        named=("named", "nunique"),
    )
    rows = rows.set_index("session_key")
    index = found.index.union(rows.index).rename("session_key")
    has_events, has_row = index.isin(found.index), index.isin(rows.index)
    found, rows = found.reindex(index), rows.reindex(index)
    user = pd.Series(index.map(owners), index, object)
    user = user.where(user.notna(), None)
    same_user = user.eq(rows.user_key) | (user.isna() & rows.user_key.isna())
    agrees = same_user & (rows.counted.isna() | rows.counted.eq(found["count"]))
    seconds = (found["last"] - found["first"]) // pd.Timedelta(seconds=1)
    told = rows.seconds.astype(float) // 1
    return pd.DataFrame(
        {
            "system": found.system.fillna(rows.system),
            "user_key": user,
            "reported_user_key": rows.user_key,
            "visitor_key": user.where(user.notna(), index.to_series()),
            "users": found.named.fillna(0).clip(lower=user.notna().astype(int)),
            "session_row_id": rows.session_row_id,
            "device_type": rows.device,
            "reported_device_type": rows.device,
            "events": found["count"].fillna(0),
            "reported_events": rows.counted,
            "duration_seconds": seconds.where(has_events, told),
            "reported_duration_seconds": told,
            "has_events": has_events,
            "has_session_row": has_row,
            "is_consistent": agrees.astype(object).where(has_events & has_row, None),
            "started_at": found["first"].fillna(rows.began),
            "reported_started_at": rows.began,
            "ended_at": found["last"].fillna(
                rows.ended.where(rows.ended.isna() | (rows.ended >= rows.began), rows.began)
            ),
            "reported_ended_at": rows.ended,
        },
        index=index,
    ).reset_index()


def visits(done: pd.DataFrame) -> pd.DataFrame:
    """What a visitor did in order, cut after more than half an hour of silence."""
    done = done.dropna(subset="visitor_key").sort_values(["visitor_key", "occurred_at"])
    cut = ~(done.groupby("visitor_key").occurred_at.diff() <= SILENCE)
    done["session_number"] = cut.groupby(done.visitor_key).cumsum().astype(int)
    found = done.groupby(["visitor_key", "session_number"], as_index=False).agg(
        system=("system", "first"),
        user_key=("user_key", "first"),
        events=("row", "size"),
        sessions=("session_key", "nunique"),
        started_at=("occurred_at", "min"),
        ended_at=("occurred_at", "max"),
    )
    return found.assign(duration_seconds=(found.ended_at - found.started_at) // pd.Timedelta(seconds=1))


def classified(seen: pd.DataFrame) -> pd.DataFrame:
    """Observations with what the taxonomy's file says of their labels."""
    with (PROJECT_ROOT / "dbt_project/seeds/emotion_taxonomy.csv").open() as file:
        words = {(row["vocabulary"], row["label"]): row for row in csv.DictReader(file)}
    found = [
        words.get((system, label.strip().lower()), {}) for system, label in zip(seen.system, seen.label, strict=True)
    ]
    return seen.assign(
        canonical_label=[word.get("canonical_label") for word in found],
        valence=[float(word.get("valence", "nan")) for word in found],
        arousal=[float(word.get("arousal", "nan")) for word in found],
    )


def unknown(timeline: pd.DataFrame) -> pd.DataFrame:
    """Labels outside of the taxonomy."""
    return (
        timeline[timeline.canonical_label.isna()]
        .groupby(["system", "label"], as_index=False)
        .agg(
            observations=("observed_at", "size"),
            visitors=("visitor_key", "nunique"),
            first_observed_at=("observed_at", "min"),
            last_observed_at=("observed_at", "max"),
        )
    )
