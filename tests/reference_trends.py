"""Trending perfumes and weekly trends, in pandas and scipy, straight from single events and searches.

events of `reference_marts.attributed`, searches of `reference_search`, and the catalogue -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, norm, theilslopes

from tests.reference_marts import attributed, session_owners
from tests.reference_search import owned_searches

DAY = pd.Timedelta(days=1)
WEEKS = 8
FIRST_WEEK = pd.Timestamp(2009, 12, 27)
"""The Sunday of the week of 2010-01-01: before, clocks were wrong."""
GRAINS = {
    "behavior.trending_perfumes": ["perfume_id"],
    "behavior.trend_analysis": ["subject_kind", "subject_id", "week_start_date"],
}


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Every mart by schema and name."""
    owners = session_owners(staged)
    events = attributed(staged, owners)
    return {
        "behavior.trending_perfumes": trending(events, as_of),
        "behavior.trend_analysis": trends(events, owned_searches(staged, owners), staged, as_of),
    }


def scores(events: pd.DataFrame, day: date) -> pd.DataFrame:
    """Score and place of every perfume with evidence in the seven days up to the end of `day`."""
    end = pd.Timestamp(day, tz="UTC") + DAY
    week = events.dropna(subset=["perfume_id", "weight"])
    week = week[(week.occurred_at < end) & (week.occurred_at >= end - 7 * DAY)]
    aged = week.weight * 2.0 ** (-((end - week.occurred_at) / DAY))
    rows = aged.groupby(week.perfume_id).agg(["sum", "size"]).reset_index()
    rows = rows.sort_values(["sum", "perfume_id"], ascending=[False, True]).set_index("perfume_id")
    return rows.assign(place=range(1, len(rows) + 1))


def trending(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Scores at the end of the as_of day beside those of the day before."""
    now = scores(events, as_of)
    before = scores(events, as_of - timedelta(days=1)).reindex(now.index)
    rows = pd.DataFrame(
        {
            "trending_rank": now.place,
            "previous_rank": before.place,
            "rank_change": before.place - now.place,
            "evidence_events": now["size"],
            "trending_score": now["sum"],
            "previous_trending_score": before["sum"],
        }
    )
    return rows.reset_index().assign(updated_at=pd.Timestamp(as_of, tz="UTC") + DAY, as_of_date=as_of)


def sunday(days: pd.Series) -> pd.Series:
    """The Sunday on or before each day."""
    days = pd.to_datetime(days)
    return days - pd.to_timedelta((days.dt.day_of_week + 1) % 7, unit="D")


def mentions(events: pd.DataFrame, staged: Any) -> pd.DataFrame:
    """One row per event with evidence and subject it counts for."""
    found = events.dropna(subset="weight").assign(week=lambda rows: sunday(rows.day.dt.tz_localize(None)))
    catalogue = staged.perfumes.set_index("perfume_id").house_id
    house = found.perfume_id.map(catalogue).fillna(found.house_id)
    bare = found.perfume_id.isna() & found.house_id.isna()
    notes = staged.perfume_notes[["perfume_id", "note_id"]].drop_duplicates()
    parts = {
        "perfume": found.assign(subject_id=found.perfume_id),
        "house": found.assign(subject_id=house),
        "note": pd.concat(
            [
                found[bare].assign(subject_id=found.note_id),
                found.drop(columns="note_id").merge(notes, on="perfume_id").assign(subject_id=lambda r: r.note_id),
            ]
        ),
    }
    return pd.concat([rows[["subject_id", "week"]].assign(subject_kind=kind) for kind, rows in parts.items()])


def popular_texts(searches: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per search of a text three users had searched by `as_of`."""
    happened = searches[searches.searched_date <= as_of]
    users = happened.groupby("text").user_key.nunique()
    shown = searches[searches.text.isin(users[users >= 3].index) & searches.text.ne("")]
    return pd.DataFrame({"subject_kind": "query", "subject_id": shown.text, "week": sunday(shown.searched_date)})


def trends(events: pd.DataFrame, searches: pd.DataFrame, staged: Any, as_of: date) -> pd.DataFrame:
    """Eight weeks of every subject, each with the trend of the eight weeks ending with it."""
    long = pd.concat([mentions(events, staged), popular_texts(searches, as_of)]).dropna(subset="subject_id")
    about = events[events[["perfume_id", "house_id", "note_id"]].notna().any(axis=1)]
    texts = searches[searches.text.ne("")].searched_date
    told, asked = sunday(about.day.dt.tz_localize(None)), sunday(texts)
    first = dict.fromkeys(("perfume", "house", "note"), told[told >= FIRST_WEEK].min())
    first["query"] = asked[asked >= FIRST_WEEK].min()
    last = sunday(pd.Series([as_of + timedelta(days=1)]))[0] - 7 * DAY
    weeks = pd.date_range(end=last, periods=2 * WEEKS - 1, freq="7D")
    counts = long.groupby(["subject_kind", "subject_id", "week"]).size().unstack(fill_value=0)
    rows = []
    for (kind, subject), *volumes in counts.reindex(columns=weeks, fill_value=0).itertuples():
        for end in range(WEEKS - 1, len(weeks)):
            behind = tuple(volumes[end - WEEKS + 1 : end + 1])
            if any(behind):
                measured = weeks[end - WEEKS + 1] >= first[kind]
                change = change_of(*behind[-2:], weeks[end - 1] >= first[kind])
                rows.append((kind, subject, weeks[end].date(), *change, *trend(behind, measured)))
    table = pd.DataFrame(rows, columns=TRENDS)
    ends = [start + timedelta(days=6) for start in table.week_start_date]
    return table.assign(week_end_date=ends, as_of_date=as_of)


TRENDS = [
    "subject_kind", "subject_id", "week_start_date", "volume", "previous_volume", "volume_change",
    "volume_change_share", "direction", "slope_per_week", "mann_kendall_p",
]  # fmt: skip


def change_of(before: int, now: int, measured: bool) -> tuple[int, int | None, int | None, float | None]:
    """Volume, that of the week before, and the change."""
    if not measured:
        return now, None, None, None
    return now, before, now - before, (now - before) / before if before else None


@cache
def trend(counts: tuple[int, ...], measured: bool) -> tuple[str, float | None, float | None]:
    """Direction, Theil-Sen slope and Mann-Kendall p, the latter from Kendall's tau by its correction for continuity."""
    if not measured:
        return "stable", None, None
    volumes = np.array(counts)
    slope = float(theilslopes(volumes, np.arange(WEEKS)).slope)
    s = int(np.sign(volumes[None, :] - volumes[:, None])[np.triu_indices(WEEKS, 1)].sum())
    if s == 0:
        return "stable", slope, 1.0
    z = norm.isf(kendalltau(np.arange(WEEKS), volumes, method="asymptotic").pvalue / 2)
    p = float(2 * norm.sf(z * (abs(s) - 1) / abs(s)))
    return ("stable" if p >= 0.05 else "rising" if s > 0 else "falling"), slope, p
