"""Jobs and their schedules, declared in one table; times are UTC.

A job is a selection of assets with their checks. A scheduled run's logical date is the day it was scheduled for, in
the tag `moodmart/as_of`.
"""

from dataclasses import dataclass

import dagster as dg

from ingestion.settings import Settings
from orchestration.lib import as_of

EVERYTHING = "moodmart"
"""The job of `moodmart run`: every load, every mart, every check."""


@dataclass(frozen=True)
class ScheduledJob:
    """One row of the schedule: `selection` is in Dagster's selection syntax."""

    name: str
    cron: str
    selection: str
    description: str


def marts(*names: str) -> str:
    """Selection of marts, as area/name (`*` stands for anything), and the models they need."""
    wanted = " or ".join(f'+key:"{name}"' for name in names)
    return f"({wanted}) and kind:dbt"


SCHEDULE = (
    ScheduledJob(
        "hourly_loads",
        "5 * * * *",
        f"kind:ingestion or ({marts('core/sessions', 'behavior/active_users')})",
        "Load every system; sessions, active_users.",
    ),
    ScheduledJob(
        "daily_user_behavior_profiles",
        "0 2 * * *",
        marts("behavior/user_behavior_*", "behavior/user_preferences*"),
        "User profiles and preferences with their children.",
    ),
    ScheduledJob(
        "daily_perfume_interaction_stats",
        "0 3 * * *",
        marts("behavior/perfume_interaction_stats*"),
        "Interaction statistics of every perfume.",
    ),
)


def build(settings: Settings) -> dg.Definitions:
    """The job of everything, and every scheduled job with its schedule."""
    everything = dg.define_asset_job(EVERYTHING, dg.AssetSelection.all(), description="Load, build, judge.")
    return dg.Definitions(
        jobs=[everything],
        schedules=[scheduled(settings, row) for row in SCHEDULE],
    )


def scheduled(settings: Settings, row: ScheduledJob) -> dg.ScheduleDefinition:
    """The schedule of one row; it runs as soon as a Dagster daemon does."""
    job = dg.define_asset_job(row.name, row.selection, description=row.description)

    @dg.schedule(
        job=job,
        name=f"{row.name}_schedule",
        cron_schedule=row.cron,
        execution_timezone="UTC",
        description=row.description,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = as_of.of_schedule(context.scheduled_execution_time, settings)
        return dg.RunRequest(tags={as_of.AS_OF_TAG: day.isoformat()})

    return schedule
