"""Build the bundled sample of Emotional Core from public data.

Data flow: the experience sampling study of Fried et al. (`openesm/0001_fried_ts_raw.csv.gz`, one row per prompt) ->
`user_emotion` rows, in file order -> one CSV file. The raw file is read, not the cleaned one: that one takes every
time for one of Amsterdam.

    python -m ingestion.sample.emotional_core_build --from <public data> --to ingestion/sample/emotional_core

Where each value comes from is listed in `README.md` beside this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ingestion.sample.build import run
from ingestion.sample.files import FLOAT, INT, TEXT, Row, SampleFile
from ingestion.sample.public_data import known, read_rows, uuid_of

PROMPTS_FILE = Path("openesm/0001_fried_ts_raw.csv.gz")
DATA_SET = "openesm-0001"
ANXIETY = "Q4"
"""The item "I felt nervous, anxious or on edge", 1 (not at all) to 5 (extremely)."""

OFFSETS = {"CET": "+01:00", "CEST": "+02:00", "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00", "+03": "+03:00"}
"""The zones that phones wrote behind their local times."""

# The columns of the source's own table, in the order of its document; a time keeps the offset of its zone.
USER_EMOTION = {
    **{"id": TEXT, "user_id": TEXT, "session_id": TEXT, "phase": TEXT},
    **{"anxiety_level": INT, "confidence_level": INT, "engagement_score": FLOAT},
    **{"emotional_context": TEXT, "interaction_type": TEXT, "metadata": TEXT, "timestamp": TEXT},
}


def sample_files(public_data: Path) -> list[SampleFile]:
    """Read the public data and map it; nothing is written."""
    prompts = read_rows(public_data / PROMPTS_FILE)
    return [SampleFile("user_emotion.csv", USER_EMOTION, [_emotion(prompt) for prompt in prompts])]


def _emotion(prompt: dict[str, str]) -> Row:
    return {
        "id": uuid_of(DATA_SET, prompt["ID"], prompt["Scheduled"]),
        "user_id": uuid_of(DATA_SET, prompt["ID"]),
        "anxiety_level": known(prompt[ANXIETY]),
        "interaction_type": "prompt",
        "timestamp": with_offset(prompt["Response"]),
    }


def with_offset(local: str) -> str | None:
    """A local time with the name of its zone as ISO 8601 with its offset; None where there is none."""
    if known(local) is None:
        return None
    date, time, zone = local.split(" ")
    return f"{date}T{time}{OFFSETS[zone]}"


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample; exit code 2 on bad input."""
    return run("Emotional Core", sample_files, argv)


if __name__ == "__main__":
    sys.exit(main())
