"""Build the bundled sample of New Smell from public data.

Data flow: three public data sets (folders `snowplow_ecommerce`, `excite_log`, `open_bandit`) ->
rows of the source's entities -> one file per entity, named as the source names it. Formats are
mixed so that the sample uses every file reader: Parquet, CSV and JSON Lines. The same input gives
the same bytes (with the locked pyarrow).

    python -m ingestion.sample.new_smell_build --from <public data> --to ingestion/sample/new_smell

Where each value comes from is listed in `README.md` beside this file.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import MoodmartError, SourceError
from ingestion.sample import new_smell_excite, new_smell_open_bandit, new_smell_snowplow

Row = dict[str, Any]
Writer = Callable[["SampleFile", Path], None]

TEXT, INT, FLOAT, FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()
TIME = pa.timestamp("us", tz="UTC")

# The columns of the source's own tables, in the order of its document; a field that no data set
# holds stays null.
EVENT = {
    **{"id": TEXT, "userId": TEXT, "sessionId": TEXT, "eventType": TEXT, "eventCategory": TEXT},
    **{"timestamp": TIME, "perfumeId": TEXT, "houseId": TEXT, "noteId": TEXT, "eventData": TEXT},
    **{"deviceType": TEXT, "userAgent": TEXT, "referrer": TEXT, "path": TEXT},
    **{"duration": INT, "value": FLOAT},
}
FEEDBACK = {
    **{"id": TEXT, "userId": TEXT, "perfumeId": TEXT, "recommendationId": TEXT},
    **{"source": TEXT, "algorithm": TEXT, "position": INT},
    **{"viewed": FLAG, "clicked": FLAG, "addedToWishlist": FLAG, "addedToCollection": FLAG},
    **{"rated": FLAG, "thumbsUp": FLAG, "thumbsDown": FLAG, "hidPerfume": FLAG},
    **{"reportedIrrelevant": FLAG, "impressionTime": TIME, "firstInteractionTime": TIME},
    **{"confidence": FLOAT, "similarityScore": FLOAT},
}
SESSION = {
    **{"id": TEXT, "sessionId": TEXT, "userId": TEXT, "startTime": TIME, "endTime": TIME},
    **{"duration": INT, "deviceType": TEXT, "browser": TEXT, "os": TEXT, "location": TEXT},
    **{"referrer": TEXT, "pageViews": INT, "perfumesViewed": INT, "interactions": INT},
    **{"addedToWishlist": FLAG, "addedToCollection": FLAG, "completedRating": FLAG},
    **{"completedReview": FLAG, "exitPage": TEXT, "bounced": FLAG},
}
SEARCH = {
    **{"id": TEXT, "sessionId": TEXT, "userId": TEXT, "queryText": TEXT, "queryType": TEXT},
    **{"filters": TEXT, "resultsCount": INT, "resultsShown": INT},
    **{"clickedPositions": TEXT, "clickedPerfumes": TEXT},
    **{"timeToFirstClick": INT, "timeOnResults": INT},
    **{"foundDesired": FLAG, "refinedQuery": FLAG, "abandoned": FLAG, "timestamp": TIME},
}
PERFUME = {
    **{"id": TEXT, "name": TEXT, "houseId": TEXT, "perfumeType": TEXT},
    **{"concentration": TEXT, "price": FLOAT},
}
HOUSE = {"id": TEXT, "name": TEXT}
NOTE = {"id": TEXT, "name": TEXT, "category": TEXT}
PERFUME_NOTE = {"perfumeId": TEXT, "noteId": TEXT, "noteType": TEXT}
USER = {"id": TEXT, "createdAt": TIME}


@dataclass(frozen=True)
class SampleFile:
    """One file: its name, columns with their Arrow types, and rows. A missing key is null."""

    name: str
    columns: dict[str, pa.DataType]
    rows: list[Row]


def sample_files(public_data: Path) -> list[SampleFile]:
    """Read the public data and map it; nothing is written."""
    tracked = new_smell_snowplow.read_events(public_data)
    searches = new_smell_excite.read_searches(public_data)
    feedback = new_smell_open_bandit.feedback_rows(public_data)
    events = new_smell_snowplow.event_rows(tracked) + new_smell_excite.event_rows(searches)
    perfumes = new_smell_snowplow.perfume_rows(tracked)
    perfumes += new_smell_open_bandit.perfume_rows(feedback)
    return [
        SampleFile("UserInteractionEvent.parquet", EVENT, events),
        SampleFile("UserSession.csv", SESSION, new_smell_snowplow.session_rows(tracked)),
        SampleFile("SearchQuery.jsonl", SEARCH, new_smell_excite.query_rows(searches)),
        SampleFile("RecommendationFeedback.parquet", FEEDBACK, feedback),
        SampleFile("Perfume.csv", PERFUME, perfumes),
        SampleFile("PerfumeHouse.csv", HOUSE, new_smell_snowplow.house_rows(tracked)),
        SampleFile("Note.csv", NOTE, []),
        SampleFile("PerfumeNote.csv", PERFUME_NOTE, []),
        SampleFile("User.csv", USER, new_smell_snowplow.user_rows(tracked)),
    ]


def write_parquet(file: SampleFile, path: Path) -> None:
    """Write columns with their types, zstd compressed."""
    table = pa.Table.from_pylist(file.rows, schema=pa.schema(list(file.columns.items())))
    pq.write_table(table, path, compression="zstd", compression_level=19)


def write_csv(file: SampleFile, path: Path) -> None:
    """Write a header and a line per row; a null is an empty cell, times are ISO 8601 in UTC."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(file.columns)
        writer.writerows([_csv_cell(row.get(name)) for name in file.columns] for row in file.rows)


def write_jsonl(file: SampleFile, path: Path) -> None:
    """Write one JSON object per row with every column; an empty text is told from a null."""
    with path.open("w", encoding="utf-8", newline="") as out:
        for row in file.rows:
            cells = {name: row.get(name) for name in file.columns}
            line = json.dumps(cells, ensure_ascii=False, separators=(",", ":"), default=_utc_text)
            out.write(line + "\n")


WRITERS: dict[str, Writer] = {".parquet": write_parquet, ".csv": write_csv, ".jsonl": write_jsonl}


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return _utc_text(value) if isinstance(value, datetime) else value


def _utc_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build(public_data: Path, target: Path) -> list[SampleFile]:
    """Write every file to `target`. Raises `SourceError` when a public file is missing."""
    try:
        files = sample_files(public_data)
    except FileNotFoundError as error:
        raise SourceError(
            "no such file", str(error.filename), "README.md of the sample lists the public files"
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        path = target / file.name
        WRITERS[path.suffix](file, path)
    return files


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample and print rows and bytes per file; exit code 2 on bad input."""
    parser = argparse.ArgumentParser(description="Build the New Smell sample from public data.")
    parser.add_argument("--from", dest="public_data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--to", dest="target", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args(argv)
    try:
        files = build(arguments.public_data, arguments.target)
    except MoodmartError as error:
        print(error, file=sys.stderr)
        return 2
    for file in files:
        size = (arguments.target / file.name).stat().st_size
        print(f"{file.name:32} {len(file.rows):>6} rows {size:>9} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
