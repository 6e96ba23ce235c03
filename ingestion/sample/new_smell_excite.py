"""Map the Excite search log to New Smell searches and SEARCH_PERFORMED events.

Data flow: `excite-small.log` (user, yyMMddHHmmss, query; tab separated) -> `Search` -> sessions by
inactivity -> rows named by the source's own columns, in file order. The rules are listed for
readers in `README.md`. It runs as a part of

    python -m ingestion.sample.new_smell_build --from <public data> --to <folder>
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.sample.files import Row

LOG_FILE = Path("excite_log/excite-small.log")
SESSION_GAP = timedelta(minutes=30)
SEARCH_PATH = "/search"
"""A constant: the log records requests to one page without naming it, and an event needs a path."""

EMAIL = re.compile(r"[^\s\"<>@]+@[^\s\"<>@]+")
EMAIL_MASK = "[e-mail]"


@dataclass(frozen=True)
class Search:
    """One line of the log; e-mail addresses in the query are masked."""

    user_id: str
    time: str
    query: str

    @property
    def at(self) -> datetime:
        """The time of the search. The log names no zone: read as UTC."""
        return datetime.strptime(self.time, "%y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def digest(self) -> str:
        """A row id made of the content: a line logged twice becomes the same row sent twice."""
        content = "\t".join((self.user_id, self.time, self.query))
        return hashlib.sha256(content.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class PlacedSearch:
    """A search in its session; `before` and `after` are the next queries, None at the ends."""

    session_id: str
    before: str | None
    after: str | None


def read_searches(public_data: Path) -> list[Search]:
    """All lines of the log in file order, the duplicates included."""
    text = (public_data / LOG_FILE).read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.removesuffix("\n").split("\n"))
    return [Search(user, time, EMAIL.sub(EMAIL_MASK, query)) for user, time, query in lines]


def place_in_sessions(searches: list[Search]) -> dict[Search, PlacedSearch]:
    """Cut each user's searches into sessions where they pause over 30 minutes; duplicates once."""
    placed: dict[Search, PlacedSearch] = {}
    for session in _sessions(searches):
        session_id = f"{session[0].user_id}-{session[0].time}"
        queries = [None, *(search.query for search in session), None]
        for index, search in enumerate(session):
            placed[search] = PlacedSearch(session_id, queries[index], queries[index + 2])
    return placed


def _sessions(searches: list[Search]) -> Iterator[list[Search]]:
    session: list[Search] = []
    # The sort is stable: searches of one second keep the order of the log.
    for search in sorted(dict.fromkeys(searches), key=lambda search: (search.user_id, search.time)):
        if session and not _continues(session[-1], search):
            yield session
            session = []
        session.append(search)
    if session:
        yield session


def _continues(before: Search, search: Search) -> bool:
    return before.user_id == search.user_id and search.at - before.at <= SESSION_GAP


def is_refinement(before: str | None, query: str | None) -> bool:
    """Whether `query` reworks `before`: other words, at least one of them kept."""
    old, new = (set(re.findall(r"\w+", (text or "").lower())) for text in (before, query))
    return old != new and bool(old & new)


def query_rows(searches: list[Search]) -> list[Row]:
    """SearchQuery rows, one per line of the log."""
    placed = place_in_sessions(searches)
    return [
        {
            "id": f"search-{search.digest}",
            "sessionId": placed[search].session_id,
            "userId": search.user_id,
            "queryText": search.query,
            "queryType": "text",
            "foundDesired": False,
            "refinedQuery": is_refinement(search.query, placed[search].after),
            "abandoned": False,
            "timestamp": search.at,
        }
        for search in searches
    ]


def event_rows(searches: list[Search]) -> list[Row]:
    """UserInteractionEvent rows, one SEARCH_PERFORMED per line of the log."""
    placed = place_in_sessions(searches)
    return [
        {
            "id": f"event-{search.digest}",
            "userId": search.user_id,
            "sessionId": placed[search].session_id,
            "eventType": "SEARCH_PERFORMED",
            "eventCategory": "SEARCH",
            "timestamp": search.at,
            "eventData": _event_data(search, placed[search].before),
            "path": SEARCH_PATH,
        }
        for search in searches
    ]


def _event_data(search: Search, before: str | None) -> str:
    data: Row = {"query": search.query}
    if before is None:
        data["searchType"] = "initial"
    else:
        data["previousQuery"] = before
        if is_refinement(before, search.query):
            data["searchType"] = "refinement"
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
