"""Build the bundled sample of EmotionVisualizer from public data.

Data flow: two experience sampling studies (`openesm/0018_bailon_ts.tsv.gz`, `openesm/0019_soederberg_ts.tsv.gz`) ->
`emotion_entries` rows, in file order -> one Parquet file per study in the folder `emotion_entries`.

    python -m ingestion.sample.emotion_visualizer_build --from <public data> --to ingestion/sample/emotion_visualizer

Where each value comes from is listed in `README.md` beside this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ingestion.sample import emotion_visualizer_covidaffect, emotion_visualizer_school
from ingestion.sample.build import run
from ingestion.sample.files import FLOAT, TEXT, TEXTS, TIME, SampleFile

# The columns of the source's own table, in the order of its document; neither study holds the texts.
EMOTION_ENTRY = {
    **{"id": TEXT, "user_id": TEXT, "situation": TEXT, "emotions": TEXTS, "intensity": FLOAT},
    **{"notes": TEXT, "source": TEXT, "intake_session_id": TEXT, "created_at": TIME, "updated_at": TIME},
}


def sample_files(public_data: Path) -> list[SampleFile]:
    """Read the public data and map it; nothing is written."""
    moods = emotion_visualizer_covidaffect.entry_rows(public_data)
    school_days = emotion_visualizer_school.entry_rows(public_data)
    return [
        SampleFile("emotion_entries/covidaffect.parquet", EMOTION_ENTRY, moods),
        SampleFile("emotion_entries/school_days.parquet", EMOTION_ENTRY, school_days),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample; exit code 2 on bad input."""
    return run("EmotionVisualizer", sample_files, argv)


if __name__ == "__main__":
    sys.exit(main())
