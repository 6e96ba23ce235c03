"""Map each student's attempts at each problem to MasterX content mastery.

Data flow: `TutorLog` -> `content_mastery` documents; a field that the log does not hold is absent. The rules are listed
for readers in `README.md`. It runs as a part of

    python -m ingestion.sample.masterx_build --from <public data> --to <folder>
"""

from ingestion.sample.files import Row
from ingestion.sample.masterx_log import (
    DATA_SET,
    SUBJECT,
    TOPIC,
    Attempts,
    TutorEvent,
    TutorLog,
    session_id,
    share_correct,
    user_id,
)
from ingestion.sample.public_data import object_id_of


def mastery_documents(log: TutorLog) -> list[Row]:
    """`content_mastery` documents, one per student and problem."""
    session_of = {event.event_id: session_id(session) for session in log.sessions for event in session}
    return [_mastery(attempts, session_of) for attempts in log.attempts.values()]


def _mastery(attempts: Attempts, session_of: dict[str, str]) -> Row:
    first = attempts.events[0]
    return {
        "_id": object_id_of(DATA_SET, "content_mastery", first.student, first.problem),
        "user_id": user_id(first.student),
        "subject": SUBJECT,
        "topic": TOPIC,
        "concept": first.problem,
        "mastery_tracking": _tracking(attempts),
        "learning_history": [
            _with_score(
                {"session_id": session_of[e.event_id], "date": e.at, "activity_type": _activity(e, attempts)}, (e,)
            )
            for e in attempts.events
        ],
        "spaced_repetition_data": {"review_history": reviews(attempts, session_of)},
    }


def _tracking(attempts: Attempts) -> Row:
    tracking: Row = {
        "first_exposure_date": attempts.events[0].at,
        "last_practiced_date": attempts.events[-1].at,
    }
    if attempts.level is not None:
        tracking["current_mastery_level"] = attempts.level
    if attempts.mastered_by is not None:
        tracking["mastery_achieved_date"] = attempts.mastered_by.at
    return tracking


def _activity(event: TutorEvent, attempts: Attempts) -> str:
    """The first event introduces the problem, events after it was solved revise it, all others practise it."""
    if event is attempts.events[0]:
        return "introduction"
    solved_by = attempts.solved_by
    return "revision" if solved_by is not None and event.order > solved_by.order else "practice"


def reviews(attempts: Attempts, session_of: dict[str, str]) -> list[Row]:
    """One review for each later session in which the student returns to the problem."""
    by_session: dict[str, list[TutorEvent]] = {}
    for event in attempts.events:
        by_session.setdefault(session_of[event.event_id], []).append(event)
    _, *later = by_session.values()
    return [_with_score({"date": events[0].at}, tuple(events)) for events in later]


def _with_score(document: Row, events: tuple[TutorEvent, ...]) -> Row:
    """`document` with the share of `events` that were correct, if any was judged."""
    score = share_correct(events)
    return document if score is None else {**document, "performance_score": score}
