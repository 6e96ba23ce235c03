"""What users did with perfumes, and perfumes' features, in pandas, straight from single events.

staging frames -> events given to their users -> `marts()`: one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tests import reference_marts
from tests.reference_statistics import perfume_stats

DAY = pd.Timedelta(days=1)
PAIR = ["user_key", "perfume_id"]
GRAINS = {
    "behavior.user_perfume_interactions": PAIR,
    "behavior.user_perfume_contexts": [*PAIR, "kind", "value"],
    "behavior.perfume_features": ["perfume_id"],
    "behavior.perfume_feature_notes": ["perfume_id", "note_id"],
    "behavior.perfume_feature_note_categories": ["perfume_id", "category"],
}


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Every mart by schema and name."""
    events = reference_marts.attributed(staged, reference_marts.session_owners(staged))
    events = events[events.day <= pd.Timestamp(as_of, tz="UTC")]
    users = events[events.user_key.notna() & events.perfume_id.notna()]
    notes = feature_notes(staged)
    categories = notes.dropna(subset="category").groupby(["perfume_id", "category"]).size()
    return {
        "behavior.user_perfume_interactions": interactions(users, as_of),
        "behavior.user_perfume_contexts": contexts(users),
        "behavior.perfume_features": perfume_features(events, staged, as_of),
        "behavior.perfume_feature_notes": notes,
        "behavior.perfume_feature_note_categories": categories.rename("notes").reset_index(),
    }


def interactions(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per user and perfume of `events`, which end with the as_of day."""
    today, kind = pd.Timestamp(as_of, tz="UTC"), events.event_type
    pairs = events.groupby(PAIR)
    views = events[kind.eq("PERFUME_VIEW")]
    lasted = views.view_duration_ms.fillna(views.duration_ms).astype(float)
    rated = events[events.stars.notna()].sort_values(["occurred_at", "stars"])
    rows = pd.DataFrame({"interactions": pairs.size()})

    def any_of(*types: str) -> pd.Series:
        return kind.isin(types).groupby([events.user_key, events.perfume_id]).any()

    def holds(add: str, remove: str) -> pd.Series:
        steps = kind.map({add: 1, remove: -1}).fillna(0)
        return steps.groupby([events.user_key, events.perfume_id]).sum() > 0

    rows["rating_value"] = rated.groupby(PAIR).stars.last().astype(float)
    rows["review_sentiment"] = None
    rows["view_count"] = views.groupby(PAIR).size().reindex(rows.index, fill_value=0)
    rows["total_view_duration_ms"] = lasted.groupby([views.user_key, views.perfume_id]).sum(min_count=1)
    rows["last_viewed_at"] = views.groupby(PAIR).occurred_at.max()
    rows["view_recency_days"] = (today - rows.last_viewed_at.dt.floor("D")) / DAY
    rows["first_interaction_at"] = pairs.occurred_at.min()
    rows["last_interaction_at"] = pairs.occurred_at.max()
    rows["interaction_frequency"] = rows.interactions / ((today + DAY - rows.first_interaction_at.dt.floor("D")) / DAY)
    rows["has_rated"] = any_of("RATING_COMPLETED", "RATING_UPDATED")
    rows["has_reviewed"] = any_of("REVIEW_SUBMITTED", "REVIEW_UPDATED")
    rows["in_wishlist"] = holds("WISHLIST_ADD", "WISHLIST_REMOVE")
    rows["in_collection"] = holds("COLLECTION_ADD", "COLLECTION_REMOVE")
    return rows.reset_index().assign(as_of_date=as_of)


def contexts(events: pd.DataFrame) -> pd.DataFrame:
    """Sources of views and devices of events, counted."""
    views = events[events.event_type.eq("PERFUME_VIEW")]
    kinds = {"view_source": (views, "event_source"), "device_type": (events, "device_type")}
    counted = [
        frame.groupby([*PAIR, column])
        .size()
        .rename("events")
        .rename_axis([*PAIR, "value"])
        .reset_index()
        .assign(kind=kind)
        for kind, (frame, column) in kinds.items()
    ]
    return pd.concat(counted)


def perfume_features(events: pd.DataFrame, staged: Any, as_of: date) -> pd.DataFrame:
    """Features of the perfumes of the statistics; `events` end with the as_of day."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    stats = perfume_stats(events, staged, as_of).set_index("perfume_id")
    catalogue = staged.perfumes.set_index("perfume_id")
    rows = stats[["unique_viewers", "avg_rating", "trending_score", "as_of_date"]].rename_axis("perfume_id")
    for name, source in SAME.items():
        rows[name] = stats[source]
    for name in ("house_id", "perfume_type", "concentration"):
        rows[name] = catalogue[name]
    bought = events[events.event_type.eq("PURCHASE_COMPLETED")]
    paid = bought.value.astype(float).groupby(bought.perfume_id).mean()
    rows["avg_price"] = paid.reindex(rows.index).fillna(catalogue.price.astype(float))
    for name, kind in (("view_growth", "PERFUME_VIEW"), ("wishlist_growth", "WISHLIST_ADD")):
        counted = events[events.event_type.eq(kind)]
        age = np.ceil((midnight - counted.occurred_at) / (30 * DAY))
        by_window = pd.crosstab(counted.perfume_id, age).reindex(columns=[1.0, 2.0], fill_value=0)
        rows[name] = by_window[1.0] / by_window[2.0].replace(0, np.nan) - 1
    return rows.reset_index().assign(review_sentiment=None)


SAME = {
    "view_count": "total_views",
    "wishlist_count": "in_wishlist_count",
    "collection_count": "in_collection_count",
    "rating_count": "total_ratings",
    "review_count": "total_reviews",
    "trade_volume": "trade_completed",
    "search_volume": "search_impressions",
}


def feature_notes(staged: Any) -> pd.DataFrame:
    """Notes of the catalogue's perfumes, each once, with what is known of the note."""
    pairs = staged.perfume_notes[["perfume_id", "note_id"]].drop_duplicates()
    known = staged.notes.rename(columns={"name": "note_name"})[["note_id", "note_name", "category"]]
    return pairs.merge(known, on="note_id", how="left")
