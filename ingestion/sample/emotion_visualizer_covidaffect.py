"""Map the mood ratings of CoVidAffect (Bailon et al.) to EmotionVisualizer entries.

Data flow: `0018_bailon_ts.tsv.gz` (one row per answered prompt: valence -50 to 50, arousal 0 to 100) ->
`emotion_entries` rows, in file order. The rules are listed for readers in `README.md`. It runs as a part of

    python -m ingestion.sample.emotion_visualizer_build --from <public data> --to <folder>
"""

import math
from datetime import datetime
from pathlib import Path

from ingestion.sample.files import Row
from ingestion.sample.public_data import known, read_rows, uuid_of

RATINGS_FILE = Path("openesm/0018_bailon_ts.tsv.gz")
DATA_SET = "openesm-0018"
HALF_SCALE = 50
"""Valence is rated as -50 to 50, arousal as 0 to 100: both are 50 from their middle to an end."""

CORNERS = {(1, 1): "excitement", (-1, 1): "anxiety", (-1, -1): "sadness", (1, -1): "contentment"}
"""Emotion by the signs of valence and arousal: the corners of the Affect Grid (Russell, Weiss & Mendelsohn 1989),
which it calls excitement, stress, depression and relaxation, in the document's words."""


def entry_rows(public_data: Path) -> list[Row]:
    """`emotion_entries` rows, one per rating."""
    return [_entry(rating) for rating in read_rows(public_data / RATINGS_FILE, "\t")]


def _entry(rating: dict[str, str]) -> Row:
    emotions, intensity = felt(known(rating["valence"]), known(rating["arousal"]))
    return {
        "id": uuid_of(DATA_SET, rating["id"], rating["timestamp_issued"]),
        "user_id": uuid_of(DATA_SET, rating["id"]),
        "emotions": emotions,
        "intensity": intensity,
        "source": "import",
        "created_at": datetime.fromisoformat(rating["timestamp_answer"]),
    }


def felt(valence: str | None, arousal: str | None) -> tuple[list[str] | None, float | None]:
    """Emotions and their intensity for a rating; none at all where one of the two was not rated.

    A rating on an axis lies in no corner and names no emotion. The intensity is the distance from the middle of the
    grid, as a share of the longest there is, rounded to two decimals as the application does.
    """
    if valence is None or arousal is None:
        return None, None
    pleasure, activation = float(valence) / HALF_SCALE, float(arousal) / HALF_SCALE - 1
    corner = CORNERS.get((_sign(pleasure), _sign(activation)))
    return [corner] if corner else [], round(math.hypot(pleasure, activation) / math.sqrt(2), 2)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
