"""What users like, in pandas: evidence of single events, preferences, price ranges and search terms.

events of `reference_marts.attributed` and the catalogue -> one frame per mart.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from math import fsum

import numpy as np
import pandas as pd

VIEW = ("PAGE_VIEW", "PERFUME_VIEW", "HOUSE_VIEW", "COLLECTION_VIEW")
ENGAGEMENT = (
    "IMAGE_VIEWED", "IMAGE_ZOOMED", "NOTES_EXPANDED", "NOTES_COLLAPSED", "SIMILAR_CLICKED", "HOUSE_LINK_CLICKED",
)  # fmt: skip
# only a concluded purchase or trade counts
WEIGHTS = {
    **dict.fromkeys(VIEW, 1.0),
    **dict.fromkeys(ENGAGEMENT, 2.0),
    "SEARCH_RESULT_CLICKED": 2.0,
    "WISHLIST_ADD": 4.0,
    "WISHLIST_REMOVE": -4.0,
    "COLLECTION_ADD": 6.0,
    "COLLECTION_REMOVE": -6.0,
    "PURCHASE_COMPLETED": 8.0,
    "TRADE_ACCEPTED": 8.0,
}
RATINGS = ("RATING_COMPLETED", "RATING_UPDATED")
BANDS = ("under_50", "50_to_100", "100_to_200", "from_200")


def stars(events: pd.DataFrame) -> pd.Series:
    """Stars of rating events: the event's one value, else the overall one of its detailed ratings."""
    given = events.value.fillna(events.rating_overall).astype(float)
    return given.where(events.event_type.isin(RATINGS))


def weights(events: pd.DataFrame) -> pd.Series:
    """Evidence weight of each event; missing where it tells nothing."""
    return events.event_type.map(WEIGHTS).fillna(2 * (events.stars - 3)).astype(float)


def user_preferences(
    events: pd.DataFrame, perfumes: pd.DataFrame, perfume_notes: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """Shares of aged evidence by user, kind and value."""
    found = events.dropna(subset="weight")[["user_key", "perfume_id", "house_id", "note_id", "day", "weight"]]
    catalogue = perfumes[["perfume_id", "house_id", "perfume_type", "price"]].rename(columns={"house_id": "maker"})
    catalogue["price_band"] = price_band(catalogue.price)
    found = found.merge(catalogue, on="perfume_id", how="left")
    bare = found.perfume_id.isna()
    pairs = perfume_notes[["perfume_id", "note_id"]].drop_duplicates()
    noted = found[~bare].drop(columns="note_id").merge(pairs, on="perfume_id")
    values = {
        "perfume": found.assign(value=found.perfume_id),
        "house": found.assign(value=found.maker.fillna(found.house_id)),
        "note": pd.concat([noted, found[bare & found.house_id.isna()]]).assign(value=lambda all_: all_.note_id),
        "perfume_type": found.assign(value=found.perfume_type),
        "price_band": found.assign(value=found.price_band),
    }
    long = pd.concat([frame.assign(kind=kind) for kind, frame in values.items()]).dropna(subset="value")
    # by day first: an add and its removal then cancel exactly
    days = long.groupby(["user_key", "kind", "value", "day"]).weight.agg(["size", "sum"]).reset_index()
    age = (pd.Timestamp(as_of, tz="UTC") - days.day) / pd.Timedelta(days=1)
    by_value = days.assign(aged=days["sum"] * 2 ** (-age / 30)).groupby(["user_key", "kind", "value"])
    rows = by_value.agg(evidence_events=("size", "sum"), weight=("aged", fsum)).query("weight > 0").reset_index()
    rows["weight"] /= rows.groupby(["user_key", "kind"]).weight.transform("sum")
    return rows


def price_band(price: pd.Series) -> pd.Series:
    """Band of a list price; missing without one."""
    bands = pd.cut(price.astype(float), [-np.inf, 50, 100, 200, np.inf], right=False, labels=BANDS)
    return bands.astype(object)


def user_price_ranges(events: pd.DataFrame, perfumes: pd.DataFrame) -> pd.DataFrame:
    """List prices of the perfumes a user viewed or has in the collection."""
    pair = [events.user_key, events.perfume_id]
    viewed = events.event_type.eq("PERFUME_VIEW").groupby(pair).any()
    balance = events.event_type.map({"COLLECTION_ADD": 1, "COLLECTION_REMOVE": -1}).fillna(0).groupby(pair).sum()
    liked = (viewed | (balance > 0)).rename("counts").reset_index().query("counts")
    priced = liked.merge(perfumes.dropna(subset="price"), on="perfume_id")
    by_user = priced.assign(price=priced.price.astype(float)).groupby("user_key").price
    return by_user.agg(perfumes="size", min_price="min", max_price="max", average_price="mean").reset_index()


def user_search_terms(searches: pd.DataFrame, owners: pd.Series, as_of: date) -> pd.DataFrame:
    """The ten texts each user searched most; those of fewer than three users are `(rare)`."""
    owned = searches.assign(user_key=searches.user_key.fillna(searches.session_key.map(owners)))
    owned["term"] = [" ".join(text.lower().split())[:200] for text in owned.query_text]
    owned = owned[(owned.searched_at.dt.date <= as_of) & owned.user_key.notna() & owned.term.ne("")]
    popular = owned.groupby("term").user_key.transform("nunique") >= 3
    owned["term"] = owned.term.where(popular, "(rare)")
    rows = owned.groupby(["user_key", "term"]).size().rename("searches").reset_index()
    rows = rows.sort_values(["user_key", "searches", "term"], ascending=[True, False, True])
    rows["term_rank"] = rows.groupby("user_key").cumcount() + 1
    return rows[rows.term_rank <= 10]
