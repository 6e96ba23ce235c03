"""Learning sessions as the application keeps them, and the ways to offer documents to a load.

python -m tests.documents FILE SESSIONS INTERACTIONS          a BSON file for measuring
"""

import gzip
import random
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import psycopg
import pytest
from bson import json_util
from bson.codec_options import CodecOptions
from bson.int64 import Int64

from ingestion.contracts import Entity, System, load_contracts
from ingestion.errors import MoodmartError
from ingestion.ledger import LoadResult
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

Document = dict[str, Any]
MASTERX: System = load_contracts()["masterx"]
SESSIONS: Entity = MASTERX.entity("learning_sessions")
INTERACTIONS: Entity = MASTERX.entity("learning_session_interactions")
UUIDS: CodecOptions[Document] = CodecOptions(uuid_representation=4)
START = datetime(2025, 1, 1, 8, tzinfo=UTC)
EMOTIONS = ("calm", "curious", "frustrated", "confident", "bored")
TOPICS = ("limits", "derivatives", "integrals", "series", "vectors")


def object_id(number: int) -> bson.ObjectId:
    """The id of document `number`: as with the driver's own, later documents have greater ones."""
    return bson.ObjectId(f"{0x65000000 + number:08x}{number:016x}")


def user(number: int, **changes: Any) -> Document:
    """A learner who allows everything; `changes` replace its fields."""
    document: Document = {
        "_id": object_id(number),
        "user_id": f"user-{number}",
        "email": f"learner{number}@example.org",
        "password_hash": "canary-hash",
        "email_verified": True,
        "created_at": START,
        "updated_at": START,
        "last_login": START,
        "profile": {
            "name": "canary-name",
            "age": 30 + number,
            "education_level": "graduate",
            "timezone": "Europe/Berlin",
            "location": {"country": "DE"},
            "learning_goals": ["to pass the canary-goal exam"],
            "subjects_of_interest": ["mathematics"],
        },
        "subscription": {
            "plan": "premium",
            "status": "active",
            "subscribed_at": START,
            "payment_method_id": "canary-card",
            "billing_cycle": "monthly",
            "usage_tracking": {"ai_queries_used": 5, "ai_queries_limit": 100, "reset_date": START},
        },
        "preferences": {
            "notification_settings": dict.fromkeys(
                ("email_notifications", "study_reminders", "progress_updates", "achievement_notifications"), True
            ),
            "privacy_settings": dict.fromkeys(
                ("analytics_participation", "emotional_data_usage", "learning_data_sharing", "public_profile"), True
            ),
            "learning_preferences": {
                "explanation_style": "concise",
                "difficulty_preference": "adaptive",
                "feedback_frequency": "high",
                "emotional_support_level": "standard",
            },
        },
        "account_status": "active",
        "security": {"failed_login_attempts": 0, "last_password_change": START, "two_factor_enabled": False},
    }
    return document | changes


def interaction(at: datetime, number: int, chance: random.Random) -> Document:
    """One exchange of a learner with the tutor."""
    return {
        "interaction_id": f"i{number}",
        "timestamp": at + timedelta(minutes=number),
        "interaction_type": chance.choice(("question", "response", "feedback", "assessment")),
        "user_input": "why does the series converge at all, and where " * chance.randint(1, 3),
        "ai_response": {
            "text": "Because its terms fall faster than those of one that does. " * chance.randint(2, 6),
            "provider_used": chance.choice(("groq", "gemini", "emergent")),
            "response_time_ms": chance.randint(100, 4000),
            "tokens_used": chance.randint(50, 900),
            "cost_usd": round(chance.random() / 100, 6),
        },
        "emotional_context": {
            "detected_emotion": chance.choice(EMOTIONS),
            "confidence": round(chance.random(), 3),
            "emotional_intensity": round(chance.random(), 3),
            "adaptation_applied": chance.sample(("slower", "example", "praise"), chance.randint(0, 2)),
        },
        "personalization_applied": {
            "difficulty_adjustment": round(chance.random() - 0.5, 3),
            "explanation_style": "detailed",
            "content_modifications": chance.sample(("shorter", "visual"), chance.randint(0, 1)),
        },
    }


def session(number: int, interactions: int = 3, **changes: Any) -> Document:
    """A clean session, the same for every call; `changes` replace its fields."""
    chance = random.Random(number)
    at = START + timedelta(hours=number)
    document: Document = {
        "_id": object_id(number),
        "session_id": f"session-{number}",
        "user_id": f"user-{number % 7}",
        "started_at": at,
        "ended_at": at + timedelta(minutes=40),
        "duration_minutes": 40,
        "session_context": {
            "session_type": "study",
            "subject": "mathematics",
            "topics": chance.sample(TOPICS, 2),
            "learning_objectives": ["explain convergence"],
            "initial_difficulty_level": 0.5,
            "device_type": "tablet",
            "platform": "web",
        },
        "interactions": [interaction(at, n, chance) for n in range(interactions)],
        "learning_progress": {
            "concepts_introduced": chance.sample(TOPICS, 2),
            "concepts_practiced": chance.sample(TOPICS, 1),
            "concepts_mastered": [],
            "knowledge_gaps_identified": chance.sample(TOPICS, 1),
            "mastery_demonstrations": [{"concept": "limits", "evidence": "a proof of it", "confidence_level": 0.75}],
        },
    }
    return document | _journey(at, chance) | _figures(at, chance) | changes


def _journey(at: datetime, chance: random.Random) -> Document:
    timeline = [
        {
            "timestamp": at + timedelta(minutes=10 * n),
            "emotion": chance.choice(EMOTIONS),
            "intensity": round(chance.random(), 3),
            **({"trigger": "a hard question"} if n else {}),
        }
        for n in range(3)
    ]
    help_given = {"timestamp": at, "intervention_type": "break", "reason": "tired by now", "effectiveness_rating": 4}
    return {
        "emotional_journey": {
            "initial_emotional_state": "calm",
            "emotional_states_timeline": timeline,
            "interventions_applied": [help_given],
            "final_emotional_state": "confident",
            "overall_emotional_health_score": 0.8,
        }
    }


def _figures(at: datetime, chance: random.Random) -> Document:
    steps = [{"timestamp": at, "difficulty_level": 0.5, "success_rate": round(chance.random(), 2)} for _ in range(2)]
    return {
        "performance_metrics": {
            "questions_attempted": 10,
            "questions_correct": chance.randint(0, 10),
            "accuracy_percentage": 70.0,
            "average_response_time_seconds": 12.5,
            "difficulty_progression": steps,
            "engagement_indicators": {
                "follow_up_questions": 2,
                "self_directed_exploration": True,
                "session_completion_rate": 1.0,
            },
        },
        "ai_usage_analytics": {
            "total_ai_queries": 10,
            "providers_used": {"groq": 6, "gemini": 4},
            "total_tokens_consumed": Int64(5000),
            "total_cost_usd": 0.05,
            "average_response_time_ms": 900.5,
            "cache_hit_rate": 0.25,
            "quality_scores": [round(chance.random(), 2) for _ in range(3)],
        },
        "session_outcome": {
            "learning_objectives_met": ["explain convergence"],
            "areas_needing_more_work": ["series"],
            "user_satisfaction_rating": 4,
            "next_session_recommendations": ["go on with power series"],
        },
    }


def encoded(document: Document) -> bytes:
    """`document` as BSON, UUIDs in their standard form."""
    return bson.encode(document, codec_options=UUIDS)


def write_bson(folder: Path, documents: Iterable[Document], name: str = "learning_sessions") -> Path:
    """Offer `documents` as mongodump does."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.bson"
    with path.open("wb") as file:
        file.writelines(encoded(document) for document in documents)
    (folder / f"{name}.metadata.json").write_text('{"options": {}, "indexes": []}')
    return path


def write_bson_gz(folder: Path, documents: Iterable[Document], name: str = "learning_sessions") -> Path:
    """Offer `documents` as `mongodump --gzip` does."""
    plain = write_bson(folder, documents, name)
    path = plain.with_name(f"{name}.bson.gz")
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return path


def _extended(document: Document, options: json_util.JSONOptions) -> str:
    return json_util.dumps(document, json_options=options)


def write_canonical(folder: Path, documents: Iterable[Document], name: str = "learning_sessions") -> Path:
    """Offer `documents` as `mongoexport --jsonFormat=canonical` does."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    options = json_util.CANONICAL_JSON_OPTIONS.with_options(uuid_representation=4)
    path.write_text("".join(_extended(document, options) + "\n" for document in documents))
    return path


def write_relaxed(folder: Path, documents: Iterable[Document], name: str = "learning_sessions") -> Path:
    """Offer `documents` as mongoexport does."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    options = json_util.RELAXED_JSON_OPTIONS.with_options(uuid_representation=4)
    path.write_text("".join(_extended(document, options) + "\n" for document in documents))
    return path


def write_array(folder: Path, documents: Iterable[Document], name: str = "learning_sessions") -> Path:
    """Offer `documents` as `mongoexport --jsonArray` does."""
    lines = write_relaxed(folder, documents, name)
    path = folder / f"{name}.json"
    path.write_text(f"[{','.join(lines.read_text().splitlines())}]\n")
    lines.unlink()
    return path


def load(settings: Settings, address: object) -> dict[str, LoadResult]:
    """Load MasterX from `address`; results by entity."""
    results = load_system(settings.with_sources({"masterx": str(address)}), MASTERX)
    return {result.entity: result for result in results}


def staged(connection: psycopg.Connection, entity: Entity = SESSIONS) -> list[tuple[Any, ...]]:
    """The entity's staging rows without the loader's column, in key order."""
    columns = ", ".join(entity.column_names)
    return connection.execute(f"select {columns} from {entity.table} order by {', '.join(entity.key)}").fetchall()


def everything(connection: psycopg.Connection, entity: Entity = SESSIONS) -> dict[str, list[tuple[Any, ...]]]:
    """The staging rows of the entity and of all that is nested in it."""
    return {e.name: staged(connection, e) for e in (entity, *MASTERX.children(entity))}


USERS = [user(number) for number in range(7)]
Writer = Callable[..., Path]
WRITERS: tuple[Writer, ...] = (write_bson, write_bson_gz, write_canonical, write_relaxed, write_array)


def folder(path: Path, sessions: list[Document], write: Writer = write_bson) -> Path:
    """A folder that holds `sessions` and their users."""
    write(path, USERS, "users")
    return write(path, sessions).parent


def extracted(settings: Settings, address: object) -> LoadResult:
    """What a load did with the sessions."""
    return load(settings, address)["learning_sessions"]


def quarantined(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Entity, place and reasons of every row in the quarantine."""
    with warehouse.connect("steward") as connection:
        return connection.execute("select entity, source_key, reasons from ops.quarantine order by 1, 2").fetchall()


def refused(settings: Settings, warehouse: Warehouse, address: object) -> MoodmartError:
    """The error of a load that leaves no session behind."""
    with pytest.raises(MoodmartError) as caught:
        load(settings, address)
    with warehouse.connect("owner") as connection:
        if connection.execute("select to_regclass(%s)", [SESSIONS.table]).fetchone() != (None,):
            assert staged(connection) == []
    assert "\n" not in str(caught.value)
    return caught.value


def undecodable(number: int) -> bytes:
    """A session whose id is no UTF-8."""
    return encoded(session(number)).replace(b"session-", b"sess\xff\xfe\xfd-", 1)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_bson(target.parent, (session(n, int(sys.argv[3])) for n in range(int(sys.argv[2]))), target.stem)
