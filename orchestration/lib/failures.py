"""Errors of the other packages as Dagster knows them.

A source that does not answer is tried again, later and later; every other `MoodmartError` fails at once. What fails
carries the error's one line as its description, so the UI, the alert and the command line all say the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

from ingestion.errors import MoodmartError, SourceUnreachableError
from ingestion.outages import plain
from ingestion.settings import home_of_env

TRIES = 3
FIRST_WAIT_SECONDS = 5
BAD_INPUT = "bad_input"
"""Metadata of a failure that the operator, not the project, has to mend."""


@contextmanager
def failing_plainly(retry_number: int) -> Iterator[None]:
    """Turn a `MoodmartError` of the block into a retry or a failure of the step."""
    try:
        yield
    except SourceUnreachableError as error:
        if retry_number + 1 < TRIES:
            wait = FIRST_WAIT_SECONDS * 3**retry_number
            raise dg.RetryRequested(max_retries=TRIES - 1, seconds_to_wait=wait) from error
        raise _failure(error) from error
    except MoodmartError as error:
        raise _failure(error) from error
    except (OSError, psycopg.OperationalError) as error:
        if outage := plain(error, str(home_of_env())):
            raise _failure(outage) from error
        raise


def _failure(error: MoodmartError) -> dg.Failure:
    return dg.Failure(str(error), metadata={BAD_INPUT: True}, allow_retries=False)
