"""Shown lists: search results and recommendations, with position bias.

A list of recommendations gets at most one click; its chance is the algorithm's quality, its place falls off with the
position. So the click rate at a position is exactly quality x bias, and the truth says both. Search results likewise.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.simulator import shapes
from ingestion.simulator.new_smell import scenarios as sc
from ingestion.simulator.plan import Ints

LIST_LENGTH = 8
POSITIONS = np.arange(LIST_LENGTH)
BIAS = shapes.zipf_weights(LIST_LENGTH, 0.8) / shapes.zipf_weights(LIST_LENGTH, 0.8).sum()
"""Share of clicks by position, first to last."""
ALGORITHMS = ("popular", "content_based", "collaborative", "hybrid")
ALGORITHM_SHARES = np.array([0.25, 0.25, 0.25, 0.25])
QUALITY = np.array([0.12, 0.17, 0.24, 0.32])
"""Chance that a list of the algorithm is clicked at all."""
FEEDBACK_SOURCES = ("homepage", "detail_page", "search", "email")
FEEDBACK_SOURCE_SHARES = np.array([0.45, 0.35, 0.12, 0.08])
WISH_SHARE, COLLECT_SHARE = 0.15, 0.05
"""Of clicked lists: what becomes of the perfume."""


@dataclass
class Lists:
    """Recommendation lists, one entry per list."""

    block: Ints
    algorithm: Ints
    source: Ints
    clicked: Ints
    """Clicked position from 0; -1 for none."""
    step: Ints
    """Distance in popularity rank between neighbours."""


def click_cdf() -> np.ndarray:
    """Cumulative chance of a click by algorithm and position; the last column is no click."""
    chances = np.concatenate([QUALITY[:, None] * BIAS, 1.0 - QUALITY[:, None]], axis=1)
    return shapes.cumulative(chances)


def answer_lists(rng: np.random.Generator, scenario: Ints, perfume: Ints, perfumes: int) -> Lists:
    """Decide what becomes of each list that is shown; changes `scenario` to say so."""
    block = np.flatnonzero(scenario == sc.NUMBER["list"])
    algorithm = shapes.draw(rng, shapes.cumulative(ALGORITHM_SHARES), len(block))
    position = shapes.draw_by_row(rng, click_cdf(), algorithm)
    clicked = np.where(position < LIST_LENGTH, position, -1)
    then = rng.random(len(block))
    outcome = np.where(
        then < WISH_SHARE,
        sc.NUMBER["list_wish"],
        np.where(then < WISH_SHARE + COLLECT_SHARE, sc.NUMBER["list_collect"], sc.NUMBER["list_click"]),
    )
    scenario[block] = np.where(clicked >= 0, outcome, scenario[block])
    return Lists(
        block=block,
        algorithm=algorithm,
        source=shapes.draw(rng, shapes.cumulative(FEEDBACK_SOURCE_SHARES), len(block)),
        clicked=clicked,
        step=rng.integers(1, perfumes // (2 * LIST_LENGTH), len(block)),
    )


def shown_perfumes(anchor: Ints, position: Ints, step: Ints, perfumes: int) -> Ints:
    """List x place: different perfumes, with `anchor` at `position`."""
    return np.asarray((anchor[:, None] + (POSITIONS - position[:, None]) * step[:, None]) % perfumes, np.int64)


def truth_rows() -> pa.Table:
    """Chance of a click by algorithm and position (from 1)."""
    algorithm = np.repeat(np.arange(len(ALGORITHMS)), LIST_LENGTH)
    position = np.tile(POSITIONS, len(ALGORITHMS))
    return pa.table(
        {
            "algorithm": pa.array(ALGORITHMS).take(pa.array(algorithm)),
            "position": position + 1,
            "click_probability": QUALITY[algorithm] * BIAS[position],
            "quality": QUALITY[algorithm],
            "position_share": BIAS[position],
        }
    )
