"""The history of profiles in pandas: the profiles of many days, one after the other, and where they differ.

events of `reference_marts.attributed` -> `reference_marts.profiles` of each day on or around which one can change ->
rows that differ from the user's row before.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import pandas as pd

from tests.reference_marts import attributed, profiles, session_owners

DAY = pd.Timedelta(days=1)
GRAINS = {"behavior.user_behavior_profile_history": ["user_key", "valid_from"]}
FADING = ["engagement_score", "churn_risk", "updated_at", "as_of_date"]


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Versions of all users up to `as_of`."""
    events = attributed(staged, session_owners(staged)).dropna(subset="user_key")
    events = events[events.day <= pd.Timestamp(as_of, tz="UTC")]
    moved = {*events.day, *staged.users.signed_up_at.dt.floor("D")}
    days = {day + shift * DAY for day in moved for shift in (0, 1, 29, 30, 31)}
    seen = [one_day(events, staged.users, day) for day in sorted(days) if day.date() <= as_of]
    rows = pd.concat(seen, ignore_index=True).sort_values(["user_key", "day"], kind="stable")
    compared = rows.drop(columns=[*FADING, "day"]).astype(object).fillna("none").astype(str)
    rows = rows[~compared.eq(compared.shift()).all(axis=1)]
    ends = rows.groupby("user_key").day.shift(-1)
    rows["valid_from"] = rows.day.dt.date
    rows["valid_to"] = [None if pd.isna(end) else end.date() for end in ends]
    rows["is_current"] = ends.isna()
    rows["id"] = rows.user_key + " " + rows.valid_from.astype(str)
    names = [name for name in FADING if name != "engagement_score"]
    return {"behavior.user_behavior_profile_history": rows.drop(columns=[*names, "day"])}


def one_day(events: pd.DataFrame, sign_ups: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The profiles of everybody on one day."""
    return profiles(events[events.day <= day], sign_ups, day.date()).assign(day=day)
