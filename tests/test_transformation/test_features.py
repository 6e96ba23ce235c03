"""Nothing leaks into a feature vector that had not happened, or not arrived, by its date and version.

planted source -> built as of a day -> rows that happen later, then rows that arrive late for days before, each with a
build -> the versions kept of the first day, beside a clean computation in pandas from the rows so far.

    pytest tests/test_transformation/test_features.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from ingestion.credentials import pseudonym_key
from ingestion.privacy import Pseudonymiser
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from tests import planted, reference_features
from tests.dbt_builds import build
from tests.events import Row, event, load, write_csv, write_jsonl
from tests.reference_marts import read_staged

FIRST, SECOND, LAST = (planted.AS_OF + timedelta(days=days) for days in (0, 2, 3))
Version = tuple[str, int]
VERSIONS = """
select user_key::text, version, vocabulary_id, features, known_events_load_id, known_session_rows_load_id,
    known_users_load_id
from behavior.user_feature_vector_versions
where feature_date = %s
"""
CURRENT = "select user_key::text, features from behavior.user_feature_vectors where feature_date = %s"


@dataclass
class History:
    """What was kept of each feature date after each step, and what pandas says of it then."""

    kept: dict[tuple[str, date], dict[Version, tuple[Any, ...]]] = field(default_factory=dict)
    current: dict[tuple[str, date], pd.DataFrame] = field(default_factory=dict)
    clean: dict[tuple[str, date], pd.DataFrame] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def new_since(self, before: str, after: str, day: date) -> set[Version]:
        """Versions of `day` that one step has and an earlier one has not."""
        return self.kept[after, day].keys() - self.kept[before, day].keys()


@pytest.fixture(scope="module")
def history(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[History]:
    """The planted source and what arrived after it, built step by step."""
    folder, found = tmp_path_factory.mktemp("features"), History()
    with staged_database(folder / "home") as settings:
        Warehouse(settings).up()

        def step(name: str, as_of: date, *options: str) -> None:
            build(settings, as_of, "--select", "+user_features", *options)
            with Warehouse(settings).connect("owner") as connection:
                look(found, name, connection)

        planted.plant(folder / "source")
        load(settings, folder / "source")
        step("first", FIRST)
        load(settings, write_csv(folder / "later", happened_later()).parent)
        step("later", SECOND)
        write_csv(folder / "late", arrived_late())
        write_csv(folder / "late", [{"id": "user-07", "createdAt": "2024-01-01T00:00:00Z"}], "User")
        write_jsonl(folder / "late", [session_row("session-of-one", "user-of-one")], "UserSession")
        load(settings, folder / "late")
        step("late", LAST)
        step("back", FIRST)
        step("forth", LAST)
        load(settings, write_jsonl(folder / "handed", [session_row("session-of-one", "user-00")], "UserSession").parent)
        step("handed over", LAST)
        step("afresh", LAST, "--full-refresh")
        found.keys = pseudonyms(settings)
        with Warehouse(settings).connect("owner") as connection:
            connection.execute("insert into ops.erasures values ('new_smell', %s, 1)", [found.keys["user-00"]])
        step("erased", LAST)
        yield found


def pseudonyms(settings: Settings) -> dict[str, str]:
    """Keys of the users the tests speak of."""
    key = Pseudonymiser(pseudonym_key(settings.home), "new_smell")
    names = [f"user-{number:02d}" for number in range(20)] + ["user-new", "user-of-one", "user-unheard"]
    return {name: key.one("user", name) for name in names}


def look(found: History, name: str, connection: psycopg.Connection) -> None:
    """Write down every feature date."""
    staged = read_staged(connection)
    for day in (FIRST, SECOND, LAST):
        rows = connection.execute(VERSIONS, [day]).fetchall()
        found.kept[name, day] = {(row[0], row[1]): row[2:] for row in rows}
        table = reference_features.feature_table(staged, day)
        vectors = dict(connection.execute(CURRENT, [day]).fetchall())
        found.current[name, day] = pd.DataFrame.from_dict(vectors, orient="index", columns=table.columns).sort_index()
        found.clean[name, day] = table


def moment(day: date, clock: str = "10:00:00.000") -> str:
    return f"{day.isoformat()}T{clock}+00:00"


def happened_later() -> list[Row]:
    """Events after the first feature date, from its first millisecond on; of known users, of a new one."""
    days = [FIRST + timedelta(days=1), SECOND, LAST]
    users = [f"user-{number:02d}" for number in range(20)] + ["user-new"]
    types = ["PERFUME_VIEW", "COLLECTION_ADD", "RATING_COMPLETED", "TRADE_OFFERED"]
    categories = ["VIEW", "COLLECTION", "RATING", "CONVERSION"]
    return [
        event(
            number, id=f"later-{number}", userId=user, sessionId=f"later-{user}-{day}", perfumeId="perfume-03",
            timestamp=moment(day, "00:00:00.000"), eventType=types[number % 4], eventCategory=categories[number % 4],
            eventData="{}",
        )
        for number, (user, day) in enumerate((user, day) for user in users for day in days)
    ]  # fmt: skip


def arrived_late() -> list[Row]:
    """Events of days up to the first feature date, to its last millisecond.

    user-04's tells nothing new; user-of-one has nothing but one session, which the application gives to somebody else
    later still.
    """
    changes: list[Row] = [
        {"userId": "user-01", "timestamp": moment(FIRST, "23:59:59.999"), "perfumeId": "perfume-01"},
        {"userId": "user-02", "timestamp": moment(FIRST - timedelta(days=29)), "eventType": "WISHLIST_ADD",
         "eventCategory": "WISHLIST"},
        {"userId": "user-03", "timestamp": moment(FIRST - timedelta(days=200)), "eventType": "COLLECTION_ADD",
         "eventCategory": "COLLECTION"},
        {"userId": "user-04", "timestamp": moment(FIRST - timedelta(days=200)), "eventType": "BACK_BUTTON",
         "eventCategory": "NAVIGATION"},
        {"userId": None, "sessionId": "session-of-one", "timestamp": moment(FIRST - timedelta(days=1))},
        {"userId": "user-05", "timestamp": moment(SECOND), "sessionId": "second"},
        {"userId": "user-unheard", "timestamp": moment(FIRST - timedelta(days=3))},
    ]  # fmt: skip
    return [
        event(number, **({"id": f"late-{number}", "sessionId": f"late-{number}", "eventData": "{}"} | change))
        for number, change in enumerate(changes)
    ] + [event(99, id="late-99", userId=None, sessionId="session-of-one", timestamp=moment(LAST), eventData="{}")]


def session_row(session: str, user: str | None) -> Row:
    """The application's row of a session."""
    flags = dict.fromkeys(("addedToWishlist", "addedToCollection", "completedRating", "completedReview"), False)
    return {
        "id": f"row-{session}",
        "sessionId": session,
        "userId": user,
        "startTime": moment(FIRST),
        **{"deviceType": "mobile", "browser": "b", "os": "o", "pageViews": 1, "perfumesViewed": 1, "interactions": 0},
        "bounced": True,
        **flags,
    }


STEPS = ("first", "later", "late", "back", "forth", "handed over", "afresh")
BUILT = [
    ("first", FIRST),
    *((step, day) for step in ("later", "late", "forth", "handed over") for day in (FIRST, SECOND)),
]


@pytest.mark.parametrize(("step", "day"), [*BUILT, ("late", LAST), ("handed over", LAST), ("back", FIRST)])
def test_current_vectors_are_those_of_a_clean_computation(history: History, step: str, day: date) -> None:
    found, clean = history.current[step, day], history.clean[step, day]
    assert list(found.index) == list(clean.index)
    np.testing.assert_allclose(found.astype(float), clean.astype(float), rtol=1e-9, atol=1e-12)


def test_rows_that_happen_later_leave_the_vectors_of_a_date_as_they_are(history: History) -> None:
    assert len(history.kept["first", FIRST]) > 50
    assert history.kept["later", FIRST] == history.kept["first", FIRST]
    assert len(history.kept["later", SECOND]) > len(history.kept["first", FIRST])


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_a_version_never_changes(history: History, day: date) -> None:
    for before, after in pairwise(STEPS):
        kept = history.kept[after, day]
        assert {version: kept[version] for version in history.kept[before, day]} == history.kept[before, day]


def test_late_rows_make_a_new_version_of_the_users_they_are_of(history: History) -> None:
    restated = {(history.keys[f"user-{number:02d}"], 2) for number in (1, 2, 3, 7)}
    unheard = {(history.keys[name], 1) for name in ("user-of-one", "user-unheard")}
    assert history.new_since("later", "late", FIRST) == restated | unheard
    assert history.new_since("later", "late", SECOND) == restated | unheard | {(history.keys["user-05"], 2)}


def test_a_new_version_knows_later_loads(history: History) -> None:
    kept, key = history.kept["late", FIRST], history.keys["user-01"]
    assert kept[key, 2][-3] > kept[key, 1][-3]


def test_going_back_and_forth_in_as_of_makes_no_version(history: History) -> None:
    for day in (FIRST, SECOND):
        assert history.kept["back", day] == history.kept["forth", day] == history.kept["late", day]


def test_a_user_who_turns_out_to_be_somebody_else_has_a_version_without_features(history: History) -> None:
    key = history.keys["user-of-one"]
    assert history.kept["late", FIRST][key, 1][1] is not None
    assert history.kept["handed over", FIRST][key, 2][1] is None
    assert key not in history.current["handed over", FIRST].index
    assert history.new_since("forth", "handed over", FIRST) == {(key, 2), (history.keys["user-00"], 2)}


def test_a_full_refresh_keeps_every_version(history: History) -> None:
    for day in (FIRST, SECOND, LAST):
        assert history.kept["afresh", day] == history.kept["handed over", day]


def test_vectors_of_an_erased_person_are_gone(history: History) -> None:
    for day in (FIRST, SECOND, LAST):
        gone = history.kept["afresh", day].keys() - history.kept["erased", day].keys()
        assert gone and {key for key, _ in gone} == {history.keys["user-00"]}


def test_the_planted_source_gives_every_feature_with_a_word_several_values(history: History) -> None:
    several = history.clean["late", LAST].nunique(dropna=False) > 1
    wordless = {"note": range(11, 26), "house": range(5, 16), "perfume_type": range(3, 10)}
    names = {f"{kind}_weight_{place:02d}" for kind, places in wordless.items() for place in places}
    assert set(several[~several].index) == names
