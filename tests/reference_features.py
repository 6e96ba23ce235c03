"""Feature vectors of users, in pandas, from single events: every feature of every user as of one day.

`Staged` frames -> events with their users -> one row per user and feature: `marts()`; or, for any day
and any rows, one column per feature: `feature_table()`.

    pytest tests/test_transformation/test_formulas.py tests/test_transformation/test_features.py
"""

from datetime import date
from math import pi
from typing import Any

import numpy as np
import pandas as pd

from tests import reference_marts as shared
from tests.reference_preferences import BANDS, user_preferences

GRAINS = {"behavior.user_features": ["user_key", "feature_date", "name"]}
DAY = pd.Timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACES = {"note": 25, "house": 15, "perfume_type": 9}


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """The long view of the vectors of `as_of`."""
    table = feature_table(staged, as_of)
    words = {f"{kind}_weight_{place + 1:02d}": value for kind, values in vocabulary(staged).items()
             for place, value in enumerate(values)}  # fmt: skip
    long = table.rename_axis(columns="name").stack(future_stack=True).rename("value").reset_index()
    long["value"] = long.value.astype(float)
    position = {name: place for place, name in enumerate(table.columns, 1)}
    long["position"], long["feature_group"] = long.name.map(position), long.name.map(group_of(position))
    long["vocabulary_value"] = long.name.map(words)
    return {"behavior.user_features": long.assign(feature_date=as_of)}


def group_of(position: dict[str, int]) -> dict[str, str]:
    """Group by name: the document's order and numbers."""
    sizes = {"demographic": 1, "engagement": 20, "collection": 15, "preference": 50, "behavioral": 15, "temporal": 10}
    groups = [group for group, size in sizes.items() for _ in range(size)]
    return {name: groups[place - 1] for name, place in position.items()}


def vocabulary(staged: Any) -> dict[str, list[str]]:
    """The most frequent values of the catalogue by kind."""
    notes = staged.perfume_notes[["perfume_id", "note_id"]].drop_duplicates().note_id
    found = {"note": notes, "house": staged.perfumes.house_id, "perfume_type": staged.perfumes.perfume_type}
    ranked = {}
    for kind, values in found.items():
        counted = values.dropna().value_counts().rename_axis("value").reset_index(name="n")
        ranked[kind] = list(counted.sort_values(["n", "value"], ascending=[False, True]).value)[: PLACES[kind]]
    return ranked


def feature_table(staged: Any, as_of: date) -> pd.DataFrame:
    """One row per user with an event or a sign-up by the end of `as_of`, one column per feature, in order."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    events = shared.attributed(staged, shared.session_owners(staged))
    events = events[(events.occurred_at < midnight) & events.user_key.notna()]
    signed = staged.users[staged.users.signed_up_at < midnight].set_index("user_key").signed_up_at
    users = pd.Index(sorted({*events.user_key, *signed.index}), name="user_key")
    month = Window(events[events.occurred_at >= midnight - 30 * DAY], users)
    ever = Window(events, users)
    age = (pd.Timestamp(as_of, tz="UTC") - signed.dt.floor("D")).dt.days.reindex(users)
    parts = [
        pd.DataFrame({"account_age_days": age}), engagement(month), collection(month, ever),
        preferences(events, staged, users, as_of), behavioral(month, ever, midnight), temporal(month),
    ]  # fmt: skip
    return pd.concat([part.reindex(users) for part in parts], axis=1)


class Window:
    """Events of a period and what is asked of them by user."""

    def __init__(self, events: pd.DataFrame, users: pd.Index) -> None:
        self.events, self.users = events, users

    def number(self, column: str, *values: str) -> pd.Series:
        """Events by user, of the given values of a column."""
        return self.count(self.events[self.events[column].isin(values)])

    def types(self, *values: str) -> pd.Series:
        return self.number("event_type", *values)

    def category(self, *values: str) -> pd.Series:
        return self.number("event_category", *values)

    def count(self, events: pd.DataFrame) -> pd.Series:
        return events.groupby("user_key").size().reindex(self.users, fill_value=0)

    def mean(self, values: pd.Series) -> pd.Series:
        """Mean by user, where there is a value."""
        return values.astype(float).groupby(self.events.user_key).mean().reindex(self.users)

    def distinct(self, column: str) -> pd.Series:
        return self.events.groupby("user_key")[column].nunique().reindex(self.users, fill_value=0)

    @property
    def all(self) -> pd.Series:
        return self.count(self.events)

    @property
    def views(self) -> pd.DataFrame:
        return self.events[self.events.event_type.eq("PERFUME_VIEW")]

    @property
    def durations(self) -> Any:
        """Seconds of each session, by user."""
        times = self.events.groupby(["user_key", "session_key"]).occurred_at
        return (times.max() - times.min()).dt.total_seconds().groupby("user_key")


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Missing where there is nothing to divide by."""
    return part / whole.where(whole > 0)


def engagement(month: Window) -> pd.DataFrame:
    sessions, views = month.distinct("session_key"), month.types("PERFUME_VIEW")
    pages, searches = month.category("VIEW"), month.category("SEARCH")
    acts, days = month.category("RATING", "REVIEW", "COLLECTION"), month.distinct("day")
    asked = month.types("SEARCH_PERFORMED", "SEARCH_REFINED")
    is_view = month.events.event_category.eq("VIEW")
    pages_of = is_view.groupby([month.events.user_key, month.events.session_key]).sum()
    shown = month.events.view_duration_ms.fillna(month.events.duration_ms)
    return pd.DataFrame(
        {
            "total_sessions": sessions,
            "avg_session_duration_seconds": month.durations.mean(),
            "total_page_views": pages,
            "perfume_view_rate": ratio(views, sessions),
            "search_rate": ratio(searches, sessions),
            "interaction_rate": ratio(acts, pages),
            "total_events": month.all,
            "active_days": days,
            "events_per_session": ratio(month.all, sessions),
            "sessions_per_active_day": ratio(sessions, days),
            "total_perfume_views": views,
            "perfumes_viewed": Window(month.views, month.users).distinct("perfume_id"),
            "total_searches": searches,
            "total_interactions": acts,
            "detail_rate": ratio(month.category("ENGAGEMENT"), views),
            "search_click_rate": ratio(month.types("SEARCH_RESULT_CLICKED"), asked),
            "filter_rate": ratio(month.category("FILTER"), sessions),
            "bounce_share": (pages_of <= 1).groupby("user_key").mean(),
            "avg_view_duration_ms": month.mean(shown.where(is_view)),
            "avg_scroll_depth": month.mean(month.events.scroll_depth.where(is_view)),
        }
    )


def collection(month: Window, ever: Window) -> pd.DataFrame:
    owned = (ever.types("COLLECTION_ADD") - ever.types("COLLECTION_REMOVE")).clip(lower=0)
    wished = (ever.types("WISHLIST_ADD") - ever.types("WISHLIST_REMOVE")).clip(lower=0)

    def stars(window: Window) -> pd.Series:
        return window.mean(window.events.stars.where(window.events.event_type.eq("RATING_COMPLETED")))

    reviewed = ever.events.event_type.eq("REVIEW_SUBMITTED")
    return pd.DataFrame(
        {
            "collection_size": owned,
            "wishlist_size": wished,
            "ratings_count": ever.types("RATING_COMPLETED"),
            "reviews_count": ever.types("REVIEW_SUBMITTED"),
            "avg_rating_value": stars(ever),
            "collection_growth_rate": month.types("COLLECTION_ADD") * 7 / 30,
            "wishlist_growth_rate": month.types("WISHLIST_ADD") * 7 / 30,
            "collection_removal_rate": month.types("COLLECTION_REMOVE") * 7 / 30,
            "wishlist_removal_rate": month.types("WISHLIST_REMOVE") * 7 / 30,
            "collection_update_rate": month.types("COLLECTION_UPDATE") * 7 / 30,
            "recent_ratings": month.types("RATING_COMPLETED"),
            "recent_reviews": month.types("REVIEW_SUBMITTED"),
            "recent_avg_rating_value": stars(month),
            "avg_review_length": ever.mean(ever.events.review_length.where(reviewed)),
            "owned_share": ratio(owned, owned + wished).where(ever.all > 0),
        }
    )


def preferences(events: pd.DataFrame, staged: Any, users: pd.Index, as_of: date) -> pd.DataFrame:
    weights = user_preferences(events, staged.perfumes, staged.perfume_notes, as_of)
    words = vocabulary(staged)

    def places(kind: str) -> pd.DataFrame:
        of_kind = weights[weights.kind.eq(kind)]
        grid = of_kind.pivot(index="user_key", columns="value", values="weight").reindex(columns=words[kind])
        grid = grid.fillna(0.0).reindex(users)
        grid.columns = pd.Index([f"{kind}_weight_{place + 1:02d}" for place in range(len(words[kind]))])
        return grid.reindex(columns=[f"{kind}_weight_{place + 1:02d}" for place in range(PLACES[kind])])

    bands = weights[weights.kind.eq("price_band")]
    place = bands.value.map({band: number / 3 for number, band in enumerate(BANDS)})
    index = (place.astype(float) * bands.weight).groupby(bands.user_key).sum().reindex(users)
    return pd.concat(
        [places("note"), places("house"), index.rename("price_point_index"), places("perfume_type")], axis=1
    )


def behavioral(month: Window, ever: Window, midnight: pd.Timestamp) -> pd.DataFrame:
    events, views, sessions = month.events, month.types("PERFUME_VIEW"), month.distinct("session_key")
    asked, refined = month.types("SEARCH_PERFORMED"), month.types("SEARCH_REFINED")
    failed, seen = month.types("SEARCH_NO_RESULTS"), Window(month.views, month.users).distinct("perfume_id")
    days = events.groupby("user_key").day
    is_view = events.event_category.eq("VIEW")
    week = month.count(events[events.occurred_at >= midnight - 7 * DAY])
    return pd.DataFrame(
        {
            "exploration_score": month.views.groupby("user_key").perfume_id.agg(shared.exploration),
            "trading_activity": month.types(*shared.TRADES),
            "social_activity": month.category("SOCIAL"),
            "content_creation": month.types("REVIEW_SUBMITTED", "REVIEW_UPDATED"),
            "response_time_ms": month.mean(events.time_to_interaction_ms.where(is_view)),
            "days_since_last_activity": (midnight - DAY - ever.events.groupby("user_key").day.max()).dt.days,
            "recent_activity_share": ratio(week, month.all),
            "days_between_active_days": ratio((days.max() - days.min()).dt.days, days.nunique() - 1),
            "purchase_activity": month.types(*shared.PURCHASES),
            "repeat_view_share": 1 - ratio(seen, views),
            "search_refinement_share": ratio(refined, asked + refined),
            "failed_search_share": ratio(failed, asked + refined + failed),
            "similar_click_rate": ratio(month.types("SIMILAR_CLICKED"), views),
            "navigation_rate": ratio(month.category("NAVIGATION"), sessions),
            "longest_session_seconds": month.durations.max(),
        }
    )


def temporal(month: Window) -> pd.DataFrame:
    weekday, angle = month.events.occurred_at.dt.day_of_week, month.events.occurred_at.dt.hour * (2 * pi / 24)
    rows = pd.DataFrame({f"{name}_share": month.mean(weekday.eq(day)) for day, name in enumerate(WEEKDAYS)})
    rows["hour_cosine"], rows["hour_sine"] = month.mean(np.cos(angle)), month.mean(np.sin(angle))
    rows["hour_concentration"] = np.hypot(rows.hour_cosine, rows.hour_sine)
    return rows
