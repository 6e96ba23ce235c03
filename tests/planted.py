"""A New Smell of chance, with everything that makes the marts' numbers hard: the whole source folder.

seed -> events (`planted_events`), and the session rows, searches, recommendations, catalogue and users beside them ->
files as the application would export them.

    pytest tests/test_transformation/test_formulas.py
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.events import Row, write_csv, write_jsonl, write_parquet
from tests.planted_events import (
    AS_OF,
    BAD_EVENTS,
    DAYS,
    EARLY_USERS,
    HOUSES,
    NOTES,
    PERFUMES,
    SEED,
    SESSIONS,
    START,
    PlantedEvents,
    iso,
)
from tests.planted_searches import with_outcomes

__all__ = ["AS_OF", "BAD_EVENTS", "REPEATED_EVENTS", "plant"]

REPEATED_EVENTS = 5
TEXTS = [
    "rose oud", "Rose  Oud ", " ROSE\tOUD", "Müguet", "MÜGUET", "vetiver", "Vetiver", "amber", "zebra wood",
    "Zebra-wood", "fresh", "été", "ÉTÉ", "iris", "fig leaf", "tea", "sea salt", "only me", "nobody else", "(rare)",
]  # fmt: skip
RESPONSES = ("addedToWishlist", "addedToCollection", "rated", "hidPerfume", "reportedIrrelevant")
FLAG_FIELDS = ("addedToWishlist", "addedToCollection", "completedRating", "completedReview")


def plant(folder: Path, seed: int = SEED) -> None:
    """Write the whole source into `folder`."""
    planted = Planted(random.Random(seed))
    events = [*planted.events(), *planted.bad_events()]
    events += events[:REPEATED_EVENTS]
    write_parquet(folder, events)
    write_csv(folder, planted.session_rows(events), "UserSession")
    write_jsonl(folder, with_outcomes(planted.searches(), events, seed), "SearchQuery")
    write_jsonl(folder, planted.recommendations(), "RecommendationFeedback")
    write_csv(folder, planted.perfumes(), "Perfume")
    write_csv(folder, planted.perfume_notes(), "PerfumeNote")
    write_csv(folder, planted.notes(), "Note")
    write_csv(folder, planted.sign_ups(), "User")


class Planted(PlantedEvents):
    """Source rows of every entity."""

    def session_rows(self, events: list[Row]) -> list[Row]:
        """The application's rows of most sessions, many with a mistake; some of sessions without events."""
        by_session: dict[str, list[Row]] = {}
        for row in sorted(events, key=lambda row: (row["timestamp"], row["id"])):
            by_session.setdefault(row["sessionId"], []).append(row)
        by_session.pop(None, None)  # type: ignore[call-overload]
        known = {session: rows for session, rows in by_session.items() if self.chance.random() < 0.7}
        known |= {f"session-silent-{number}": [] for number in range(15)}
        return [self.session_row(session, rows) for session, rows in known.items()]

    def session_row(self, session: str, rows: list[Row]) -> Row:
        """The application's row of one session with the events `rows`."""
        chance = self.chance
        types = {row["eventType"] for row in rows}
        users = [row["userId"] for row in rows if row["userId"]] or chance.choice([[], [self.visitor()]])
        viewed = {row["perfumeId"] for row in rows if row["eventType"] == "PERFUME_VIEW"}
        views = sum(row["eventCategory"] == "VIEW" for row in rows)
        acts = sum(row["eventCategory"] in ("RATING", "REVIEW", "COLLECTION") for row in rows)
        silent = START + timedelta(days=chance.randint(0, DAYS), minutes=chance.randint(0, 1439))
        row: Row = {
            "id": f"row-{session}", "sessionId": session, "userId": users[0] if users else None,
            "startTime": rows[0]["timestamp"] if rows else iso(silent),
            "endTime": rows[-1]["timestamp"] if rows else chance.choice([None, iso(silent + timedelta(minutes=9))]),
            "duration": chance.choice([None, 540]), "deviceType": chance.choice(["mobile", "tablet", "desktop"]),
            "browser": "Firefox", "os": "Linux", "location": chance.choice([None, "KE"]),
            "referrer": chance.choice([None, "https://example.com/"]), "exitPage": chance.choice([None, "/bye"]),
            "pageViews": views, "perfumesViewed": len(viewed), "interactions": acts,
            "addedToWishlist": "WISHLIST_ADD" in types, "addedToCollection": "COLLECTION_ADD" in types,
            "completedRating": "RATING_COMPLETED" in types, "completedReview": "REVIEW_SUBMITTED" in types,
            "bounced": views <= 1,
        }  # fmt: skip
        return row | chance.choice([{}, {}, {}, self.mistake(row)])

    def mistake(self, row: Row) -> Row:
        """One thing the application counted otherwise."""
        name = self.chance.choice(["userId", "pageViews", "perfumesViewed", "interactions", "bounced", *FLAG_FIELDS])
        if name == "userId":
            return {"userId": None if row["userId"] else self.visitor()}
        return {name: not row[name] if isinstance(row[name], bool) else row[name] + 1}

    def searches(self) -> list[Row]:
        """Searches of sessions with events, whoever they belong to, and of sessions without; rare and just not rare."""
        chance, rows = self.chance, []
        for number in range(600):
            session = chance.choice([f"session-{chance.randrange(SESSIONS):04d}"] * 4 + [f"session-search-{number}"])
            text = "" if chance.random() < 0.1 else chance.choice(TEXTS)
            moment = START + timedelta(days=chance.uniform(0, DAYS))
            rows.append(self.search_row(session, chance.choice([None, self.visitor()]), text, moment))
        for text, day, count in (("three of us", 60, 3), ("two of us", 60, 2), ("two of us", 80, 4)):
            for number in range(count):
                moment = START + timedelta(days=day)
                rows.append(self.search_row(f"session-{text}-{number}", f"user-{number:02d}", text, moment))
        return [row | {"id": f"search-{number}"} for number, row in enumerate(rows)]

    def search_row(self, session: str, user: str | None, text: str, moment: datetime) -> Row:
        """One search; an empty text is a search by filters only."""
        defaults = dict.fromkeys(("foundDesired", "refinedQuery", "abandoned"), False)
        return defaults | {
            "sessionId": session, "userId": user, "queryText": text, "queryType": "text" if text else "filter_only",
            "filters": {}, "resultsCount": None, "resultsShown": None, "clickedPositions": [], "clickedPerfumes": [],
            "timestamp": iso(moment),
        }  # fmt: skip

    def recommendations(self) -> list[Row]:
        """Recommended perfumes, two of them nowhere else; lists of two algorithms with every response, or none."""
        chance, rows = self.chance, []
        for number in range(400):
            if number % 4 == 0:
                shown = START + timedelta(days=chance.uniform(0, DAYS) if number % 8 else 69.999)
            algorithm = "random" if number % 12 < 8 else "nearest"
            clicked = chance.random() < (0.1 if algorithm == "random" else 0.5)
            waited = timedelta(milliseconds=chance.randint(0, 90_000))
            rows.append(
                {
                    "id": f"shown-{number}", "userId": self.visitor(), "recommendationId": f"list-{number // 4}",
                    "perfumeId": chance.choice([*PERFUMES[4:], "perfume-pushed", "perfume-pushed-2"]),
                    "source": "homepage" if number % 24 < 16 else "email", "algorithm": algorithm,
                    "position": number % 4 + 1, "viewed": clicked or number % 5 > 0, "clicked": clicked,
                    "confidence": number % 100 / 100 if number % 7 else None,
                    "similarityScore": number * 37 % 101 / 101 if number % 24 < 20 else None,
                    "thumbsUp": chance.choice([None, True, False]), "thumbsDown": chance.choice([None, None, True]),
                    "impressionTime": iso(shown + timedelta(hours=number % 4)),
                    "firstInteractionTime": iso(shown + timedelta(hours=number % 4) + waited) if clicked else None,
                    **{name: chance.random() < 0.2 for name in RESPONSES},
                }
            )  # fmt: skip
        return rows

    def notes(self) -> list[Row]:
        """The notes but one, of three families, or of none."""
        families = ["floral", "woody", None, "citrus"]
        return [
            {"id": note, "name": note.title(), "category": families[number % 4]}
            for number, note in enumerate(NOTES[:-1])
        ]

    def perfumes(self) -> list[Row]:
        """The catalogue, with gaps and prices on the bands' bounds."""
        prices = [49.99, 50, 99.99, 100, 200, 0, None]
        return [
            {
                "id": perfume, "name": None, "houseId": self.chance.choice([None, *HOUSES]),
                "perfumeType": self.chance.choice([None, "eau de parfum", "Extrait"]),
                "concentration": [None, "15 %", "30 %"][number % 3],
                "price": prices[number] if number < len(prices) else self.chance.randint(10, 300),
            }
            for number, perfume in enumerate([*PERFUMES, "perfume-unseen"])
        ]  # fmt: skip

    def perfume_notes(self) -> list[Row]:
        """Notes of the perfumes; some stand in two places of the pyramid."""
        return [
            {"perfumeId": perfume, "noteId": note, "noteType": place}
            for perfume, notes in self.notes_of.items()
            for number, note in enumerate(notes)
            for place in (("open", "base") if number == 0 else ("heart",))
        ]

    def sign_ups(self) -> list[Row]:
        """Users: all but two have signed up, some never did anything, the last ones came after the as_of day."""
        late = iso(datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC) + timedelta(days=1))
        early = iso(START - timedelta(days=3650))
        names = [user for user in self.kinds if user not in ("user-01", "user-07")]
        return [{"id": user, "createdAt": late if int(user[-2:]) >= EARLY_USERS else early} for user in names] + [
            {"id": "user-idle", "createdAt": early},
            {"id": "user-last-moment", "createdAt": late.replace("12T00:00:00.000", "11T23:59:59.999")},
        ]
