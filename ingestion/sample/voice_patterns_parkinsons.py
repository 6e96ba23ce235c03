"""Map the voice measures of Parkinsons Telemonitoring to voice sessions, and its subjects to users.

Data flow: `parkinsons_updrs.data` (one row per recording, time as days since recruitment) -> `Recording`, in file
order -> rows named by the source's own columns. Age, sex and the clinical scores are not read. The rules are listed
for readers in `README.md`. It runs as a part of

    python -m ingestion.sample.voice_patterns_build --from <public data> --to <folder>
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import read_rows, uuid_of

RECORDINGS_FILE = Path("parkinsons_voice/parkinsons_updrs.data")
DATA_SET = "parkinsons"
RECRUITED_AT = datetime(2022, 5, 21, tzinfo=UTC)
"""Day 0 of every subject. The data holds no date; this one puts the last recording on the last day of the sample."""

SECONDS_A_DAY = 86_400
FEATURES = {"jitter": "Jitter(%)", "shimmer": "Shimmer", "hnr": "HNR"}
"""Spectral features of the document that the data holds, and its columns for them."""


@dataclass(frozen=True)
class Recording:
    """One recording of a sustained vowel."""

    number: int
    """Place in the file, from 1; a subject has several recordings of one time."""
    subject: str
    at: datetime
    features: dict[str, float]


def read_recordings(public_data: Path) -> list[Recording]:
    """All recordings in file order."""
    return [_recording(number, row) for number, row in enumerate(read_rows(public_data / RECORDINGS_FILE), 1)]


def _recording(number: int, row: dict[str, str]) -> Recording:
    since = timedelta(seconds=round(float(row["test_time"]) * SECONDS_A_DAY))
    features = {name: float(row[column]) for name, column in FEATURES.items()}
    return Recording(number, row["subject#"], RECRUITED_AT + since, features)


def session_rows(recordings: list[Recording]) -> list[Row]:
    """`voice_sessions` rows, one per recording."""
    return [
        {
            "session_id": uuid_of(DATA_SET, "recording", recording.number),
            "user_id": uuid_of(DATA_SET, recording.subject),
            "session_start": recording.at,
            "voice_features": json.dumps({"spectral": recording.features}, separators=(",", ":")),
        }
        for recording in recordings
    ]


def user_rows(recordings: list[Recording]) -> list[Row]:
    """`users` rows, one per subject."""
    last: dict[str, datetime] = {}
    for recording in recordings:
        last[recording.subject] = max(recording.at, last.get(recording.subject, recording.at))
    return [
        {
            "user_id": uuid_of(DATA_SET, subject),
            "anonymous_id": f"{DATA_SET}-{subject}",
            "created_at": RECRUITED_AT,
            "last_active": at,
            "consent_research": True,
        }
        for subject, at in last.items()
    ]
