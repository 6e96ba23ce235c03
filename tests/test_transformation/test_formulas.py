"""Every number of every mart, against an independent computation in pandas: all rows, all columns.

source files -> `load_system` -> one `dbt build` per data set -> marts as dbt built them | as `reference_marts` computes
them from staging. Counts, texts and times must be equal, fractions to 1e-9.

    pytest tests/test_transformation/test_formulas.py
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from ingestion.ledger import LoadResult
from ingestion.load import load_system
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import similarity
from tests import reference_churn
from tests.data_sets import DATA_SETS, GRAINS, PAIRS, REFERENCES, DataSet
from tests.dbt_builds import build, described, run
from tests.events import EVENTS, NEW_SMELL
from tests.reference_marts import read_staged
from tests.test_orchestration.test_similarity import by_hand

DOCUMENT = "marts that are compared, in the shape of the document"
LIVE = "counts rows that no build has folded in: test_live"
OF_OTHERS = "of the applications beside New Smell: test_traces"
EXEMPT = {
    "behavior.feature_dictionary": "names and positions of the features, which user_features shows",
    "behavior.feature_vocabularies": "the words of the features, which user_features shows",
    "behavior.perfume_features_document": DOCUMENT,
    "behavior.perfume_interaction_stats_document": DOCUMENT,
    "behavior.perfume_view_counts_live": LIVE,
    "behavior.perfume_wishlist_counts_live": LIVE,
    "behavior.search_queries_document": DOCUMENT,
    "behavior.session_metrics_live": LIVE,
    "behavior.user_behavior_profiles_document": DOCUMENT,
    "behavior.user_feature_vector_versions": "keeps what was built before: test_features",
    "behavior.user_feature_vectors_document": DOCUMENT,
    "behavior.user_features_document": DOCUMENT,
    "behavior.user_feature_vectors": "the values that user_features shows by name",
    "behavior.user_perfume_interactions_document": DOCUMENT,
    "behavior.user_preference_features": "values that user_features shows by name",
    "behavior.user_similarity": "filled after dbt, and compared below",
    "behavior.user_wishlist_sizes_live": LIVE,
    "core.emotion_labels_unknown": OF_OTHERS,
    "core.emotion_timeline": OF_OTHERS,
}
"""Marts without a reference, and why."""
NOISE = 1e-12
"""A smaller weight may be what rounding leaves of likes and dislikes that cancel: not required, not forbidden."""
CONSTANT = {
    "core.sessions": {"system", "reported_events"},
    "core.sessions_by_inactivity": {"system"},
    "core.model_parameters": {"model", "fit_date", "log_likelihood", "n"},
    "intermediate.int_repeat_days": {"fit_date", "users"},
    "behavior.user_behavior_profiles": {"as_of_date", "updated_at"},
    "behavior.user_engagement_features": {"as_of_date"},
    "behavior.user_features": {"feature_date"},
    "behavior.user_perfume_interactions": {"as_of_date", "review_sentiment"},
    "behavior.user_segments": {"week_end"},
    "behavior.user_session_patterns": {"as_of_date"},
    "behavior.perfume_interaction_stats": {"as_of_date", "updated_at", "total_comments"},
    "behavior.perfume_features": {"as_of_date", "review_sentiment"},
    "behavior.active_users": {"as_of_date"},
    "behavior.search_popularity": {"as_of_date"},
    "behavior.trending_perfumes": {"as_of_date", "updated_at"},
    "behavior.trend_analysis": {"as_of_date"},
}
"""Columns of a mart that hold one value in the planted data: it is of one system and one day, no two of its users are
alike, and nobody tells what comments there are or how reviews sound."""
VECTORS = "select user_key::text, document -> 'featureVector' from behavior.user_behavior_profiles_document"
USER_FEATURES = "select user_key::text, document from behavior.user_features_document"
VECTOR_FIELDS = "select user_key::text, document from behavior.user_feature_vectors_document"
NEIGHBOURS = (
    "select user_key::text, rank, similar_user_key::text, similarity from behavior.user_similarity order by 1, 2"
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Built:
    """A data set, the load of its events, and its marts twice."""

    data: DataSet
    events: LoadResult
    settings: Settings
    """Of its warehouse, which stays for the other tests of the data set."""
    dbt: dict[str, pd.DataFrame]
    pandas: dict[str, pd.DataFrame]
    vectors: dict[str, list[float | None]]
    """`featureVector` of every user's document."""


@pytest.fixture(scope="module")
def built_once(
    staged_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Built]]:
    """Gives the marts of a data set, which are built when they are first asked for."""
    with ExitStack() as databases:

        @cache
        def once(name: str) -> Built:
            folder = tmp_path_factory.mktemp(name)
            return built_from(DATA_SETS[name], databases.enter_context(staged_database(folder / "home")), folder)

        yield once


@pytest.fixture(params=DATA_SETS)
def built(request: pytest.FixtureRequest, built_once: Callable[[str], Built]) -> Built:
    """The marts of one data set."""
    return built_once(request.param)


def built_from(data: DataSet, settings: Settings, folder: Path) -> Built:
    """Load and build `data` in an empty warehouse; its files go into `folder`."""
    Warehouse(settings).up()
    source = settings
    if data.write:
        data.write(folder / "source")
        source = settings.with_sources({"new_smell": str(folder / "source")})
    events = next(result for result in load_system(source, NEW_SMELL) if result.entity == EVENTS.name)
    reference_churn.store_parameters(settings, data.as_of)
    build(settings, data.as_of, tested=True)
    with Warehouse(settings).connect("owner") as connection:
        reference = in_pandas(connection, data)
        found = {mart: table(connection, mart) for mart in GRAINS}
        vectors = dict(connection.execute(VECTORS).fetchall())
    return Built(data, events, settings, found, reference, vectors)


def in_pandas(connection: psycopg.Connection, data: DataSet) -> dict[str, pd.DataFrame]:
    """The marts as the references compute them."""
    staged = read_staged(connection)
    parts = [part for part in REFERENCES if part not in data.without]
    return {mart: frame for part in parts for mart, frame in part.marts(staged, data.as_of).items()}


def table(connection: psycopg.Connection, mart: str) -> pd.DataFrame:
    """A mart as dbt built it, without the load numbers that serve the builds only."""
    cursor = connection.execute(f"select * from {mart}".encode())
    names = [column.name for column in cursor.description or ()]
    frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
    return frame[[name for name in names if not name.startswith("_")]]


def rows_by_key(frame: pd.DataFrame, key: list[str]) -> dict[tuple[str, ...], Row]:
    """Rows with plain Python values, None for missing, by the texts of their key."""
    if "weight" in frame:
        frame = frame[frame.weight.astype(float) > NOISE]
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    keys = [tuple(str(row[name]) for name in key) for row in plain]
    assert [found for found, count in Counter(keys).items() if count > 1] == []
    return dict(zip(keys, plain, strict=True))


def equal(built: Any, expected: Any) -> bool:
    """Equality; to 1e-9 for fractions."""
    if isinstance(built, float) and isinstance(expected, float):
        return math.isclose(built, expected, rel_tol=1e-9, abs_tol=NOISE)
    if type(built).__name__ == "UUID":
        return str(built) == expected
    return bool(built == expected)


def differences(found: dict[tuple[str, ...], Row], expected: dict[tuple[str, ...], Row]) -> list[str]:
    """One line for every value that differs."""
    return [
        f"{'/'.join(key)} {name}: dbt {found[key][name]!r}, pandas {row[name]!r}"
        for key, row in expected.items()
        for name in sorted(row)
        if not equal(found[key][name], row[name])
    ]


@pytest.mark.parametrize(("built", "mart"), PAIRS, indirect=["built"])
def test_dbt_and_pandas_build_the_same_columns_and_rows(built: Built, mart: str) -> None:
    assert set(built.dbt[mart].columns) == set(built.pandas[mart].columns)
    found, expected = (rows_by_key(frame, GRAINS[mart]) for frame in (built.dbt[mart], built.pandas[mart]))
    assert sorted(found.keys() ^ expected.keys()) == []
    assert differences(found, expected) == []


def test_the_document_of_a_profile_holds_the_vector_in_order(built: Built) -> None:
    features = built.pandas["behavior.user_features"].sort_values("position")
    expected = {user: rows.value.tolist() for user, rows in features.groupby(features.user_key.astype(str))}
    assert built.vectors.keys() == expected.keys()
    for user, vector in built.vectors.items():
        assert len(vector) == len(expected[user]) == 111
        found = [math.nan if value is None else float(value) for value in vector]
        assert found == pytest.approx(expected[user], rel=1e-9, abs=NOISE, nan_ok=True), user


def documents(built: Built, query: str) -> dict[str, Row]:
    """Documents by user."""
    with Warehouse(built.settings).connect("analyst") as connection:
        return dict(connection.execute(query.encode()).fetchall())


def test_the_vector_as_a_document_has_the_fields_the_document_names(built: Built) -> None:
    features = built.pandas["behavior.user_features"]
    by_user = {str(user): rows.set_index("name").value for user, rows in features.groupby("user_key")}
    found = documents(built, VECTOR_FIELDS)
    assert found.keys() == by_user.keys()
    for user, document in found.items():
        value = by_user[user]
        days = [f"{day}day_share" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")]
        expected = {
            "accountAge": value["account_age_days"], "totalSessions": value["total_sessions"],
            "responseTime": value["response_time_ms"], "hourOfDayActivity": list(value.filter(regex="^hour_[cs]")),
            "topNotePreferences": list(value.filter(regex="^note_weight")),
            "topHousePreferences": list(value.filter(regex="^house_weight")),
            "perfumeTypeMix": list(value.filter(regex="^perfume_type_weight")),
            "dayOfWeekActivity": list(value[days]),
        }  # fmt: skip
        assert len(document) == len(FIELDS_OF_THE_VECTOR) and document.keys() == FIELDS_OF_THE_VECTOR
        for field, wanted in expected.items():
            shown, told = (pd.Series(v if isinstance(v, list) else [v], dtype=float) for v in (document[field], wanted))
            np.testing.assert_allclose(shown, told, rtol=1e-9, atol=NOISE, err_msg=field)


FIELDS_OF_THE_VECTOR = {
    "accountAge", "totalSessions", "avgSessionDuration", "totalPageViews", "perfumeViewRate", "searchRate",
    "interactionRate", "collectionSize", "wishlistSize", "ratingsCount", "reviewsCount", "avgRatingValue",
    "collectionGrowthRate", "topNotePreferences", "topHousePreferences", "pricePointIndex", "perfumeTypeMix",
    "explorationScore", "tradingActivity", "socialActivity", "contentCreation", "responseTime", "dayOfWeekActivity",
    "hourOfDayActivity",
}  # fmt: skip
FIELDS_OF_A_USER = {
    "userId", "accountAge", "ratingHistory", "reviewSentiment", "wishlistComposition", "collectionComposition",
    "viewHistory", "searchHistory", "browsingPatterns", "sessionMetrics", "interactionDepth", "contentContribution",
    "profileViews", "collectionViews", "tradingReputation",
}  # fmt: skip


def test_the_features_of_a_user_as_a_document_are_those_of_the_marts(built: Built) -> None:
    found = documents(built, USER_FEATURES)
    pairs, engagement = (built.pandas[f"behavior.user_{m}"] for m in ("perfume_interactions", "engagement_features"))
    patterns = built.pandas["behavior.user_session_patterns"].groupby("user_key").day_part.agg(set)
    owned = pairs[pairs.in_collection].groupby("user_key").perfume_id.agg(sorted)
    wished = pairs[pairs.in_wishlist].groupby("user_key").perfume_id.agg(sorted)
    rated = pairs[pairs.has_rated].set_index(["user_key", "perfume_id"]).rating_value
    viewed = pairs[pairs.view_count > 0].groupby("user_key").view_count.sum()
    assert found.keys() == set(engagement.user_key.astype(str))
    for row in engagement.to_dict("records"):
        user = row["user_key"]
        document = found[str(user)]
        assert document.keys() == FIELDS_OF_A_USER
        assert document["collectionComposition"] == owned.get(user, [])
        assert document["wishlistComposition"] == wished.get(user, [])
        assert {part["dayPart"] for part in document["browsingPatterns"]} == patterns.get(user, set())
        assert sum(view["viewCount"] for view in document["viewHistory"]) == viewed.get(user, 0)
        for rating in document["ratingHistory"]:
            stars = rated[user, rating["perfumeId"]]
            assert equal(rating["ratingValue"], None if pd.isna(stars) else stars)
        assert len(document["ratingHistory"]) == (len(rated[user]) if user in rated.index.levels[0] else 0)
        for field in ("profileViews", "collectionViews", "contentContribution"):
            assert document[field] == row[re.sub("([A-Z])", r"_\1", field).lower()]


def test_the_marts_are_of_every_event_but_the_bad_ones(built: Built) -> None:
    events = built.events
    assert (events.inserted, events.unchanged, events.quarantined) == built.data.events


@pytest.mark.parametrize("built", ["planted"], indirect=True)
@pytest.mark.parametrize("mart", GRAINS)
def test_in_the_planted_data_every_column_takes_several_values(built: Built, mart: str) -> None:
    values = built.pandas[mart].nunique(dropna=False)
    assert set(values[values < 2].index) == CONSTANT.get(mart, set())


@pytest.mark.parametrize("built", ["planted"], indirect=True)
def test_every_mart_has_a_reference_or_a_reason_to_have_none(built: Built) -> None:
    nodes = described()["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"]
    marts = {f"{node['schema']}.{node['name']}" for node in models}
    assert marts == EXEMPT.keys() | {mart for mart in GRAINS if not mart.startswith("intermediate.")}
    assert not EXEMPT.keys() & GRAINS.keys()


@pytest.mark.parametrize("built", ["planted"], indirect=True)
def test_the_unit_tests_of_the_models_pass(built: Built) -> None:
    """They ask the database for the columns of what the models read, so it must be built."""
    done = run(built.settings, built.data.as_of, "test", "--select", "test_type:unit")
    tested = {result.node.unique_id for result in done.result.results}
    written = described()["unit_tests"].keys()
    assert written and not written - tested


@pytest.mark.parametrize("built", ["planted"], indirect=True)
def test_similar_users_are_those_of_all_cosines_among_users_active_in_90_days(built: Built) -> None:
    for _ in range(2):  # the second time takes the place of the first
        similarity.refresh(built.settings, built.data.as_of)
    with Warehouse(built.settings).connect("analyst") as connection:
        rows = connection.execute(NEIGHBOURS).fetchall()
        users = dict(
            connection.execute("select user_key::text, features from behavior.user_feature_vectors").fetchall()
        )
    active = sorted(key for key, features in users.items() if features[91] is not None and features[91] < 90)
    assert 30 < len(active) < len(users)
    scores = similarity.standardised(np.array([users[key] for key in active], dtype=float))
    expected = [
        (active[row], rank, active[other], pytest.approx(cosine, abs=1e-11))
        for row, others in by_hand(scores).items()
        for rank, (other, cosine) in enumerate(others, 1)
    ]
    assert rows == expected
