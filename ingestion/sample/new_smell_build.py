"""Build the bundled sample of New Smell from public data.

Data flow: three public data sets (folders `snowplow_ecommerce`, `excite_log`, `open_bandit`) ->
rows of the source's entities -> one file per entity, named as the source names it. Formats are
mixed so that the sample uses every file reader: Parquet, CSV and JSON Lines. The same input gives
the same bytes (with the locked pyarrow).

    python -m ingestion.sample.new_smell_build --from <public data> --to ingestion/sample/new_smell

Where each value comes from is listed in `README.md` beside this file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ingestion.sample import new_smell_excite, new_smell_open_bandit, new_smell_snowplow
from ingestion.sample.build import run
from ingestion.sample.files import FLAG, FLOAT, INT, TEXT, TIME, SampleFile

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


def main(argv: Sequence[str] | None = None) -> int:
    """Build the sample; exit code 2 on bad input."""
    return run("New Smell", sample_files, argv)


if __name__ == "__main__":
    sys.exit(main())
