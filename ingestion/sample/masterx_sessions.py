"""Map the sessions of the programming tutor to MasterX learning sessions, and its students to users.

Data flow: `TutorLog` -> documents as the application keeps them; a field that the log does not hold is absent. The
rules are listed for readers in `README.md`. It runs as a part of

    python -m ingestion.sample.masterx_build --from <public data> --to <folder>
"""

from datetime import timedelta
from typing import Any

from ingestion.sample.files import Row
from ingestion.sample.masterx_log import DATA_SET, SUBJECT, TOPIC, TutorEvent, TutorLog, session_id, user_id
from ingestion.sample.public_data import object_id_of

Session = tuple[TutorEvent, ...]


def user_documents(log: TutorLog) -> list[Row]:
    """`users` documents, one per student."""
    first: dict[str, TutorEvent] = {}
    for session in log.sessions:
        first.setdefault(session[0].student, session[0])
    return [
        {
            "_id": object_id_of(DATA_SET, "users", student),
            "user_id": user_id(student),
            "created_at": event.at,
            "account_status": "active",
            "preferences": {"privacy_settings": {"analytics_participation": True}},
        }
        for student, event in first.items()
    ]


def session_documents(log: TutorLog) -> list[Row]:
    """`learning_sessions` documents, one per session."""
    return [_session(session, log) for session in log.sessions]


def _session(session: Session, log: TutorLog) -> Row:
    first, last = session[0], session[-1]
    return {
        "_id": object_id_of(DATA_SET, "learning_sessions", first.event_id),
        "session_id": session_id(session),
        "user_id": user_id(first.student),
        "started_at": first.at,
        "ended_at": last.at,
        "duration_minutes": (last.at - first.at) // timedelta(minutes=1),
        "session_context": {"session_type": "practice", "subject": SUBJECT, "topics": [TOPIC]},
        "interactions": [_interaction(event) for event in session],
        "learning_progress": _progress(session, log),
        "performance_metrics": _performance(session),
    }


def _interaction(event: TutorEvent) -> Row:
    return {"interaction_id": event.event_id, "timestamp": event.at, "interaction_type": interaction_type(event)}


def interaction_type(event: TutorEvent) -> str:
    """A hint request is a question, a judged submission an assessment, one that nothing judged a response."""
    if not event.is_submission:
        return "question"
    return "response" if event.is_correct is None else "assessment"


def _progress(session: Session, log: TutorLog) -> Row:
    problems = list(dict.fromkeys(event.problem for event in session))
    attempts = {problem: log.attempts[session[0].student, problem] for problem in problems}
    return {
        "concepts_introduced": [problem for problem in problems if attempts[problem].events[0] in session],
        "concepts_practiced": problems,
        "concepts_mastered": [problem for problem in problems if attempts[problem].mastered_by in session],
    }


def _performance(session: Session) -> dict[str, Any]:
    verdicts = [event.is_correct for event in session if event.is_submission and event.is_correct is not None]
    metrics: dict[str, Any] = {"questions_attempted": len(verdicts), "questions_correct": sum(verdicts)}
    if verdicts:
        metrics["accuracy_percentage"] = round(100 * sum(verdicts) / len(verdicts), 2)
    hints = sum(not event.is_submission for event in session)
    return {**metrics, "engagement_indicators": {"follow_up_questions": hints}}
