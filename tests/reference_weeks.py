"""User segments and the weekly report in pandas, straight from single events.

events of `reference_marts.attributed`, staging frames -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tests.reference_churn import saturday
from tests.reference_marts import attributed, profiles, session_owners

DAY = pd.Timedelta(days=1)
FIRST_WEEK = pd.Timestamp("2009-12-27", tz="UTC")
"""The Sunday of the week of 2010-01-01: before, clocks were wrong."""
GRAINS = {
    "behavior.user_segments": ["user_key"],
    "behavior.performance_reports": ["kpi", "week_end"],
}
UNITS = {
    "active_users": "users", "new_users": "users", "active_days_per_user": "days", "sessions": "sessions",
    "events_per_session": "events", "zero_result_share": "share", "recommendation_impressions": "impressions",
    "recommendation_ctr": "share",
}  # fmt: skip


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Both marts, for the last Saturday."""
    events = attributed(staged, session_owners(staged))
    end = saturday(as_of)
    users = events[events.user_key.notna() & (events.day <= pd.Timestamp(as_of, tz="UTC"))]
    styles = profiles(users, staged.users, as_of).set_index("user_key").browsing_style
    return {
        "behavior.user_segments": segments(users[users.day <= end], end, styles),
        "behavior.performance_reports": report(events[events.day <= end], staged, end),
    }


def segments(events: pd.DataFrame, end: pd.Timestamp, styles: pd.Series) -> pd.DataFrame:
    """Everybody with an event by `end`."""
    by_user = events.groupby("user_key")
    recent = events[events.day > end - 90 * DAY].groupby("user_key")
    about = events[events[["perfume_id", "house_id", "note_id"]].notna().any(axis=1)]
    evidence = about[about.day > end - 90 * DAY].groupby("user_key").weight.sum()
    rows = pd.DataFrame({"recency_days": (end - by_user.day.max()) // DAY})
    rows["active_days"] = recent.day.nunique()
    rows["evidence_weight"] = evidence
    rows = rows.fillna(0).astype({"active_days": int, "evidence_weight": float})
    r = quintile(-rows.recency_days)
    f, m = quintile(rows.active_days), quintile(rows.evidence_weight.round(9))
    rows["recency_quintile"], rows["frequency_quintile"], rows["evidence_quintile"] = r, f, m
    is_new = by_user.day.min() > end - 30 * DAY
    rules = [is_new, (r > 3) & (f > 3) & (m > 3), (r > 2) & (f > 2), r > 2, (f > 2) | (m > 2)]
    rows["segment"] = np.select(rules, ["new", "champion", "loyal", "promising", "at_risk"], "hibernating")
    rows["browsing_style"] = styles
    return rows.reset_index().assign(week_end=end.date())


def quintile(values: pd.Series) -> pd.Series:
    """1 plus the fifths of users who have less, whole."""
    return pd.Series([1 + 5 * int((values < value).sum()) // len(values) for value in values], values.index)


def report(events: pd.DataFrame, staged: Any, end: pd.Timestamp) -> pd.DataFrame:
    """Every key figure of every week since the first row of any kind, if that is plausible."""
    searches, shown = staged.search_queries, staged.recommendation_feedback
    moments = [events.occurred_at, searches.searched_at, shown.shown_at]
    known = pd.concat(moments, ignore_index=True)
    first = known[(known < end + DAY) & (known >= FIRST_WEEK)].min()
    first_days = events.dropna(subset="user_key").groupby("user_key").day.min()
    weeks = {}
    for last in pd.date_range(end=end, periods=int((end - first.floor("D")) / DAY) // 7 + 1, freq="7D"):
        start, after = last - 6 * DAY, last + DAY
        parts = [
            frame[(at >= start) & (at < after)] for frame, at in zip((events, searches, shown), moments, strict=True)
        ]
        weeks[last.date()] = figures(*parts) | {"new_users": int(first_days.between(start, last).sum())}
    values = pd.DataFrame(weeks, dtype=float).T.sort_index()
    before, long_before = values.shift(1), values.shift(8)
    columns = {
        "value": values, "value_1_week_before": before, "value_8_weeks_before": long_before,
        "week_over_week_change": change(values, before), "eight_week_change": change(values, long_before),
    }  # fmt: skip
    rows = pd.concat({name: frame.stack(future_stack=True) for name, frame in columns.items()}, axis=1)
    rows = rows.rename_axis(["week_end", "kpi"]).reset_index()
    rows["week_start"] = [day - 6 * DAY.to_pytimedelta() for day in rows.week_end]
    rows["unit"] = rows.kpi.map(UNITS).fillna("events")
    return rows.assign(definition=rows.kpi.map(definitions()))


def change(values: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Relative change; missing from 0."""
    return (values - before) / before.replace(0, np.nan)


def definitions() -> pd.Series:
    """The words of the seed."""
    return pd.read_csv("dbt_project/seeds/performance_kpis.csv").set_index("kpi").definition


def figures(events: pd.DataFrame, searches: pd.DataFrame, shown: pd.DataFrame) -> dict[str, float | None]:
    """Key figures of one week's rows."""
    users, kind, category = events.dropna(subset="user_key"), events.event_type, events.event_category
    found = searches.results_count.dropna()
    active, days = users.user_key.nunique(), len(users.drop_duplicates(["user_key", "day"]))
    return {
        "active_users": active,
        "active_days_per_user": days / active if active else None,
        "sessions": events.session_key.nunique(),
        "events_per_session": len(events) / events.session_key.nunique() if len(events) else None,
        "page_views": int(category.eq("VIEW").sum()),
        "perfume_views": int(kind.eq("PERFUME_VIEW").sum()),
        "searches": int(category.eq("SEARCH").sum()),
        "zero_result_share": float(found.eq(0).mean()) if len(found) else None,
        "ratings": int(kind.eq("RATING_COMPLETED").sum()),
        "reviews": int(kind.eq("REVIEW_SUBMITTED").sum()),
        "wishlist_adds": int(kind.eq("WISHLIST_ADD").sum()),
        "collection_adds": int(kind.eq("COLLECTION_ADD").sum()),
        "trades_completed": int(
            (kind.eq("TRADE_ACCEPTED") & events[["perfume_id", "house_id", "note_id"]].notna().any(axis=1)).sum()
        ),
        "recommendation_impressions": len(shown),
        "recommendation_ctr": float(shown.is_clicked.astype(bool).mean()) if len(shown) else None,
    }
