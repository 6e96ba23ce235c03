"""Jobs and their schedules, declared in one table; times are UTC.

A job is a selection of assets with their checks. A scheduled run's logical date is the day it was scheduled for, in
the tag `moodmart/as_of`. Runs of missed and failed dates are asked for beside it (`lib.due`); the queue does one run at
a time (`lib.instance`), loads before marts and older dates before newer ones, so that the marts end at the newest.
"""

from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg

from ingestion import purpose
from ingestion.settings import Settings
from orchestration.defs.ingestion import KIND
from orchestration.lib import as_of, due
from orchestration.lib.instance import close_dead_runs

EVERYTHING = "moodmart"
"""The job of `moodmart run`: every load, every mart, every check."""
PRIORITY_TAG = "dagster/priority"
"""Dagster's tag: of the runs in the queue the one with the greatest number starts first; without it, 0."""


@dataclass(frozen=True)
class ScheduledJob:
    """One row of the schedule."""

    name: str
    cron: str
    cadence: due.Cadence
    selection: dg.AssetSelection
    description: str

    @property
    def schedule(self) -> str:
        """Name of its schedule."""
        return f"{self.name}_schedule"


def marts(*names: str) -> dg.AssetSelection:
    """Marts, as area/name (`*` stands for anything), and everything they need but loads.

    A name that nothing has selects nothing.
    """
    wanted = " or ".join(f'+key:"{name}"' for name in names)
    return dg.AssetSelection.from_string(wanted) - LOADS


LOADS = dg.AssetSelection.kind(KIND)
HOURLY_MARTS = (
    "core/sessions*",
    "core/emotion_*",
    "behavior/session_*",
    "behavior/active_users*",
    "behavior/trending_perfumes*",
    "behavior/search_popularity*",
)
USER_MARTS = (
    "core/model_parameters*",
    "behavior/user_behavior_*",
    "behavior/user_preference*",
    "behavior/user_feature*",
    "behavior/feature_*",
    "behavior/user_engagement_features*",
    "behavior/user_session_patterns*",
    "behavior/user_similarity*",
    # the table behind the view of that name
    "ops/similar_users",
    "behavior/user_perfume_*",
    "behavior/user_wishlist_*",
    "behavior/search_quer*",
)

SCHEDULE = (
    ScheduledJob(
        "hourly_loads",
        "5 * * * *",
        due.HOURLY,
        LOADS | marts(*HOURLY_MARTS),
        "Load every system; sessions, emotions, active users, trending perfumes, popular searches.",
    ),
    ScheduledJob(
        "daily_user_behavior_profiles",
        "0 2 * * *",
        due.DAILY,
        marts(*USER_MARTS),
        "Users: profiles, preferences, features, similarity, searches, interactions with perfumes.",
    ),
    ScheduledJob(
        "daily_perfume_interaction_stats",
        "0 3 * * *",
        due.DAILY,
        marts("behavior/perfume_*"),
        "Perfumes: interaction statistics and features.",
    ),
    ScheduledJob(
        "daily_recommendation_metrics",
        "0 4 * * *",
        due.DAILY,
        marts("behavior/recommendation_*"),
        "Recommendations: what became of them, by algorithm, source and position.",
    ),
    ScheduledJob(
        "weekly_trend_analysis",
        "0 0 * * 0",
        due.WEEKLY,
        marts("behavior/trend_analysis*"),
        "Trends of perfumes, houses, notes and searches.",
    ),
    ScheduledJob(
        "weekly_user_segments",
        "0 1 * * 0",
        due.WEEKLY,
        marts("behavior/user_segments*", "core/model_parameters*"),
        "Segments of users; the churn model is fitted anew.",
    ),
    ScheduledJob(
        "weekly_performance_reports",
        "0 2 * * 0",
        due.WEEKLY,
        marts("behavior/performance_reports*"),
        "Key figures of the week.",
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
        name=row.schedule,
        cron_schedule=row.cron,
        execution_timezone="UTC",
        description=row.description,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        close_dead_runs(context.instance)
        if row.cadence is due.HOURLY:
            return newest(context, settings, row)
        return [request(context, row, day) for day in owed(context, settings, row)]

    return schedule


def newest(
    context: dg.ScheduleEvaluationContext, settings: Settings, row: ScheduledJob
) -> list[dg.RunRequest] | dg.SkipReason:
    """A run of the hour, unless one that is not yet begun will do its work."""
    day = as_of.of_schedule(context.scheduled_execution_time, settings)
    if due.is_queued(context.instance, row.name, day):
        return dg.SkipReason(f"a run for {day} waits already")
    return [dg.RunRequest(run_key=day.isoformat(), tags={as_of.AS_OF_TAG: day.isoformat()})]


def owed(context: dg.ScheduleEvaluationContext, settings: Settings, row: ScheduledJob) -> list[date]:
    """The dates of this tick; the bundled sample has one day only."""
    day = as_of.of_schedule(context.scheduled_execution_time, settings)
    if purpose.is_for_sample(settings):
        return [day]
    return due.due_dates(context.instance, row.name, row.schedule, row.cadence, day)


def request(context: dg.ScheduleEvaluationContext, row: ScheduledJob, day: date) -> dg.RunRequest:
    """A run for `day`; the later the job's hour of that day, the later its place in the queue."""
    scheduled_at = context.scheduled_execution_time
    tick = datetime.combine(day, scheduled_at.time(), scheduled_at.tzinfo)
    tags = {as_of.AS_OF_TAG: day.isoformat(), PRIORITY_TAG: str(-int(tick.timestamp() // 60))}
    return dg.RunRequest(run_key=day.isoformat(), tags=tags)
