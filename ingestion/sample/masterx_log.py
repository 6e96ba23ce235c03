"""Read the log of the programming tutor ITAP (CSEDM 2019 data challenge) and part it into sessions and attempts.

Data flow: `MainTable.csv` (one row per submission or hint request) -> `TutorEvent`, by student and in the order of the
log -> sessions by inactivity, and each student's attempts at each problem. It runs as a part of

    python -m ingestion.sample.masterx_build --from <public data> --to <folder>
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.sample.public_data import known, read_rows, uuid_of

EVENTS_FILE = Path("csedm2019_itap/MainTable.csv")
DATA_SET = "csedm-2019"
SESSION_GAP = timedelta(minutes=30)
SUBMISSION = "Submit"
VERDICTS = {"TRUE": True, "FALSE": False}

SUBJECT = "programming"
"""A constant: what the tutor teaches."""
TOPIC = "Python"
"""The language the log names for every event. Below it a concept is one problem."""
MASTERED_ABOVE = 0.8
"""The document's threshold of a mastered concept."""


@dataclass(frozen=True)
class TutorEvent:
    """One submission or hint request. `is_correct`: the program at that time, None where nothing judged it."""

    event_id: str
    order: int
    student: str
    at: datetime
    problem: str
    is_submission: bool
    is_correct: bool | None


@dataclass(frozen=True)
class Attempts:
    """All events of one student at one problem, in order."""

    events: tuple[TutorEvent, ...]

    @property
    def level(self) -> float | None:
        """Share of the judged events whose program was correct; None without any."""
        return share_correct(self.events)

    @property
    def mastered_by(self) -> TutorEvent | None:
        """The event with which that share, counted up to it, first passed the threshold."""
        for number, event in enumerate(self.events, 1):
            if (share_correct(self.events[:number]) or 0) > MASTERED_ABOVE:
                return event
        return None

    @property
    def solved_by(self) -> TutorEvent | None:
        """The first event with a correct program."""
        return next((event for event in self.events if event.is_correct), None)


@dataclass(frozen=True)
class TutorLog:
    """The log: sessions in the order of students, and attempts by student and problem."""

    sessions: tuple[tuple[TutorEvent, ...], ...]
    attempts: dict[tuple[str, str], Attempts]


def share_correct(events: tuple[TutorEvent, ...]) -> float | None:
    """Share of the judged events that are correct; a request for a hint is judged like a submission."""
    verdicts = [event.is_correct for event in events if event.is_correct is not None]
    return sum(verdicts) / len(verdicts) if verdicts else None


def read_log(public_data: Path) -> TutorLog:
    """All events of the log. Times have no zone and are read as UTC; the log's own order breaks ties of a minute."""
    events = [_event(row) for row in read_rows(public_data / EVENTS_FILE)]
    ordered = sorted(events, key=lambda event: (event.student, event.order))
    attempts: dict[tuple[str, str], list[TutorEvent]] = defaultdict(list)
    for event in ordered:
        attempts[event.student, event.problem].append(event)
    return TutorLog(_sessions(ordered), {pair: Attempts(tuple(made)) for pair, made in attempts.items()})


def _event(row: dict[str, str]) -> TutorEvent:
    return TutorEvent(
        event_id=row["EventID"],
        order=int(row["Order"]),
        student=row["SubjectID"],
        at=datetime.fromisoformat(row["ServerTimestamp"]).replace(tzinfo=UTC),
        problem=row["ProblemID"],
        is_submission=row["EventType"] == SUBMISSION,
        is_correct=VERDICTS[row["Correct"]] if known(row["Correct"]) else None,
    )


def _sessions(ordered: list[TutorEvent]) -> tuple[tuple[TutorEvent, ...], ...]:
    sessions: list[list[TutorEvent]] = []
    for event in ordered:
        last = sessions[-1][-1] if sessions else None
        if last and last.student == event.student and event.at - last.at <= SESSION_GAP:
            sessions[-1].append(event)
        else:
            sessions.append([event])
    return tuple(map(tuple, sessions))


def user_id(student: str) -> str:
    """The user id of a student."""
    return uuid_of(DATA_SET, student)


def session_id(session: tuple[TutorEvent, ...]) -> str:
    """The id of a session, which goes by its first event."""
    return uuid_of(DATA_SET, "session", session[0].event_id)
