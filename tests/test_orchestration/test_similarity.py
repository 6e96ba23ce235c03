"""Neighbours of users, against every cosine computed one by one; ties, zeros and unknown values; the mart.

pytest tests/test_orchestration/test_similarity.py
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib.similarity import nearest, refresh, standardised
from tests import planted
from tests.dbt_builds import build
from tests.events import load

Neighbours = dict[int, list[tuple[int, float]]]


def found(scores: np.ndarray, count: int = 20) -> Neighbours:
    return {
        row: list(zip(others.tolist(), cosines.tolist(), strict=True))
        for row, others, cosines in nearest(scores, count)
    }


def by_hand(scores: np.ndarray, count: int = 20) -> Neighbours:
    """Every pair by scipy, sorted."""
    some = [row for row in range(len(scores)) if scores[row].any()]
    pairs = {row: [(1 - cosine(scores[row], scores[o]), o) for o in some if o != row] for row in some}
    ranked = {row: sorted((-round(c, 12), o) for c, o in others)[:count] for row, others in pairs.items()}
    return {row: [(o, -c) for c, o in others] for row, others in ranked.items()}


def test_columns_are_standardised_over_what_is_known_and_useless_ones_dropped() -> None:
    features = np.array([[1, 5, np.nan, np.nan], [3, 5, 2, np.nan], [5, 5, 4, np.nan]])
    spread = np.sqrt(8 / 3)
    np.testing.assert_allclose(standardised(features), [[-2 / spread, 0], [0, -1], [2 / spread, 1]])


@pytest.mark.parametrize("rows", [1, 2, 15, 300])
def test_neighbours_are_those_of_all_cosines(rows: int) -> None:
    scores = np.random.default_rng(rows).standard_normal((rows, 7))
    assert_same(found(scores), by_hand(scores))


def test_ties_go_by_row_and_a_row_of_zeros_has_no_neighbours() -> None:
    scores = np.repeat(np.random.default_rng(5).standard_normal((4, 6)), 30, axis=0)
    scores[7] = 0
    neighbours = found(scores)
    assert_same(neighbours, by_hand(scores))
    assert [other for other, _ in neighbours[0]] == [*range(1, 7), *range(8, 22)]
    assert 7 not in neighbours


def test_many_rows_are_looked_through_by_their_peaks() -> None:
    scores = np.round(np.random.default_rng(9).standard_normal((4000, 5)), 1)
    scores[100:200] = scores[0]
    neighbours = found(scores)
    units = scores / np.linalg.norm(scores, axis=1, keepdims=True)
    for row in (0, 1, 150, 3999):
        cosines = np.round(units @ units[row], 12)
        cosines[row] = -2
        assert [other for other, _ in neighbours[row]] == sorted(range(4000), key=lambda o: (-cosines[o], o))[:20]


def assert_same(neighbours: Neighbours, expected: Neighbours) -> None:
    assert neighbours.keys() == expected.keys()
    for row, others in expected.items():
        assert [other for other, _ in neighbours[row]] == [other for other, _ in others]
        assert [c for _, c in neighbours[row]] == pytest.approx([c for _, c in others], abs=1e-11)


@pytest.fixture(scope="module")
def compared(
    own_database: Callable[[Path], AbstractContextManager[Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The planted source, built and compared twice."""
    folder = tmp_path_factory.mktemp("similarity")
    planted.plant(folder / "source")
    with own_database(folder / "home") as settings:
        Warehouse(settings).up()
        load(settings, folder / "source")
        models = ("--select", "+user_features", "+user_similarity", "--exclude-resource-type", "test")
        build(settings, planted.AS_OF, folder / "target", *models)
        refresh(settings, planted.AS_OF)
        refresh(settings, planted.AS_OF)
        yield settings


def test_the_mart_has_the_neighbours_of_users_active_in_90_days(compared: Settings) -> None:
    with Warehouse(compared).connect("analyst") as connection:
        rows = connection.execute(
            "select user_key::text, rank, similar_user_key::text, similarity from behavior.user_similarity"
            " order by 1, 2"
        ).fetchall()
        users = dict(
            connection.execute("select user_key::text, features from behavior.user_feature_vectors").fetchall()
        )
    active = sorted(key for key, features in users.items() if features[91] is not None and features[91] < 90)
    assert 30 < len(active) < len(users)
    expected = by_hand(standardised(np.array([users[key] for key in active], dtype=float)))
    assert [(key, rank, other) for key, rank, other, _ in rows] == [
        (active[row], rank, active[other])
        for row, others in expected.items()
        for rank, (other, _) in enumerate(others, 1)
    ]
    assert [row[3] for row in rows] == pytest.approx([c for others in expected.values() for _, c in others], abs=1e-11)
