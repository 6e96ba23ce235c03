"""Perfume statistics and active users, in pandas, straight from single events.

events of `reference_marts.attributed`, which end with the as_of day, and staging frames -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)


def perfume_stats(events: pd.DataFrame, staged: Any, as_of: date) -> pd.DataFrame:
    """Statistics of all perfumes of the catalogue or seen by `as_of`; `events` end there."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    about, kind = events.dropna(subset="perfume_id"), "event_type"
    shown = staged.user_interaction_event_items.query("item_kind == 'shown_perfume'")
    shown = shown[shown.event_id.isin(events[events.event_category.eq("SEARCH")].event_id)].item_value
    recommended = staged.recommendation_feedback
    recommended = recommended[recommended.shown_at < midnight]
    known = (staged.perfumes.perfume_id, about.perfume_id, shown, recommended.perfume_id)
    rows = pd.DataFrame(index=pd.Index(sorted(set().union(*known)), name="perfume_id"))

    def number(values: pd.Series) -> pd.Series:
        return values.value_counts().reindex(rows.index, fill_value=0)

    def having(*types: str, days: int = 10**5) -> pd.DataFrame:
        return about[about[kind].isin(types) & (about.occurred_at >= midnight - days * DAY)]

    def keepers(add: str, remove: str) -> pd.Series:
        steps = having(add, remove)
        balance = steps[kind].map({add: 1, remove: -1}).groupby([steps.visitor_key, steps.perfume_id]).sum()
        return number(balance[balance > 0].reset_index().perfume_id)

    views, ratings, week = (
        having("PERFUME_VIEW"),
        having("RATING_COMPLETED"),
        about[about.occurred_at >= midnight - 7 * DAY],
    )
    lasted = views.view_duration_ms.fillna(views.duration_ms).astype(float)
    rows["total_views"] = number(views.perfume_id)
    rows["unique_viewers"] = number(views.drop_duplicates(["perfume_id", "visitor_key"]).perfume_id)
    rows["avg_view_duration_ms"] = lasted.groupby(views.perfume_id).mean()
    rows["total_ratings"] = number(ratings.perfume_id)
    rows["avg_rating"] = ratings.groupby("perfume_id").stars.mean()
    rows["total_reviews"] = number(having("REVIEW_SUBMITTED").perfume_id)
    rows["total_comments"] = None
    rows["in_wishlist_count"] = keepers("WISHLIST_ADD", "WISHLIST_REMOVE")
    rows["in_collection_count"] = keepers("COLLECTION_ADD", "COLLECTION_REMOVE")
    rows["search_impressions"] = number(shown)
    rows["search_clicks"] = number(having("SEARCH_RESULT_CLICKED").perfume_id)
    rows["search_ctr"] = rows.search_clicks / rows.search_impressions.replace(0, np.nan)
    rows["recommendation_imprs"] = number(recommended.perfume_id)
    rows["recommendation_clicks"] = number(recommended[recommended.is_clicked.astype(bool)].perfume_id)
    rows["recommendation_ctr"] = rows.recommendation_clicks / rows.recommendation_imprs.replace(0, np.nan)
    rows["trade_inquiries"] = number(having("TRADE_INQUIRY").perfume_id)
    rows["trade_completed"] = number(having("TRADE_ACCEPTED").perfume_id)
    rows["views_last_7_days"] = number(having("PERFUME_VIEW", days=7).perfume_id)
    rows["views_last_30_days"] = number(having("PERFUME_VIEW", days=30).perfume_id)
    aged = week.weight * 2.0 ** (-((midnight - week.occurred_at) / pd.Timedelta(hours=24)))
    rows["trending_score"] = aged.groupby(week.perfume_id).sum().reindex(rows.index, fill_value=0.0)
    rows["last_viewed_at"] = views.groupby("perfume_id").occurred_at.max()
    return rows.reset_index().assign(id=rows.index, updated_at=midnight, as_of_date=as_of)


def active_users(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Users active before the end of each of the last 720 hours, up to the last with any on the day."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    first = events.groupby("user_key").occurred_at.min()
    recent = events[events.occurred_at >= midnight - 62 * DAY]

    def users(start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        return set(recent.user_key[(recent.occurred_at >= start) & (recent.occurred_at < end)])

    rows = []
    last = events.occurred_at[events.occurred_at < midnight].max().floor("h") + HOUR
    for end in pd.date_range(midnight - 719 * HOUR, max(last, midnight - DAY), freq="h"):
        begin = end - DAY
        daily, weekly, monthly = (users(end - days * DAY, end) for days in (1, 7, 30))
        new = {user for user in daily if first[user] >= begin}
        back = daily - new - users(begin - 30 * DAY, begin)
        numbers = (len(daily), len(weekly), len(monthly), len(new), len(daily) - len(new) - len(back), len(back))
        rows.append((end, *numbers, len(daily) / len(monthly) if monthly else None, as_of))
    return pd.DataFrame(rows, columns=ACTIVE_USERS)


ACTIVE_USERS = [
    "hour_ending_at", "daily_active_users", "weekly_active_users", "monthly_active_users", "new_users",
    "returning_users", "resurrected_users", "stickiness", "as_of_date",
]  # fmt: skip
