"""The logical date of a run.

scheduled time, or what the operator asked for -> run tag `moodmart/as_of` -> dbt, through the session setting
`moodmart.as_of`. SQL reads the setting and never the clock.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from ingestion import purpose
from ingestion.errors import MoodmartError
from ingestion.settings import SAMPLE_AS_OF, Settings

AS_OF_TAG = "moodmart/as_of"


def parse(text: str, where: str) -> date:
    """An ISO date; `where` tells the user which option or tag is wrong."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise MoodmartError(f"{text!r} is not a date", where, "write it as YYYY-MM-DD") from None


def of_run(tags: Mapping[str, str], settings: Settings) -> date:
    """The date in a run's tags, or the default of runs that were started without one."""
    text = tags.get(AS_OF_TAG)
    return parse(text, f"tag {AS_OF_TAG}") if text else of_schedule(datetime.now(UTC), settings)


def of_schedule(scheduled: datetime, settings: Settings) -> date:
    """The scheduled day; the bundled sample keeps its own last day, behind which its windows are empty."""
    return SAMPLE_AS_OF if purpose.is_for_sample(settings) else scheduled.date()
