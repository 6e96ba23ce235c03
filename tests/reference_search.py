"""Searches and what they lead to, in pandas and plain Python, straight from single searches and events.

staging frames -> `outcomes`: each search with what its session does after it -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tests.reference_marts import attributed, session_owners

SILENCE = pd.Timedelta(minutes=30)
MILLISECOND = pd.Timedelta(milliseconds=1)
FLAGS = ("has_found_desired", "has_refined_query", "is_abandoned")
REPORTED = ("user_key", "time_to_first_click_ms", "time_on_results_ms", *FLAGS)
CHILDREN = {"search_query_clicks": "click_number", "search_query_filters": "filter_position"}

GRAINS = {
    "behavior.search_queries": ["search_id"],
    **{f"behavior.{name}": ["search_id", number] for name, number in CHILDREN.items()},
    "behavior.search_popularity": ["query_text", "window_days"],
    "core.sessions_by_inactivity": ["visitor_key", "session_number"],
}


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Every mart by schema and name."""
    owners = session_owners(staged)
    events = attributed(staged, owners)
    found = searches(staged, owners, events)
    return {
        "behavior.search_queries": until(masked(found), as_of),
        **{f"behavior.{name}": parts(getattr(staged, name), found, as_of) for name in CHILDREN},
        "behavior.search_popularity": popularity(found, as_of),
        "core.sessions_by_inactivity": by_inactivity(events[events.occurred_at.dt.date <= as_of]),
    }


def until(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Searches up to `as_of`."""
    return rows[rows.searched_date <= as_of]


def parts(rows: pd.DataFrame, searches: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Clicks or filters of those searches."""
    return rows[rows.search_id.isin(until(searches, as_of).search_id)].drop(columns="_load_id")


def normalised(text: str) -> str:
    """One spelling of a search text."""
    return " ".join(text.lower().split())[:200]


def owned_searches(staged: Any, owners: pd.Series) -> pd.DataFrame:
    """Searches in order, each with its text in one spelling and the user it names, else its session's first."""
    rows = staged.search_queries.sort_values(["searched_at", "search_id"]).reset_index(drop=True)
    rows = rows.rename(columns={name: f"reported_{name}" for name in REPORTED})
    rows["user_key"] = rows.reported_user_key.fillna(rows.session_key.map(owners))
    rows["visitor_key"] = rows.user_key.fillna(rows.session_key)
    rows["text"] = rows.query_text.map(normalised)
    rows["searched_date"] = rows.searched_at.dt.date
    return rows


def searches(staged: Any, owners: pd.Series, events: pd.DataFrame) -> pd.DataFrame:
    """Searches with the source's outcome, the derived one, and the one that counts."""
    rows = owned_searches(staged, owners)
    rows["reported_clicks"] = rows.search_id.map(staged.search_query_clicks.search_id.value_counts()).fillna(0)
    rows["filter_values"] = rows.search_id.map(staged.search_query_filters.search_id.value_counts()).fillna(0)
    derived = pd.DataFrame(outcomes(rows, events), index=rows.index)
    rows["clicks"] = rows.reported_clicks.where(rows.reported_clicks > 0, derived.clicks)
    rows["has_click"] = rows.clicks > 0
    rows["derived_has_refined_query"] = derived.refined
    rows["derived_has_found_desired"] = rows.has_click & ~derived.refined
    rows["derived_is_abandoned"] = ~rows.has_click & ~derived.refined
    told = rows[[f"reported_{flag}" for flag in FLAGS]].astype(bool).any(axis=1)
    rows["outcome_source"] = np.where(told, "reported", "derived")
    for flag in FLAGS:
        rows[flag] = rows[f"reported_{flag}"].where(told, rows[f"derived_{flag}"])
    for name in ("time_to_first_click_ms", "time_on_results_ms"):
        rows[name] = rows[f"reported_{name}"].fillna(derived[name])
    return rows


def outcomes(rows: pd.DataFrame, events: pd.DataFrame) -> list[dict[str, Any]]:
    """What the session does after each search, but for somebody else, until its next one and for half an hour."""
    by_session = dict(list(events.groupby("session_key")))
    searches = {
        key: list(zip(found.searched_at, found.user_key, strict=True)) for key, found in rows.groupby("session_key")
    }
    seen: dict[str, int] = {}
    result = []
    for row in rows.itertuples():
        place = seen[row.session_key] = seen.get(row.session_key, -1) + 1
        later = searches[row.session_key][place + 1 :]
        known = by_session.get(row.session_key, events.head(0))
        after = known[(known.occurred_at >= row.searched_at) & (known.occurred_at <= row.searched_at + SILENCE)]
        if later:
            after = after[after.occurred_at < later[0][0]]
        after = after[np.array([not others(user, row.user_key) for user in after.user_key], bool)]
        clicked = after[after.event_type.eq("SEARCH_RESULT_CLICKED")].occurred_at
        left = after[~after.event_category.isin(["SEARCH", "FILTER"]) & (after.occurred_at > row.searched_at)]
        result.append(
            {
                "clicks": len(clicked),
                "refined": bool(later)
                and later[0][0] - row.searched_at <= SILENCE
                and not others(later[0][1], row.user_key),
                "time_to_first_click_ms": waited(row.searched_at, clicked),
                "time_on_results_ms": waited(row.searched_at, left.occurred_at),
            }
        )
    return result


def others(user: str | None, searcher: str | None) -> bool:
    """Whether the user is known to be another person than the searcher."""
    return not pd.isna(user) and not pd.isna(searcher) and user != searcher


def waited(since: pd.Timestamp, moments: pd.Series) -> float | None:
    """Milliseconds to the first of the moments."""
    return None if moments.empty else (moments.min() - since) / MILLISECOND


def masked(rows: pd.DataFrame) -> pd.DataFrame:
    """The mart: texts of fewer than three users are hidden."""
    users = rows[rows.user_key.notna()].groupby("text").user_key.nunique()
    rare = rows.text.ne("") & (rows.text.map(users).fillna(0) < 3)
    mart = rows.assign(
        query_text=rows.text.mask(rare, "(rare)"),
        is_rare=rare,
        query_length=rows.text.str.len(),
        query_words=rows.text.str.split().str.len(),
        is_zero_result=[None if pd.isna(count) else count == 0 for count in rows.results_count],
    )
    return mart.drop(columns=["text", "_load_id"])


def popularity(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Texts searched in the windows that end with the as_of day."""
    result = []
    for days in (1, 7, 30):
        age = (pd.Timestamp(as_of) - pd.to_datetime(rows.searched_date)).dt.days
        window = rows[rows.text.ne("") & (age >= 0) & (age < days)]
        text = window.text.where(window.groupby("text").user_key.transform("nunique") >= 3, "(rare)")
        for query, found in window.groupby(text):
            known = found.results_count.dropna()
            result.append(
                {
                    "query_text": query,
                    "window_days": days,
                    "searches": len(found),
                    "searchers": found.visitor_key.nunique(),
                    "users": found.user_key.nunique(),
                    "zero_result_share": float((known == 0).mean()) if len(known) else None,
                    "click_share": float(found.has_click.mean()),
                    "refinement_share": float(found.has_refined_query.astype(bool).mean()),
                    "is_rare": query == "(rare)",
                    "as_of_date": as_of,
                }
            )
    table = pd.DataFrame(result, columns=POPULARITY)
    shown = table[~table.is_rare.astype(bool)].sort_values(["searches", "query_text"], ascending=[False, True])
    return table.assign(popularity_rank=shown.groupby("window_days").cumcount() + 1)


POPULARITY = [
    "query_text", "window_days", "searches", "searchers", "users", "zero_result_share", "click_share",
    "refinement_share", "is_rare", "as_of_date",
]  # fmt: skip


def by_inactivity(events: pd.DataFrame) -> pd.DataFrame:
    """A visitor's events in order, cut after more than half an hour of silence."""
    events = events.sort_values(["visitor_key", "occurred_at"])
    cut = ~(events.groupby("visitor_key").occurred_at.diff() <= SILENCE)
    events["session_number"] = cut.groupby(events.visitor_key).cumsum().astype(int)
    rows = events.groupby(["visitor_key", "session_number"], as_index=False).agg(
        user_key=("user_key", "first"),
        events=("event_id", "size"),
        sessions=("session_key", "nunique"),
        started_at=("occurred_at", "min"),
        ended_at=("occurred_at", "max"),
    )
    duration = (rows.ended_at - rows.started_at) // pd.Timedelta(seconds=1)
    return rows.assign(system="new_smell", duration_seconds=duration)
