"""Map the school day answers of Mölsä, Forsman & Söderberg to EmotionVisualizer entries.

Data flow: `0019_soederberg_ts.tsv.gz` (one row per answered prompt, items 1 to 5) -> `emotion_entries` rows, in file
order, one per prompt that asked how the student feels. The rules are listed for readers in `README.md`. It runs as a
part of

    python -m ingestion.sample.emotion_visualizer_build --from <public data> --to <folder>
"""

from datetime import datetime, time, timedelta
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import known, read_rows, uuid_of

ANSWERS_FILE = Path("openesm/0019_soederberg_ts.tsv.gz")
DATA_SET = "openesm-0019"
FEELINGS = {"enjoy_all": "joy", "stress_all": "anxiety", "angry_all": "anger", "lonely_all": "sadness"}
"""Emotion by item. Enjoyment, anger and loneliness belong to the families of joy, anger and sadness in Shaver et al.
(1987); stress is read as in the Affect Grid. Feeling liked, motivated, alert or stupid is none of the document's."""

NOT_AT_ALL, ABSOLUTELY = 1, 5


def entry_rows(public_data: Path) -> list[Row]:
    """`emotion_entries` rows; the morning's and the evening's prompts, which do not ask for feelings, give none."""
    answers = read_rows(public_data / ANSWERS_FILE, "\t")
    return [_entry(answer) for answer in answers if ratings(answer)]


def ratings(answer: dict[str, str]) -> dict[str, int]:
    """Rating by emotion; nearly every prompt leaves out one of the study's eight items on feelings."""
    return {emotion: int(answer[item]) for item, emotion in FEELINGS.items() if known(answer[item])}


def _entry(answer: dict[str, str]) -> Row:
    emotions, intensity = felt(ratings(answer))
    return {
        "id": uuid_of(DATA_SET, answer["id"], answer["notification_time"]),
        "user_id": uuid_of(DATA_SET, answer["id"]),
        "emotions": emotions,
        "intensity": intensity,
        "source": "import",
        "created_at": datetime.fromisoformat(answer["notification_time"])
        + lapse(answer["session_instance_response_lapse"]),
    }


def felt(rated: dict[str, int]) -> tuple[list[str], float]:
    """The emotions rated highest and how far up the scale they are; none if everything is "not at all"."""
    highest = max(rated.values())
    emotions = [emotion for emotion, rating in rated.items() if rating == highest > NOT_AT_ALL]
    return emotions, (highest - NOT_AT_ALL) / (ABSOLUTELY - NOT_AT_ALL)


def lapse(text: str) -> timedelta:
    """Time from the notification to the answer, written as a time of day."""
    read = time.fromisoformat(text)
    return timedelta(hours=read.hour, minutes=read.minute, seconds=read.second, microseconds=read.microsecond)
