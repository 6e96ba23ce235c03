"""How recommendations did, in pandas and scipy, straight from the feedback rows.

the staging frame of recommendation feedback -> `marts()`: one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

DAY = pd.Timedelta(days=1)
GRAINS = {
    "behavior.recommendation_metrics": ["shown_date", "algorithm", "source", "position"],
    "behavior.recommendation_algorithm_metrics": ["metric_date", "algorithm"],
}
RATES = {
    "view_rate": "is_viewed",
    "wishlist_rate": "is_added_to_wishlist",
    "collection_rate": "is_added_to_collection",
    "rating_rate": "is_rated",
    "thumbs_up_rate": "has_thumbs_up",
    "thumbs_down_rate": "has_thumbs_down",
    "hide_rate": "is_hidden",
    "irrelevant_rate": "is_reported_irrelevant",
}


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Both marts by schema and name."""
    shown = staged.recommendation_feedback.copy()
    shown["day"] = shown.shown_at.dt.floor("D")
    shown = shown[shown.day <= pd.Timestamp(as_of, tz="UTC")]
    for flag in ("is_clicked", *RATES.values()):
        shown[flag] = shown[flag].eq(True)
    return {
        "behavior.recommendation_metrics": metrics(shown),
        "behavior.recommendation_algorithm_metrics": algorithm_metrics(shown, as_of),
    }


def interval(clicks: int, impressions: int) -> tuple[float, float]:
    """95 % score interval of clicks / impressions (Wilson 1927)."""
    found = binomtest(clicks, impressions).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def metrics(shown: pd.DataFrame) -> pd.DataFrame:
    """One row per day, algorithm, source and position."""
    cells = shown.groupby(["day", "algorithm", "source", "position"])
    rows = pd.DataFrame({"impressions": cells.size(), "clicks": cells.is_clicked.sum()})
    rows["ctr"] = cells.is_clicked.mean()
    bounds = [interval(clicks, impressions) for clicks, impressions in zip(rows.clicks, rows.impressions, strict=True)]
    rows["ctr_low"], rows["ctr_high"] = zip(*bounds, strict=True)
    for rate, flag in RATES.items():
        rows[rate] = cells[flag].mean()
    seconds = (shown.first_interaction_at - shown.shown_at).dt.total_seconds()
    rows["median_first_interaction_seconds"] = seconds.groupby([shown[name] for name in rows.index.names]).median()
    for score in ("confidence", "similarity_score"):
        rows[f"avg_{score}"] = cells[score].apply(lambda values: values.astype(float).mean())
    rows = rows.reset_index()
    return rows.assign(shown_date=rows.day.dt.date).drop(columns="day")


def algorithm_metrics(shown: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per algorithm and day whose 30 days show one of its recommendations."""
    found = []
    days = pd.Index(shown.day.unique())
    wanted = {day + n * DAY for day in days for n in range(30)}
    for day in sorted(day for day in wanted if day.date() <= as_of):
        month = shown[(shown.day <= day) & (shown.day > day - 30 * DAY)]
        expected = month.groupby("position").is_clicked.mean()
        for algorithm, window in month.groupby("algorithm"):
            row = {"metric_date": day.date(), "algorithm": algorithm}
            row |= numbers(window[window.day == day], expected)
            found.append(row | {f"{name}_30_days": value for name, value in numbers(window, expected).items()})
    return pd.DataFrame(found)


def numbers(rows: pd.DataFrame, expected: pd.Series) -> dict[str, Any]:
    """Counts, rates, mean reciprocal rank and clicks over expected clicks of some impressions."""
    impressions, clicks = len(rows), int(rows.is_clicked.sum())
    first = rows.position.astype(float).where(rows.is_clicked).groupby([rows.day, rows.recommendation_id]).min()
    expectation = rows.position.map(expected).astype(float).sum()
    low, high = interval(clicks, impressions) if impressions else (np.nan, np.nan)
    return {
        "instances": len(first), "impressions": impressions, "clicks": clicks,
        "ctr": clicks / impressions if impressions else np.nan, "ctr_low": low, "ctr_high": high,
        "mrr": float((1 / first).fillna(0).mean()) if impressions else np.nan,
        "coec": clicks / expectation if expectation else np.nan,
    }  # fmt: skip
