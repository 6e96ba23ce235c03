"""Map the listeners' votes of CREMA-D to voice sessions, and its actors to users.

Data flow: `tabulatedVotes.csv.gz` (one row per clip and way of presenting it; voice alone is read) -> `Clip`, in file
order -> rows named by the source's own columns. The rules are listed for readers in `README.md`. It runs as a part of

    python -m ingestion.sample.voice_patterns_build --from <public data> --to <folder>
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import read_rows, uuid_of

VOTES_FILE = Path("crema_d/tabulatedVotes.csv.gz")
DATA_SET = "crema-d"
VOICE_ONLY = "1"
"""First digit of the row names of clips that listeners heard and did not see."""

EMOTIONS = {"A": "angry", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
FIRST_CLIP = datetime(2022, 12, 22, tzinfo=UTC)
"""The data holds no time. This day is the last of the whole sample, so that one `as_of` sees all of it."""
CLIP_EVERY = timedelta(minutes=1)
LANGUAGE = "en"
"""The twelve sentences that the actors speak are English."""


@dataclass(frozen=True)
class Clip:
    """One clip with what its listeners heard in the voice."""

    name: str
    vote: str
    agreement: float
    number: int
    """Place among the actor's clips, from 0."""

    @property
    def actor(self) -> str:
        """The actor's number, which each clip's name begins with."""
        return self.name.split("_", 1)[0]

    @property
    def started_at(self) -> datetime:
        """The place in the file is the only order the data has: one clip a minute."""
        return FIRST_CLIP + self.number * CLIP_EVERY


def read_clips(public_data: Path) -> list[Clip]:
    """All clips that were heard alone, in file order."""
    clips: list[Clip] = []
    seen: Counter[str] = Counter()
    for row in read_rows(public_data / VOTES_FILE):
        if row[""].startswith(VOICE_ONLY):
            actor = row["fileName"].split("_", 1)[0]
            clips.append(Clip(row["fileName"], row["emoVote"], float(row["agreement"]), seen[actor]))
            seen[actor] += 1
    return clips


def heard(vote: str) -> str:
    """The document's word for the emotion most listeners heard; tied emotions stay joined, which names none."""
    return ":".join(EMOTIONS[letter] for letter in vote.split(":"))


def session_rows(clips: list[Clip]) -> list[Row]:
    """`voice_sessions` rows, one per clip."""
    return [
        {
            "session_id": uuid_of(DATA_SET, clip.name),
            "user_id": uuid_of(DATA_SET, clip.actor),
            "session_start": clip.started_at,
            "voice_emotion": heard(clip.vote),
            "emotion_confidence": clip.agreement,
            "transcript_language": LANGUAGE,
        }
        for clip in clips
    ]


def user_rows(clips: list[Clip]) -> list[Row]:
    """`users` rows, one per actor."""
    last = {clip.actor: clip.started_at for clip in clips}
    return [
        {
            "user_id": uuid_of(DATA_SET, actor),
            "anonymous_id": f"{DATA_SET}-{actor}",
            "last_active": at,
            "consent_research": True,
        }
        for actor, at in last.items()
    ]
