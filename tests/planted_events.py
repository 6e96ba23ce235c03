"""Some thousand random events of New Smell over 100 days, made to be hard on the marts' numbers.

random number generator -> sessions with their users and times -> event rows under the source's column names.

Among them: sessions that are anonymous, that sign in midway, that two users share; windows' ends and hours hit to the
millisecond; equal times; removals; ratings and views with their number in one place, two or none; perfumes, houses and
notes outside the catalogue; users who were away for weeks or years; all of it also after the as_of day.

    python -m tests.planted_events          prints how many events of each type there are
"""

import json
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, repeat
from typing import Any

from tests.events import EVENTS, Row

SEED = 20250311
START = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 100
AS_OF = date(2025, 3, 11)
USERS = 60
EARLY_USERS = 50
"""The others come after the as_of day only."""
SESSIONS = 520
BAD_EVENTS = 7
WINDOW_ENDS = (datetime(2025, 2, 10, tzinfo=UTC), datetime(2025, 3, 5, tzinfo=UTC), datetime(2025, 3, 12, tzinfo=UTC))
PERFUMES = [f"perfume-{number:02d}" for number in range(24)]
ELSEWHERE = ["perfume-x1", "perfume-x2", "perfume-x3"]
HOUSES = ["house-a", "house-b", "house-c", "house-d"]
NOTES = [f"note-{number}" for number in range(10)]
VIEW_SOURCES = (None, "direct", "search", "recommendation", "social", "external")
AGENDA = {
    "casual": {"PAGE_VIEW": 4, "PERFUME_VIEW": 4, "SEARCH_PERFORMED": 1, "BACK_BUTTON": 1, "PROFILE_VIEWED": 1},
    "fan": {
        "PERFUME_VIEW": 9, "HOUSE_VIEW": 2, "COLLECTION_VIEW": 1, "SEARCH_PERFORMED": 2, "SEARCH_REFINED": 1,
        "SEARCH_NO_RESULTS": 1, "SEARCH_RESULT_CLICKED": 2, "FILTER_APPLIED": 1, "IMAGE_VIEWED": 1, "IMAGE_ZOOMED": 1,
        "NOTES_EXPANDED": 2, "NOTES_COLLAPSED": 1, "SIMILAR_CLICKED": 1, "HOUSE_LINK_CLICKED": 1, "PAGE_VIEW": 2,
    },
    "critic": {
        "PERFUME_VIEW": 4, "RATING_STARTED": 1, "RATING_COMPLETED": 4, "RATING_UPDATED": 2, "REVIEW_STARTED": 1,
        "REVIEW_SUBMITTED": 2, "REVIEW_UPDATED": 1, "WISHLIST_ADD": 2, "COLLECTION_ADD": 1,
    },
    "collector": {
        "PERFUME_VIEW": 5, "WISHLIST_ADD": 3, "WISHLIST_REMOVE": 3, "COLLECTION_ADD": 3, "COLLECTION_REMOVE": 2,
        "COLLECTION_UPDATE": 1, "COLLECTION_SHARED": 1, "NAVIGATION_CLICK": 1,
    },
    "trader": {
        "PERFUME_VIEW": 5, "TRADE_INQUIRY": 1, "TRADE_OFFERED": 1, "TRADE_ACCEPTED": 1, "TRADE_DECLINED": 1,
        "PURCHASE_INITIATED": 1, "PURCHASE_COMPLETED": 1, "EXTERNAL_LINK": 1, "PAGE_VIEW": 1,
    },
}  # fmt: skip
CATEGORY_OF_PREFIX = {
    "RATING": "RATING", "REVIEW": "REVIEW", "WISHLIST": "WISHLIST", "SEARCH": "SEARCH", "FILTER": "FILTER",
    "TRADE": "CONVERSION", "PURCHASE": "CONVERSION",
}  # fmt: skip
CATEGORIES = {
    **dict.fromkeys(("PAGE_VIEW", "PERFUME_VIEW", "HOUSE_VIEW", "COLLECTION_VIEW"), "VIEW"),
    **dict.fromkeys(("COLLECTION_ADD", "COLLECTION_UPDATE", "COLLECTION_REMOVE"), "COLLECTION"),
    **dict.fromkeys(("NAVIGATION_CLICK", "BACK_BUTTON", "EXTERNAL_LINK"), "NAVIGATION"),
    **dict.fromkeys(("PROFILE_VIEWED", "COLLECTION_SHARED", "TRADE_INQUIRY"), "SOCIAL"),
}


def iso(moment: datetime) -> str:
    """A timestamp as the source writes it."""
    return moment.isoformat(timespec="milliseconds")


class PlantedEvents:
    """Event rows drawn from one random number generator."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.made = 0
        self.notes_of = {perfume: sorted(chance.sample(NOTES, chance.randint(0, 4))) for perfume in PERFUMES}
        self.kinds = {f"user-{number:02d}": chance.choice(list(AGENDA)) for number in range(USERS)}

    def events(self) -> list[Row]:
        """Events of all sessions, in order of session."""
        return [row for number in range(SESSIONS) for row in self.session(number)] + self.extremes()

    def session(self, number: int) -> list[Row]:
        """One session: its owner or owners, its times, its events."""
        chance = self.chance
        user = f"user-{chance.randint(EARLY_USERS, USERS - 1)}" if chance.random() < 0.05 else self.visitor()
        kind = self.kinds[user]
        length = 1 + int(chance.expovariate(1 / 6))
        moments = self.moments(user, length)
        holders = self.holders(user, length)
        types = chance.choices(list(AGENDA[kind]), list(AGENDA[kind].values()), k=length)
        rows = self.rows(f"session-{number:04d}", moments, holders, types)
        chance.shuffle(rows)
        return rows

    def rows(
        self, session: str, moments: Iterable[datetime], holders: Iterable[str | None], types: list[str]
    ) -> list[Row]:
        """The events of a session."""
        found = []
        for moment, holder, event_type in zip(moments, holders, types, strict=False):
            self.made += 1
            named = {"id": f"e{self.made:06d}", "sessionId": session, "userId": holder}
            found.append(self.event(event_type, timestamp=iso(moment), **named))
        return found

    def extremes(self) -> list[Row]:
        """Users on the bounds of the formulas: daily, all night, taking off only, trading to the tenth, after years."""
        days = [START + timedelta(days=day, hours=day % 24) for day in range(DAYS)]
        plans = [("daily", day, ["PERFUME_VIEW", "BACK_BUTTON"]) for day in days]
        plans += [("all-night", days[60 + night], list(AGENDA["fan"]) * 3) for night in range(4)]
        plans += [("taking-off", days[50], ["COLLECTION_REMOVE", "WISHLIST_REMOVE"] * 2)]
        plans += [("tenth", day, ["PAGE_VIEW"] * 3) for day in days[55:58]]
        plans += [("tenth", days[58], ["PURCHASE_COMPLETED"])]
        for user, years, later in (("faithful", (8, 4, 2), "COLLECTION_ADD"), ("haggling", (5, 4), "TRADE_OFFERED")):
            plans += [(user, days[60] - timedelta(days=365 * ago), ["PERFUME_VIEW"] * 3) for ago in years]
            plans += [(user, days[60], [later])]
        found: list[Row] = []
        for number, (user, start, types) in enumerate(plans):
            moments = [start + timedelta(minutes=place) for place in range(len(types))]
            found += self.rows(f"session-extreme-{number}", moments, repeat(f"user-{user}"), types)
        return found

    def visitor(self) -> str:
        """A user of the first days; some come often, some hardly ever."""
        return f"user-{min(int(self.chance.expovariate(1 / 12)), EARLY_USERS - 1):02d}"

    def moments(self, user: str, length: int) -> list[datetime]:
        """Times of a session; every third user stays away for the middle 45 days, newcomers for the first 71."""
        chance, number = self.chance, int(user[-2:])
        day = chance.uniform(0, DAYS)
        if number % 3 == 0 and 15 < day < 60:
            day += 45
        if number >= EARLY_USERS:
            day = chance.uniform(71, DAYS)
        start = START + timedelta(days=day)
        if number < EARLY_USERS and chance.random() < 0.08:
            start = chance.choice(WINDOW_ENDS) - timedelta(seconds=chance.randint(0, 900))
        elif number < EARLY_USERS and chance.random() < 0.02:
            start -= timedelta(days=chance.randint(700, 3000))
        found = [start.replace(microsecond=start.microsecond // 1000 * 1000)]
        while len(found) < length:
            step = timedelta(milliseconds=chance.choice([0, *(chance.randint(1, 400_000) for _ in range(9))]))
            found.append(found[-1] + step)
        if chance.random() < 0.2:
            found[-1] = found[-1].replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return self.apart(found)

    def apart(self, moments: list[datetime]) -> list[datetime]:
        """Some sessions hit a window's end to the millisecond."""
        for end in WINDOW_ENDS:
            for place, (before, after) in enumerate(pairwise(moments)):
                if before < end < after and self.chance.random() < 0.5:
                    moments[place + 1] = end
                    return sorted(moments)
        return moments

    def holders(self, user: str, length: int) -> list[str | None]:
        """Who is signed in at each event."""
        way = self.chance.choices(["signed in", "midway", "anonymous", "two users"], [6, 3, 2, 1])[0]
        middle = self.chance.randint(0, length)
        nobody: list[str | None] = [None]
        if way == "midway":
            return nobody * middle + [user] * (length - middle)
        if way == "anonymous":
            return nobody * length
        if way == "two users":
            signed_in = ([user] * middle + [self.visitor()] * (length - middle))[:length]
            # before the first signs in and after the second has signed out
            return nobody + signed_in[1:-1] + nobody if length > 3 else signed_in
        return [user if self.chance.random() < 0.9 else None for _ in range(length)]

    def event(self, event_type: str, **given: Any) -> Row:
        """One event of the type, its JSON included."""
        chance = self.chance
        prefix = event_type.split("_")[0]
        row: Row = dict.fromkeys(EVENTS.source_columns) | given
        row["eventType"] = event_type
        row["eventCategory"] = CATEGORIES.get(event_type) or CATEGORY_OF_PREFIX.get(prefix) or "ENGAGEMENT"
        row["path"] = f"/{prefix.lower()}/{chance.randint(0, 5)}?page=1"
        row["deviceType"] = chance.choice([None, None, "mobile", "tablet", "desktop"])
        row["referrer"] = chance.choice([None, None, "https://example.org/list?x=1"])
        row["perfumeId"] = chance.choice(PERFUMES if chance.random() < 0.9 else ELSEWHERE)
        details = DETAILS.get(event_type)
        data = details(self, row) if details else {}
        return row | {"eventData": json.dumps(data)}

    def page(self, row: Row) -> Row:
        """A page that lists perfumes, or is about a note, or about nothing."""
        row["perfumeId"] = None
        row["noteId"] = self.chance.choice([None, None, *NOTES[:4], "note-x"])
        return self.chance.choice([{}, {"shownPerfumeIds": self.chance.sample(PERFUMES, 3)}])

    def view(self, row: Row) -> Row:
        """A perfume's page, whose duration comes in one place, the other, both or not at all."""
        row["duration"] = self.chance.choice([None, self.chance.randint(500, 90_000)])
        row["houseId"] = "house-x" if row["perfumeId"] in ELSEWHERE[:2] else self.chance.choice([None, "house-z"])
        source = VIEW_SOURCES[self.made % len(VIEW_SOURCES)]
        told = {"scrollDepth": self.made % 101, "timeToInteraction": self.made % 7 * 900} if self.made % 3 else {}
        return {"viewDuration": self.chance.choice([None, self.chance.randint(500, 90_000)]), "source": source} | told

    def house(self, row: Row) -> Row:
        """A house's page."""
        row |= {"perfumeId": None, "houseId": self.chance.choice([*HOUSES, "house-y"])}
        row["noteId"] = self.chance.choice([None, None, NOTES[0]])
        return {}

    def search(self, row: Row) -> Row:
        """A search; perfumes may be shown twice, or be unknown otherwise."""
        row["perfumeId"] = None
        shown = self.chance.choices([*PERFUMES[:12], *ELSEWHERE[:2], "perfume-shown-only"], k=self.chance.randint(0, 5))
        return {"query": "rose", "resultsCount": 9, "resultsShown": len(shown), "shownPerfumeIds": shown}

    def rating(self, row: Row) -> Row:
        """A rating, whose stars come in one place, the other, both or not at all."""
        stars = [None, None, None, 1, 1.5, 2, 3, 3.5, 4, 5, 5]
        row["value"], overall = self.chance.choices(stars, k=2)
        return {"ratings": {"overall": overall, "longevity": 2}, "source": "detail_page"}

    def review(self, row: Row) -> Row:
        """A review with its text or, from older versions, without."""
        return {"reviewText": "x" * self.chance.randint(1, 400)} if self.chance.random() < 0.8 else {}

    def keep(self, row: Row) -> Row:
        """Something put on or taken off a list; a wishlist event may forget which perfume."""
        if row["eventCategory"] == "WISHLIST" and self.chance.random() < 0.1:
            row["perfumeId"] = None
        return {"source": "detail_page"} if row["eventCategory"] == "COLLECTION" else {}

    def purchase(self, row: Row) -> Row:
        """A purchase, mostly with its price."""
        row["value"] = self.made % 80 + 10.5 if self.made % 4 else None
        return {}

    def notes(self, row: Row) -> Row:
        """The notes of a perfume, one of which may be named."""
        row["noteId"] = self.chance.choice([None, *self.notes_of.get(row["perfumeId"], [])])
        return {"noteType": "heart", "expandDuration": 1200}

    def bad_events(self) -> list[Row]:
        """Events the gate must hold, at times and of users that would change every mart."""
        rows = []
        for number in range(BAD_EVENTS):
            moment = START + timedelta(days=60, hours=number)
            rows.append(self.event("WISHLIST_ADD", id=f"bad-{number}", userId="user-00", timestamp=iso(moment)))
        return rows


DETAILS = {
    "PAGE_VIEW": PlantedEvents.page,
    "COLLECTION_VIEW": PlantedEvents.page,
    "PERFUME_VIEW": PlantedEvents.view,
    "HOUSE_VIEW": PlantedEvents.house,
    "HOUSE_LINK_CLICKED": PlantedEvents.house,
    "SEARCH_PERFORMED": PlantedEvents.search,
    "SEARCH_REFINED": PlantedEvents.search,
    "SEARCH_NO_RESULTS": PlantedEvents.house,
    "RATING_COMPLETED": PlantedEvents.rating,
    "RATING_UPDATED": PlantedEvents.rating,
    "REVIEW_SUBMITTED": PlantedEvents.review,
    "WISHLIST_ADD": PlantedEvents.keep,
    "WISHLIST_REMOVE": PlantedEvents.keep,
    "COLLECTION_ADD": PlantedEvents.keep,
    "COLLECTION_UPDATE": PlantedEvents.keep,
    "COLLECTION_REMOVE": PlantedEvents.keep,
    "PURCHASE_COMPLETED": PlantedEvents.purchase,
    "NOTES_EXPANDED": PlantedEvents.notes,
    "NOTES_COLLAPSED": PlantedEvents.notes,
}


if __name__ == "__main__":
    print(Counter(row["eventType"] for row in PlantedEvents(random.Random(SEED)).events()))
