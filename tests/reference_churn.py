"""Churn in pandas: what the fit is made on, and what the parameters make of a user.

events of `reference_marts.attributed`, which end with the as_of day -> repeat days of the week's end, churn risk.

The parameters are made up and stored before the build: how they are found is `test_bgnbd`'s.

    pytest tests/test_transformation/test_formulas.py
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaln, expit

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

DAY = pd.Timedelta(days=1)
PARAMETERS = {"r": 0.55, "alpha": 6.5, "a": 0.8, "b": 2.5}
LOG_LIKELIHOOD, USERS = -1234.5, 77
GRAINS = {
    "core.model_parameters": ["model", "parameter"],
    "intermediate.int_repeat_days": ["repeat_days", "recency_days", "age_days"],
}


def store_parameters(settings: Settings, as_of: date) -> None:
    """What a fit would have stored for the week, and for weeks that do not count."""
    query = "insert into ops.model_parameters (model, as_of, parameter, value, log_likelihood, n) values"
    with Warehouse(settings).connect("owner") as connection:
        for days, factor in ((-7, 2.0), (0, 1.0), (7, 3.0)):
            fit_date = saturday(as_of) + days * DAY
            for name, value in PARAMETERS.items():
                row = ["bg_nbd", fit_date.date(), name, value * factor, LOG_LIKELIHOOD, USERS]
                connection.execute(f"{query} (%s, %s, %s, %s, %s, %s)", row)


def saturday(as_of: date) -> pd.Timestamp:
    """The last Saturday on or before the day."""
    day = pd.Timestamp(as_of, tz="UTC")
    while day.day_name() != "Saturday":
        day -= DAY
    return day


def marts(staged: Any, as_of: date) -> dict[str, pd.DataFrame]:
    """Parameters, and the users of the week's end by x, t_x and T."""
    from tests.reference_marts import attributed, session_owners  # they use this module

    events = attributed(staged, session_owners(staged)).dropna(subset="user_key")
    week_end = saturday(as_of)
    known = triples(events[events.day <= week_end], week_end)
    known = known.value_counts().rename("users").reset_index()
    parameters = pd.DataFrame({"parameter": PARAMETERS.keys(), "value": PARAMETERS.values()})
    return {
        "core.model_parameters": parameters.assign(
            model="bg_nbd", log_likelihood=LOG_LIKELIHOOD, n=USERS, fit_date=week_end.date()
        ),
        "intermediate.int_repeat_days": known.assign(fit_date=week_end.date()),
    }


def triples(events: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """x, t_x and T by user, in days."""
    days = events.drop_duplicates(["user_key", "day"]).groupby("user_key").day
    return pd.DataFrame(
        {
            "repeat_days": days.size() - 1,
            "recency_days": (days.max() - days.min()) // DAY,
            "age_days": (end - days.min()) // DAY,
        }
    )


def churn_risk(events: pd.DataFrame, as_of: date) -> pd.Series:
    """The weight of having left after the last day among the two ways to have been seen like this."""
    found = triples(events, pd.Timestamp(as_of, tz="UTC"))
    x, recency, age = (found[name].astype(float) for name in found)
    r, alpha, a, b = PARAMETERS.values()
    here = betaln(a, b + x) - (r + x) * np.log(alpha + age)
    left = betaln(a + 1, b + x.clip(lower=1) - 1) - (r + x) * np.log(alpha + recency)
    return pd.Series(expit(left - here), found.index).where(x > 0, 0.0)
