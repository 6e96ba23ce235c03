"""MovieLens ratings as New Smell's events: a trial at volume, with real people's habits.

ratings.csv.gz and movies.csv -> source files of events, perfumes and notes.

Mapping: a rating is a RATING_COMPLETED, a film a perfume, its genres the notes. Half a star becomes one, the least
New Smell knows. A session goes on while gaps are at most 30 minutes. A timestamp that is no number stays as it is.
"""

from datetime import date
from pathlib import Path

import pandas as pd

from tests.events import EVENTS, Row, write_csv

AS_OF = date(2016, 12, 31)
RATINGS = 100_835
"""Ratings whose timestamp is one."""
UNREADABLE = 1


def write(public: Path, folder: Path) -> None:
    """Write the source files of the data set in `public` into `folder`."""
    ratings = pd.read_csv(public / "ratings.csv.gz", dtype={"userId": str, "movieId": str, "timestamp": str})
    write_csv(folder, records(events(ratings)))
    movies = pd.read_csv(public / "movies.csv", dtype=str)
    catalogue = pd.DataFrame({"id": movies.movieId}).reindex(
        columns=["id", "name", "houseId", "perfumeType", "concentration", "price"]
    )
    write_csv(folder, records(catalogue), "Perfume")
    genres = movies.assign(noteId=movies.genres.str.split("|")).explode("noteId")
    notes = pd.DataFrame({"perfumeId": genres.movieId, "noteId": genres.noteId, "noteType": "heart"})
    write_csv(folder, records(notes), "PerfumeNote")


def events(ratings: pd.DataFrame) -> pd.DataFrame:
    """One event per rating."""
    seconds = pd.to_numeric(ratings.timestamp, errors="coerce")
    ordered = ratings.assign(seconds=seconds).sort_values(["userId", "seconds"])
    gap = ordered.groupby("userId").seconds.diff().gt(30 * 60)
    session = ordered.userId + "-" + gap.groupby(ordered.userId).cumsum().astype(str)
    moments = pd.to_datetime(seconds, unit="s", utc=True).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = pd.DataFrame(
        {
            "id": ratings.userId + "-" + ratings.movieId,
            "userId": ratings.userId,
            "sessionId": session.reindex(ratings.index),
            "perfumeId": ratings.movieId,
            "value": ratings.rating.clip(lower=1),
            "timestamp": moments.fillna(ratings.timestamp),
        }
    )
    constants = {"eventType": "RATING_COMPLETED", "eventCategory": "RATING", "path": "/rate", "eventData": "{}"}
    return rows.assign(**constants).reindex(columns=EVENTS.source_columns)


def records(frame: pd.DataFrame) -> list[Row]:
    """Rows with None for missing."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
