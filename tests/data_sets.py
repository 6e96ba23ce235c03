"""The sources on which the marts are compared with the references, and which mart is compared on which.

The bundled sample; `planted`, made to be hard; and MovieLens, a larger trial, where MOODMART_PUBLIC_DATA names a folder
that holds `movielens_small`.

    pytest tests/test_transformation/test_formulas.py
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType

from ingestion.settings import SAMPLE_AS_OF
from tests import (
    movielens,
    planted,
    reference_churn,
    reference_engagement,
    reference_features,
    reference_history,
    reference_marts,
    reference_perfumes,
    reference_recommendations,
    reference_search,
    reference_trends,
    reference_weeks,
)

REFERENCES = (
    reference_marts,
    reference_churn,
    reference_engagement,
    reference_features,
    reference_history,
    reference_perfumes,
    reference_recommendations,
    reference_search,
    reference_trends,
    reference_weeks,
)
"""Modules with `GRAINS`, the key of each mart they compute, and `marts(staged, as_of)`."""
GRAINS = {mart: key for module in REFERENCES for mart, key in module.GRAINS.items()}
PUBLIC_DATA = os.environ.get("MOODMART_PUBLIC_DATA")


@dataclass(frozen=True)
class DataSet:
    """A source to build the marts from; without `write` it is the bundled sample."""

    as_of: date
    events: tuple[int, int, int]
    """Events inserted, sent again and quarantined."""
    write: Callable[[Path], None] | None = None
    without: tuple[ModuleType, ...] = ()
    """References that would take too long, or have nothing to compute."""


PLANTED_EVENTS = (3706, planted.REPEATED_EVENTS, planted.BAD_EVENTS)
DATA_SETS = {
    "sample": DataSet(SAMPLE_AS_OF, (5008, 19, 308)),
    "planted": DataSet(planted.AS_OF, PLANTED_EVENTS, planted.plant),
}
if PUBLIC_DATA:
    write_ratings = partial(movielens.write, Path(PUBLIC_DATA) / "movielens_small")
    DATA_SETS["movielens"] = DataSet(
        movielens.AS_OF,
        (movielens.RATINGS, 0, movielens.UNREADABLE),
        write_ratings,
        # every profile once more for every day of twenty years; and no searches or recommendations at all
        (reference_history, reference_recommendations, reference_search),
    )


PAIRS = [
    (name, mart)
    for name, data in DATA_SETS.items()
    for part in REFERENCES
    if part not in data.without
    for mart in part.GRAINS
]
"""Every data set with every mart that is computed for it."""
