"""What the document's UserFeatures and SessionPattern[] add to the profiles, in pandas, straight from single events.

events of `reference_marts.attributed`, staging frames -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import pandas as pd

from tests.reference_marts import attributed, session_owners

DAY = pd.Timedelta(days=1)
GRAINS = {
    "behavior.user_engagement_features": ["user_key"],
    "behavior.user_session_patterns": ["user_key", "day_part"],
}
DAY_PARTS = {"night": 0, "morning": 5, "afternoon": 12, "evening": 17, "late": 22}
"""Parts of the day by the hour they begin."""


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Both marts, over the 30 days ending with `as_of`."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    events = attributed(staged, session_owners(staged)).dropna(subset="user_key")
    events = events[events.occurred_at < midnight]
    signed_up = staged.users[staged.users.signed_up_at < midnight].user_key
    users = pd.Index(events.user_key.unique()).union(pd.Index(signed_up)).rename("user_key")
    month = events[events.occurred_at >= midnight - 30 * DAY]
    return {
        "behavior.user_engagement_features": engagement(month, users).assign(as_of_date=as_of),
        "behavior.user_session_patterns": patterns(month).assign(as_of_date=as_of),
    }


def engagement(month: pd.DataFrame, users: pd.Index) -> pd.DataFrame:
    """One row per user, also of those who were not there."""

    def count(*types: str) -> pd.Series:
        return month[month.event_type.isin(types)].groupby("user_key").size().reindex(users, fill_value=0)

    accepted, declined = count("TRADE_ACCEPTED"), count("TRADE_DECLINED")
    by_user = month.groupby("user_key")
    return pd.DataFrame(
        {
            "profile_views": count("PROFILE_VIEWED"),
            "collection_views": count("COLLECTION_VIEW"),
            "trades_accepted": accepted,
            "trades_declined": declined,
            "content_contribution": count("RATING_COMPLETED", "COLLECTION_ADD") + 2 * count("REVIEW_SUBMITTED"),
            "interaction_depth": (by_user.size() / by_user.session_key.nunique()).reindex(users),
            "trading_reputation": accepted / (accepted + declined),
        },
        index=users,
    ).reset_index()


def patterns(month: pd.DataFrame) -> pd.DataFrame:
    """Sessions by the part of the day of their first event in the month."""
    sessions = month.groupby(["user_key", "session_key"], as_index=False).agg(
        began=("occurred_at", "min"), ended=("occurred_at", "max"), events=("event_id", "size")
    )
    starts = list(DAY_PARTS.values())
    sessions["day_part"] = pd.cut(sessions.began.dt.hour, [*starts, 24], right=False, labels=list(DAY_PARTS)).astype(
        str
    )
    sessions["seconds"] = (sessions.ended - sessions.began).dt.total_seconds()
    rows = sessions.groupby(["user_key", "day_part"], as_index=False).agg(
        sessions=("session_key", "size"),
        avg_duration_seconds=("seconds", "mean"),
        avg_events=("events", "mean"),
        last_started_at=("began", "max"),
    )
    return rows.assign(share=rows.sessions / rows.groupby("user_key").sessions.transform("sum"))
