"""The marts of New Smell once more, in pandas: what dbt builds must be what this computes.

staging tables -> `Staged` frames -> events, each of the user it names or else its session's first -> `marts()`: one
frame per mart.

Written from the User Interaction Data Model document and the columns' descriptions, not from the models' SQL, and
without their shape: no incremental state, no counts kept per day, every number straight from the single events.

    pytest tests/test_transformation/test_formulas.py
"""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pandas as pd
import psycopg

from tests.reference_churn import churn_risk
from tests.reference_preferences import stars, user_preferences, user_price_ranges, user_search_terms, weights
from tests.reference_statistics import active_users, perfume_stats

DAY = pd.Timedelta(days=1)
INTERACTIONS = ("RATING", "REVIEW", "COLLECTION")
TRADES = ("TRADE_INQUIRY", "TRADE_OFFERED", "TRADE_ACCEPTED", "TRADE_DECLINED")
PURCHASES = ("PURCHASE_INITIATED", "PURCHASE_COMPLETED")

GRAINS = {
    "core.sessions": ["system", "session_key"],
    "behavior.user_behavior_profiles": ["user_key"],
    "behavior.user_preferences": ["user_key", "kind", "value"],
    "behavior.user_price_ranges": ["user_key"],
    "behavior.user_active_hours": ["user_key", "hour_of_day"],
    "behavior.user_active_days": ["user_key", "day_of_week"],
    "behavior.user_search_terms": ["user_key", "term_rank"],
    "behavior.perfume_interaction_stats": ["perfume_id"],
    "behavior.active_users": ["hour_ending_at"],
}


@dataclass(frozen=True)
class Staged:
    """The staging tables the marts are made of."""

    user_interaction_events: pd.DataFrame
    user_interaction_event_items: pd.DataFrame
    user_sessions: pd.DataFrame
    search_queries: pd.DataFrame
    search_query_clicks: pd.DataFrame
    search_query_filters: pd.DataFrame
    recommendation_feedback: pd.DataFrame
    perfumes: pd.DataFrame
    perfume_notes: pd.DataFrame
    notes: pd.DataFrame
    users: pd.DataFrame


def read_staged(connection: psycopg.Connection) -> Staged:
    """Every row that was accepted, whenever it happened."""
    connection.execute("set time zone 'UTC'")
    return Staged(*(read_table(connection, f"staging.new_smell__{field.name}") for field in fields(Staged)))


def read_table(connection: psycopg.Connection, table: str) -> pd.DataFrame:
    """All rows: UUIDs as texts, moments in UTC, everything else as plain objects."""
    cursor = connection.execute(f"select * from {table}".encode())
    description = cursor.description or ()
    frame = pd.DataFrame(cursor.fetchall(), columns=[column.name for column in description], dtype=object)
    for column in description:
        if column.type_display == "timestamptz":
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True)
        elif column.type_display == "uuid":
            frame[column.name] = [None if value is None else str(value) for value in frame[column.name]]
    return frame


def marts(staged: Staged, as_of: date) -> dict[str, pd.DataFrame]:
    """Every mart by schema and name."""
    owners = session_owners(staged)
    happened = attributed(staged, owners)
    happened = happened[happened.day <= pd.Timestamp(as_of, tz="UTC")]
    users = happened[happened.user_key.notna()]
    return {
        "core.sessions": sessions(staged, owners, as_of),
        "behavior.user_behavior_profiles": profiles(users, staged.users, as_of),
        "behavior.user_preferences": user_preferences(users, staged.perfumes, staged.perfume_notes, as_of),
        "behavior.user_price_ranges": user_price_ranges(users, staged.perfumes),
        "behavior.user_active_hours": active_shares(users, users.occurred_at.dt.hour, "hour_of_day", range(24)),
        "behavior.user_active_days": active_shares(
            users, users.occurred_at.dt.isocalendar().day, "day_of_week", range(1, 8)
        ),
        "behavior.user_search_terms": user_search_terms(staged.search_queries, owners, as_of),
        "behavior.perfume_interaction_stats": perfume_stats(happened, staged, as_of),
        "behavior.active_users": active_users(users, as_of),
    }


def session_owners(staged: Staged) -> pd.Series:
    """First user by session: of its earliest event with a user, else of the application's row."""
    signed_in = staged.user_interaction_events.dropna(subset="user_key").sort_values(["occurred_at", "event_id"])
    seen = signed_in.groupby("session_key").user_key.first()
    return seen.combine_first(staged.user_sessions.dropna(subset="user_key").set_index("session_key").user_key)


def attributed(staged: Staged, owners: pd.Series) -> pd.DataFrame:
    """Events in order, each with the user it names or else its session's first, visitor, UTC day, stars and weight."""
    events = staged.user_interaction_events.sort_values(["occurred_at", "event_id"]).reset_index(drop=True)
    events["named"] = events.user_key
    events["user_key"] = events.user_key.fillna(events.session_key.map(owners))
    events["visitor_key"] = events.user_key.fillna(events.session_key)
    events["day"] = events.occurred_at.dt.floor("D")
    events["stars"] = stars(events)
    events["weight"] = weights(events)
    return events


def only(values: pd.Series, keep: pd.Series) -> pd.Series:
    """`values` where `keep`, else missing."""
    return values.where(keep)


def counts(events: pd.DataFrame, key: str) -> pd.DataFrame:
    """One row per `key`: what its events add up to."""
    kind, category = events.event_type, events.event_category
    rated, reviewed = kind.eq("RATING_COMPLETED"), kind.eq("REVIEW_SUBMITTED")
    marked = pd.DataFrame(
        {
            key: events[key],
            "page_views": category.eq("VIEW"),
            "perfume_views": kind.eq("PERFUME_VIEW"),
            "searches": category.eq("SEARCH"),
            "interactions": category.isin(INTERACTIONS),
            "ratings": rated,
            "reviews": reviewed,
            "trading_activity": kind.isin(TRADES),
            "purchases": kind.isin(PURCHASES),
            "collection_adds": kind.eq("COLLECTION_ADD"),
            "collection_removes": kind.eq("COLLECTION_REMOVE"),
            "wishlist_adds": kind.eq("WISHLIST_ADD"),
            "wishlist_removes": kind.eq("WISHLIST_REMOVE"),
        }
    )
    result = marked.groupby(key).sum().astype(int)
    result["events"] = marked.groupby(key).size()
    viewed = only(events.perfume_id, kind.eq("PERFUME_VIEW"))
    result["perfumes_viewed"] = viewed.groupby(events[key]).nunique()
    result["avg_rating_value"] = only(events.stars, rated).groupby(events[key]).mean()
    result["avg_review_length"] = only(events.review_length.astype(float), reviewed).groupby(events[key]).mean()
    result["first_at"] = events.groupby(key).occurred_at.min()
    result["last_at"] = events.groupby(key).occurred_at.max()
    return result


def sessions(staged: Staged, owners: pd.Series, as_of: date = date.max) -> pd.DataFrame:
    """Every session of events or of the application's rows, as if nothing had happened after `as_of`."""
    events = attributed(staged, owners)
    events = events[events.occurred_at.dt.date <= as_of]
    found = counts(events, "session_key")
    by_session = events.groupby("session_key")
    for name, source in (("device_type", "device_type"), ("referrer", "referrer"), ("entry_page", "path")):
        found[name] = by_session[source].first()
    found["exit_page"] = by_session.path.last()
    reported = staged.user_sessions[staged.user_sessions.started_at.dt.date <= as_of].set_index("session_key")
    rows = pd.DataFrame(index=found.index.union(reported.index).rename("session_key"))
    has_events, has_row = rows.index.isin(found.index), rows.index.isin(reported.index)
    found, reported = found.reindex(rows.index), reported.reindex(rows.index)

    def put(name: str, own: pd.Series, theirs: str) -> None:
        rows[name] = own.astype(object).where(has_events, reported[theirs])

    for name in ("page_views", "perfumes_viewed", "interactions"):
        put(name, found[name], name)
    for name, column in FLAGS.items():
        put(name, found[column] > 0, name)
    put("is_bounced", found.page_views <= 1, "is_bounced")
    put("duration_seconds", (found.last_at - found.first_at) // pd.Timedelta(seconds=1), "duration_seconds")
    for name in ("referrer", "exit_page"):
        put(name, found[name], name)
    put("started_at", found.first_at, "started_at")
    put("ended_at", found.last_at, "ended_at")
    rows["user_key"] = rows.index.map(owners)
    rows["users"] = rows.index.map(by_session.named.nunique()).fillna(0)
    rows["users"] = rows.users.clip(lower=rows.user_key.notna().astype(int))
    same = np.logical_and.reduce(
        [rows[n].eq(reported[n]) | (rows[n].isna() & reported[n].isna()) for n in COMPARED], axis=0
    )
    rows["is_consistent"] = pd.Series(same, rows.index, object).where(has_events & has_row, None)
    rows["visitor_key"] = rows.user_key.fillna(rows.index.to_series())
    rows["device_type"] = found.device_type.fillna(reported.device_type)
    rows["entry_page"], rows["events"] = found.entry_page, found.events.fillna(0)
    rows["has_events"], rows["has_session_row"] = has_events, has_row
    for name in ("session_row_id", "browser", "os", "location"):
        rows[name] = reported[name]
    for name in REPORTED:
        rows[f"reported_{name}"] = reported[name]
    return rows.reset_index().assign(system="new_smell", reported_events=None)


FLAGS = {
    "has_added_to_wishlist": "wishlist_adds",
    "has_added_to_collection": "collection_adds",
    "has_completed_rating": "ratings",
    "has_completed_review": "reviews",
}
COMPARED = ("user_key", "page_views", "perfumes_viewed", "interactions", *FLAGS, "is_bounced")
REPORTED = (*COMPARED, "device_type", "referrer", "exit_page", "duration_seconds", "started_at", "ended_at")
TOTALS = (
    "sessions", "active_days", "events", "page_views", "perfume_views", "perfumes_viewed", "searches", "interactions",
    "ratings", "reviews",
)  # fmt: skip
AVERAGES = ("avg_rating_value", "avg_review_length")


def totals(events: pd.DataFrame, users: pd.Index) -> pd.DataFrame:
    """What each of `users` did in `events`; 0 where nothing."""
    by_user = events.groupby("user_key")
    found = counts(events, "user_key").reindex(users)
    found["sessions"] = by_user.session_key.nunique()
    found["active_days"] = by_user.day.nunique()
    times = events.groupby(["user_key", "session_key"]).occurred_at
    found["avg_session_duration_seconds"] = (times.max() - times.min()).dt.total_seconds().groupby("user_key").mean()
    whole = [name for name in found if name not in (*AVERAGES, "avg_session_duration_seconds", "first_at", "last_at")]
    found[whole] = found[whole].fillna(0).astype(int)
    return found


def profiles(events: pd.DataFrame, sign_ups: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Profiles of all users with an event or a sign-up by `as_of`; `events` end there."""
    midnight = pd.Timestamp(as_of, tz="UTC") + DAY
    created = sign_ups[sign_ups.signed_up_at < midnight].set_index("user_key").signed_up_at
    users = pd.Index(events.user_key.unique()).union(created.index).rename("user_key")
    recent = events[events.occurred_at >= midnight - 30 * DAY]
    month, ever = totals(recent, users), totals(events, users)
    views = recent[recent.event_type.eq("PERFUME_VIEW")]
    rows = pd.DataFrame({"id": users}, index=users)
    rows["exploration_score"] = views.groupby("user_key").perfume_id.agg(exploration)
    for name in TOTALS:
        rows[f"total_{name}"], rows[f"lifetime_{name}"] = month[name], ever[name]
    for name in ("trading_activity", *AVERAGES):
        rows[name], rows[f"lifetime_{name}"] = month[name], ever[name]
    rows["avg_session_duration_seconds"] = month.avg_session_duration_seconds
    rows["collection_size"] = (ever.collection_adds - ever.collection_removes).clip(lower=0)
    rows["wishlist_size"] = (ever.wishlist_adds - ever.wishlist_removes).clip(lower=0)
    rows["first_active_at"], rows["last_active_at"] = ever.first_at, ever.last_at
    rows["last_active_date"] = ever.last_at.dt.date
    rows["engagement_score"] = engagement(month, ever, as_of)
    rows["churn_risk"] = churn_risk(events, as_of).reindex(users)
    rows["browsing_style"] = browsing_style(month, rows.exploration_score)
    rows["created_at"] = created
    return rows.reset_index().assign(updated_at=midnight, as_of_date=as_of)


def exploration(perfumes: pd.Series) -> float:
    """Shannon entropy of the perfumes viewed over ln(views)."""
    if len(perfumes) < 5:
        return np.nan
    share = perfumes.value_counts(normalize=True)
    return float(-(share * np.log(share)).sum() / np.log(len(perfumes)))


def engagement(month: pd.DataFrame, ever: pd.DataFrame, as_of: date) -> pd.Series:
    """0 to 100; a part without observations is 0."""
    days_since = (pd.Timestamp(as_of, tz="UTC") - ever.last_at.dt.floor("D")) / DAY
    frequency = (month.active_days / 20).clip(upper=1)
    recency = (2 ** (-days_since / 7)).fillna(0)
    depth = (month.events / month.sessions / 20).clip(upper=1).fillna(0)
    contribution = ((month.ratings + 2 * month.reviews + month.collection_adds) / 20).clip(upper=1)
    return 100 * (0.35 * frequency + 0.25 * recency + 0.20 * depth + 0.20 * contribution)


def browsing_style(month: pd.DataFrame, exploration_score: pd.Series) -> pd.Series:
    """casual, trader, explorer or focused, the first that holds."""
    trades = (month.trading_activity + month.purchases) / month.events >= 0.1
    rules = [month.sessions < 3, trades, exploration_score >= 0.8]
    return pd.Series(np.select(rules, ["casual", "trader", "explorer"], "focused"), month.index)


def active_shares(events: pd.DataFrame, slot: pd.Series, name: str, slots: range) -> pd.DataFrame:
    """Events and share of them by user and `slot` of the time, none left out."""
    grid = pd.crosstab(events.user_key, slot.astype(int)).reindex(columns=slots, fill_value=0)
    rows = grid.rename_axis(columns=name).stack().rename("events").reset_index()
    return rows.assign(share=rows.events / rows.groupby("user_key").events.transform("sum"))
