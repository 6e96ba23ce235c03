"""What is fitted outside SQL, between dbt's intermediate models and the marts.

intermediate.int_repeat_days -> BG/NBD by maximum likelihood -> ops.model_parameters, in one transaction

A fit is for the end of a week, a Saturday, and sees the events up to it: results depend on rows and as_of only. Every
build fits anew, so rows that came late for the week count; it takes less than a second for 100,000 users.

    python -m orchestration.lib.fits 2022-12-22          fits for the last Saturday, prints what it found
"""

import sys
from dataclasses import asdict
from datetime import date

import numpy as np
import psycopg

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import as_of, bgnbd

MODEL = "bg_nbd"
FEWEST_RETURNED = 20
"""Users with a repeat active day below which nothing is fitted: four parameters of fewer say nothing."""
OF_LAST_WEEK = "between %(day)s::date - 6 and %(day)s"
"""One week ends in seven days, whatever its last day."""
TRIPLES = f"""
select fit_date, repeat_days, recency_days, age_days, users
from intermediate.int_repeat_days
where fit_date {OF_LAST_WEEK}
order by repeat_days, recency_days, age_days
"""
FORGET = f"delete from ops.model_parameters where model = %(model)s and as_of {OF_LAST_WEEK}"
STORE = """
insert into ops.model_parameters (model, as_of, parameter, value, log_likelihood, n)
values (%s, %s, %s, %s, %s, %s)
"""


def refit(settings: Settings, day: date) -> dict[str, str | int | float]:
    """Fit churn for the last week that ended by `day`, replace its parameters, and say what came of it."""
    with Warehouse(settings).connect("owner") as connection:
        return _refit(connection, day)


def _refit(connection: psycopg.Connection, day: date) -> dict[str, str | int | float]:
    rows = connection.execute(TRIPLES.encode(), {"day": day}).fetchall()
    connection.execute(FORGET.encode(), {"model": MODEL, "day": day})
    if not rows:
        return {"users": 0, "no_parameters": "no users"}
    fit_date = rows[0][0]
    triples = np.array([triple for _, *triple in rows], dtype=float)
    observed = bgnbd.Observed(*triples.T)
    users, returned = int(observed.users.sum()), int(observed.users[observed.repeats > 0].sum())
    fitted = bgnbd.fit(observed) if returned >= FEWEST_RETURNED else None
    told: dict[str, str | int | float] = {"fit_date": fit_date.isoformat(), "users": users, "returned": returned}
    if not fitted:
        few = f"{returned} users came back, {FEWEST_RETURNED} are needed"
        return {**told, "no_parameters": few if returned < FEWEST_RETURNED else "no convergence"}
    values = asdict(fitted)
    likelihood = values.pop("log_likelihood")
    for name, value in values.items():
        connection.execute(STORE, [MODEL, fit_date, name, value, likelihood, users])
    return {**told, **values, "log_likelihood": likelihood}


if __name__ == "__main__":
    print(refit(Settings.from_env(), as_of.parse(sys.argv[1], "argument")))
