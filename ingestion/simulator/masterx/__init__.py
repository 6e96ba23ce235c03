"""MasterX: a learning platform with feelings, as MongoDB documents.

users in groups -> one learner after the other -> documents. Memory holds a few numbers per user and one group's
documents. See `python -m ingestion.simulator --systems masterx`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from bson.objectid import ObjectId

from ingestion.simulator import ids, people, shapes
from ingestion.simulator.masterx import learners as law
from ingestion.simulator.masterx import tables
from ingestion.simulator.masterx.learners import SUBJECTS, SYSTEM, Dice, Learners, make_learners
from ingestion.simulator.masterx.mastery import Concept, Mind
from ingestion.simulator.masterx.profiles import analytics_document, dna_document, user_document
from ingestion.simulator.masterx.sessions import run_course, session_document
from ingestion.simulator.plan import DAY_MS, Complete, Ints, Plan, Record, Rows, Stream, Table
from ingestion.simulator.texts import choose
from ingestion.simulator.truth import Truth

TABLES = tables.TABLES
USERS_AT_ONCE = 500
CONCEPTS = law.CONCEPTS_PER_TOPIC * len(SUBJECTS["mathematics"])
"""Concepts of one subject, and so of one learner."""
PROFILE_ROLLS = 64
VERSIONED = ("users", "learning_dna", "content_mastery")


@dataclass
class Pile:
    """Documents of one collection, waiting to be passed on."""

    documents: list[Record] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    number: list[int] = field(default_factory=list)
    superseded: list[bool] = field(default_factory=list)
    spared: list[bool] = field(default_factory=list)

    def add(self, document: Record, day: int, number: int, spared: bool, superseded: bool = False) -> None:
        """Put a document on the pile."""
        self.documents.append(document)
        self.day.append(day)
        self.number.append(number)
        self.spared.append(spared)
        self.superseded.append(superseded)

    def rows(self, table: Table) -> Rows:
        """The pile as rows."""
        return Rows(
            table,
            self.documents,
            np.array(self.day, np.int64),
            numbers=np.array(self.number, np.int64),
            superseded=np.array(self.superseded, bool) if table.name in VERSIONED else None,
            spared=np.array(self.spared, bool),
        )


def generate(plan: Plan, truth: Truth) -> Stream:
    """All documents, a group of users at a time; what was planted goes to `truth`."""
    group = make_learners(plan)
    counts, last_ms = np.zeros(plan.users, np.int64), np.zeros(plan.users, np.int64)
    sessions_made = 0
    for low in range(0, plan.users, USERS_AT_ONCE):
        high = min(low + USERS_AT_ONCE, plan.users)
        rng = plan.rng(SYSTEM, "group", low)
        user, day = group.population.active_days(rng, plan.start.weekday(), low, high)
        at = shapes.moments(plan.start_ms, day, shapes.start_in_day(rng, 0, len(user)))
        np.add.at(counts, user, 1)
        np.maximum.at(last_ms, user, at)
        sessions = sessions_made + np.arange(len(user))
        yield from _Group(plan, group, Dice(rng), np.arange(low, high), sessions).rows(user, at)
        sessions_made += len(user)
        yield Complete()
    truth.write("masterx_users", _users(plan, group, counts, last_ms))
    truth.write("masterx_emotions", pa.table({"emotion": list(law.ACCURACY), "accuracy": list(law.ACCURACY.values())}))
    truth.write(
        "masterx_interventions",
        pa.table({"intervention_type": list(law.SUCCESS), "success_probability": list(law.SUCCESS.values())}),
    )
    truth.facts["masterx_half_life"] = {"b0": law.B0, "b1": law.B1, "b2": law.B2, "recalled_from_score": 0.6}


class _Group:
    """Makes the documents of some users."""

    def __init__(self, plan: Plan, group: Learners, dice: Dice, numbers: Ints, sessions: Ints) -> None:
        self.plan, self.group, self.dice = plan, group, dice
        self.numbers, self.low = numbers, int(numbers[0])
        self.user_ids: list[str] = user_uuids(plan, numbers).to_pylist()
        self.names: list[str] = people.names(plan.salt(SYSTEM, "person"), numbers).to_pylist()
        self.emails: list[str] = people.emails(plan.salt(SYSTEM, "person"), numbers).to_pylist()
        self.account_ids, self.dna_ids = (self._object_ids(what, numbers) for what in ("user", "dna"))
        concepts = self.low * CONCEPTS + np.arange(len(numbers) * CONCEPTS)
        self.mastery_ids = self._object_ids("mastery", concepts)
        session_ids: list[str] = ids.uuids(plan.salt(SYSTEM, "session"), sessions).to_pylist()
        row_ids = (self._object_ids(what, sessions) for what in ("session", "analytics"))
        self.next_session = zip(sessions.tolist(), session_ids, *row_ids, strict=True)
        self.piles = {table.name: Pile() for table in TABLES}

    def _object_ids(self, purpose: str, numbers: Ints) -> list[ObjectId]:
        return [ObjectId(octets) for octets in ids.object_ids(self.plan.salt(SYSTEM, purpose), numbers)]

    def rows(self, user: Ints, at: Ints) -> Iterator[Rows]:
        """All documents of the group; `user` and `at` are its sessions, by user and time."""
        bounds = np.searchsorted(user, np.append(self.numbers, self.numbers[-1] + 1))
        for number, first, end in zip(self.numbers.tolist(), bounds[:-1], bounds[1:], strict=True):
            self._learner(number, at[first:end].tolist())
        for table in TABLES:
            yield self.piles[table.name].rows(table)

    def _learner(self, number: int, starts: list[int]) -> None:
        subject = tuple(SUBJECTS)[self.group.subject[number]]
        mind, made = Mind(subject), self._made(number)
        self._profile(number, mind, made, made, superseded=bool(starts))
        for start in starts:
            self._session(number, mind, _moment(start))
        if starts:
            self._profile(number, mind, made, _moment(starts[-1]), superseded=False)
        if not self.plan.by_day:
            for concept in mind.touched():
                self._mastery(number, concept, superseded=False)

    def _made(self, number: int) -> datetime:
        return _moment(self.plan.start_ms + int(self.group.population.begins[number]) * DAY_MS)

    def _day(self, at: datetime) -> int:
        return max((int(at.timestamp() * 1000) - self.plan.start_ms) // DAY_MS, 0)

    def _spared(self, number: int) -> bool:
        return not self.group.consents_analytics[number]

    def _profile(self, number: int, mind: Mind, made: datetime, last: datetime, superseded: bool) -> None:
        """Account and learning profile, at sign-up and as they are in the end."""
        if superseded and not self.plan.by_day:
            return
        place, user_id = number - self.low, self.user_ids[number - self.low]
        person = {
            "name": self.names[place],
            "email": self.emails[place],
            "made": made,
            "last": last,
            "analytics": bool(self.group.consents_analytics[number]),
            "emotional": bool(self.group.consents_emotional[number]),
            "subject": mind.concepts[0].subject,
            "timezone": people.ZONES[number % len(people.ZONES)],
        }
        dice = Dice(self.plan.rng(SYSTEM, "profile", number), PROFILE_ROLLS)
        account = user_document(dice, self.account_ids[place], user_id, person)
        profile = dna_document(dice, self.dna_ids[place], user_id, made, last, mind)
        self.piles["users"].add(account, self._day(last), number, True, superseded)
        self.piles["learning_dna"].add(profile, self._day(last), number, self._spared(number), superseded)

    def _session(self, number: int, mind: Mind, start: datetime) -> None:
        user_id = self.user_ids[number - self.low]
        session, session_id, row_id, analytics_id = next(self.next_session)
        course = run_course(self.dice, start)
        document, concepts = session_document(self.dice, row_id, session_id, user_id, course, mind)
        self.piles["learning_sessions"].add(document, self._day(course.end), session, self._spared(number))
        day = course.start.replace(hour=0, minute=0, second=0, microsecond=0)
        analytics = analytics_document(analytics_id, user_id, day, course)
        spared = not self.group.consents_emotional[number]
        self.piles["emotional_analytics"].add(analytics, self._day(course.start) + 1, session, spared)
        for concept in concepts if self.plan.by_day else ():
            self._mastery(number, concept, superseded=True)

    def _mastery(self, number: int, concept: Concept, superseded: bool) -> None:
        place = (number - self.low) * CONCEPTS + concept.number
        document = concept.document(self.mastery_ids[place], self.user_ids[number - self.low])
        assert concept.last is not None
        numbered = number * CONCEPTS + concept.number
        spared = self._spared(number)
        self.piles["content_mastery"].add(document, self._day(concept.last), numbered, spared, superseded)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def user_uuids(plan: Plan, numbers: np.ndarray) -> pa.Array:
    """Identifier of each user."""
    return ids.uuids(plan.salt(SYSTEM, "user"), numbers)


def _users(plan: Plan, group: Learners, counts: np.ndarray, last_ms: np.ndarray) -> pa.Table:
    population = group.population
    stopped = np.datetime64(plan.start) + population.stops.astype("timedelta64[D]")
    return pa.table(
        {
            "user_id": user_uuids(plan, np.arange(plan.users)),
            "daily_rate": population.rate,
            "is_churned": population.churned,
            "stopped_on": pa.array(stopped, mask=~population.churned),
            "last_session_at": pa.array(last_ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC"), mask=last_ms == 0),
            "sessions": counts,
            "subject": choose(tuple(SUBJECTS), group.subject).dictionary_decode(),
            "analytics_participation": group.consents_analytics,
            "emotional_data_usage": group.consents_emotional,
        }
    )
