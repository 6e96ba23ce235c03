"""Neighbours of users, against every cosine computed one by one; ties, zeros and unknown values.

The mart of them is compared where the planted source is built: `test_formulas`.

    pytest tests/test_orchestration/test_similarity.py
"""

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from orchestration.lib.similarity import nearest, standardised

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
