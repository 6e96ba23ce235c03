"""Which logical dates a scheduled job owes.

Dagster's daemon, after a stop, runs only the newest missed tick of a schedule. That tick asks here: of the job's last
dates, those without a run that succeeded or is under way are due as well, so a date is run again until it succeeds or
falls out of the reach.

runs of the instance, by their tag `moodmart/as_of` -> dates, oldest first
"""

from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from orchestration.lib.as_of import AS_OF_TAG

SCHEDULE_TAG = "dagster/schedule_name"
"""Dagster's tag of a run that a schedule asked for."""
HELD = frozenset({
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
})  # fmt: skip
"""A date with such a run is not owed."""


@dataclass(frozen=True)
class Cadence:
    """Days between a job's logical dates, and how many dates it goes back, the newest included."""

    days: int
    reach: int

    def back_from(self, day: date) -> list[date]:
        """The dates within reach of `day`, oldest first."""
        return [day - timedelta(self.days * steps) for steps in reversed(range(self.reach))]


HOURLY = Cadence(days=0, reach=1)
"""A mart's `as_of` is a date: the newest hour says all that missed hours of the day would have said."""
DAILY = Cadence(days=1, reach=14)
WEEKLY = Cadence(days=7, reach=8)


def due_dates(instance: dg.DagsterInstance, job: str, schedule: str, cadence: Cadence, day: date) -> list[date]:
    """Dates owed at the tick of `day`, oldest first; `day` itself always is.

    Nothing is owed for the time before the schedule's first run.
    """
    dates = cadence.back_from(day)
    tags = [each.isoformat() for each in dates]
    runs = instance.get_runs(dg.RunsFilter(job_name=job, tags={AS_OF_TAG: tags}))
    held = {run.tags[AS_OF_TAG] for run in runs if run.status in HELD}
    first = _first_date(instance, job, schedule) or day.isoformat()
    return [each for each in dates if each == day or (each.isoformat() >= first and each.isoformat() not in held)]


def is_queued(instance: dg.DagsterInstance, job: str, day: date) -> bool:
    """Whether a run of the job for `day` waits already: it will see whatever has arrived when it starts."""
    tags = {AS_OF_TAG: day.isoformat()}
    return instance.get_runs_count(dg.RunsFilter(job_name=job, tags=tags, statuses=[dg.DagsterRunStatus.QUEUED])) > 0


def _first_date(instance: dg.DagsterInstance, job: str, schedule: str) -> str | None:
    """Logical date of the first run the schedule has asked for."""
    runs = instance.get_runs(dg.RunsFilter(job_name=job, tags={SCHEDULE_TAG: schedule}), limit=1, ascending=True)
    return runs[0].tags.get(AS_OF_TAG) if runs else None
