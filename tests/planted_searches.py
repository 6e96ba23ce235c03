"""What the planted searches lead to, and some searches more: results, clicks, filters, flags, times, and trends.

searches without an outcome, and the events -> searches, many moved to where their session has events, completed.

Among them: the same moment as an event or another search; half an hour of silence to the millisecond; flags that are
all false; clicks listed, logged, both and neither; texts longer than what is kept; texts searched more or
less every week.

    pytest tests/test_transformation/test_formulas.py
"""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.events import Row
from tests.planted_events import AS_OF, NOTES, PERFUMES, iso

SILENCE = timedelta(minutes=30)
FLAGS = ("foundDesired", "refinedQuery", "abandoned")
WEEKS = 10
"""Weeks of the texts with a trend, up to the one as_of is in."""


def with_outcomes(searches: list[Row], events: list[Row], seed: int) -> list[Row]:
    """The searches with their outcomes, and those of texts with a trend, which have none."""
    chance = random.Random(seed + 1)
    moments: dict[str, list[datetime]] = {}
    for row in events:
        if row["sessionId"]:
            moments.setdefault(row["sessionId"], []).append(datetime.fromisoformat(row["timestamp"]))
    completed = [row | outcome(chance) | placed(row, moments.get(row["sessionId"]), chance) for row in searches]
    pairs = [repeated(row, chance) for row in completed[::9]]
    return [*completed, *pairs, *trends(searches[0]), *long_texts(searches[0])]


def placed(row: Row, moments: list[datetime] | None, chance: random.Random) -> Row:
    """The search at, shortly before, or just too long before an event of its session."""
    if not moments or chance.random() < 0.3:
        return {}
    early = [timedelta(0), timedelta(seconds=chance.randint(1, 1200)), SILENCE, SILENCE + timedelta(milliseconds=1)]
    return {"timestamp": iso(chance.choice(moments) - chance.choice(early))}


def outcome(chance: random.Random) -> Row:
    """Results, clicks, filters, flags and times; every one may be missing."""
    count = chance.choice([None, 0, 0, chance.randint(1, 90)])
    clicks = chance.choice([0, 0, 0, 1, 3]) if count else 0
    flags = dict.fromkeys(FLAGS, False)
    if chance.random() < 0.5:
        flags |= dict.fromkeys(chance.sample(FLAGS, chance.choice([1, 1, 2])), True)
    return flags | {
        "resultsCount": count,
        "resultsShown": None if count is None else min(count, 20),
        "clickedPositions": [chance.randint(1, 20) for _ in range(clicks)],
        "clickedPerfumes": chance.sample(PERFUMES, clicks),
        "timeToFirstClick": chance.randint(0, 60_000) if clicks and chance.random() < 0.5 else None,
        "timeOnResults": chance.choice([None, None, chance.randint(0, 600_000)]),
        "filters": filters(chance),
    }


def filters(chance: random.Random) -> dict[str, Any]:
    """Filters as the document shapes them."""
    return chance.choice(
        [
            {},
            {"houses": ["house-a"], "notes": chance.sample(NOTES, 2), "perfumeType": ["Extrait"]},
            {"priceRange": {"min": chance.randint(0, 50), "max": chance.randint(50, 300)}, "availability": True},
            {"availability": False, "tradeable": chance.random() < 0.5},
        ]
    )


def repeated(row: Row, chance: random.Random) -> Row:
    """Another search of the session: at the same time, soon after, after half an hour, or just later."""
    later = [timedelta(0), timedelta(seconds=5), SILENCE, SILENCE + timedelta(milliseconds=1)]
    moment = datetime.fromisoformat(row["timestamp"]) + chance.choice(later)
    return row | outcome(chance) | {"id": f"{row['id']}-again", "timestamp": iso(moment)}


def trends(like: Row) -> list[Row]:
    """Texts of three users: one searched more every week, one less, one as much."""
    counts = {"on the rise": lambda week: week + 1, "going down": lambda week: WEEKS - week, "steady": lambda _: 2}
    last = datetime.fromisoformat(f"{AS_OF}T12:00:00+00:00")
    return [
        like
        | {
            "id": f"trend-{text}-{week}-{number}", "sessionId": f"session-{text}-{week}-{number}",
            "userId": f"user-{number % 3:02d}", "queryText": text, "queryType": "text",
            "timestamp": iso(last - timedelta(weeks=WEEKS - 1 - week)),
        }
        for text, count in counts.items()
        for week in range(WEEKS)
        for number in range(count(week))
    ]  # fmt: skip


def long_texts(like: Row) -> list[Row]:
    """Texts of three users that differ after the 200 characters that count only."""
    moment = f"{AS_OF}T13:00:00.000+00:00"
    return [
        like
        | {
            "id": f"long-{number}", "sessionId": f"session-long-{number}", "userId": f"user-{number:02d}",
            "queryText": "x" * 200 + str(number), "queryType": "text", "timestamp": moment,
        }
        for number in range(3)
    ]  # fmt: skip
