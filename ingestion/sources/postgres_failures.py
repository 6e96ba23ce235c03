"""What a PostgreSQL says when something goes wrong, as one line that names what to do about it.

driver's error -> its SQLSTATE and first line -> a `SourceError`. Passwords are masked. A message that may be about data
and quote a value of a row is not shown at all; of an error in the middle of the rows the driver hands over no SQLSTATE.
"""

import re

from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.sources.addresses import masked

PRIMARY = re.compile(r"(ERROR|FATAL|PANIC):\s+(.*?)(?:\n|$)")
LONGEST = 300
ABOUT_DATA = ("22", "23", "P0", "XX")
"""Classes of SQLSTATE whose messages may quote values."""
PASSING = ("", "08", "53", "57")
"""Classes of what may pass: connection lost, too little of something, stopped by somebody."""

CANCELED = "canceling statement due to "
STANDBY = "set hot_standby_feedback or a longer max_standby_streaming_delay"
UP = "is the server up and the address right?"
STATEMENT_TIMEOUT = "the source's statement_timeout ended the reading"
LOCK_TIMEOUT = "the source's lock_timeout ended the wait for a lock on it"

# how the message begins, or a part of it where the client itself speaks -> what to say instead ("": the message),
# its kind, and what to do
KNOWN: tuple[tuple[str, str, type[SourceError], str], ...] = (
    (
        CANCELED + "statement timeout",
        STATEMENT_TIMEOUT,
        SourceError,
        "raise it: alter role {user} set statement_timeout",
    ),
    (
        CANCELED + "lock timeout",
        LOCK_TIMEOUT,
        SourceError,
        "load again when it is free, or raise lock_timeout of {user}",
    ),
    (CANCELED + "conflict with recovery", "", SourceError, STANDBY),
    ("terminating connection due to conflict with recovery", "", SourceError, STANDBY),
    ("password authentication failed", "", SourceError, "check user and password"),
    ("no password supplied", "", SourceError, "check user and password"),
    ("no pg_hba.conf entry", "", SourceError, "let the user in: pg_hba.conf of the source"),
    ("permission denied", "", SourceError, "grant what is missing to {user}"),
    ('database "', "", SourceError, "check the database name"),
    ('role "', "", SourceError, "check the user name"),
)


def failure(error: Exception, address: str, name: str, user: str = "", table: str = "") -> SourceError:
    """One line about `error` of the source `name` at `address`; `table` is what was being read by `user`."""
    severity, message = _primary(masked(str(error), address))
    where = f"{name} table {table}" if table else name
    for part, said, kind, hint in KNOWN:
        if message.startswith(part) or (not severity and part in message):
            return kind(said or message, where, hint.format(user=user or "the user"))
    state = _state(error)
    if state[:2] in ABOUT_DATA or (severity == "ERROR" and not state):
        code = f" (SQLSTATE {state})" if state else ""
        return SourceError(f"the source failed while its rows were read{code}", where, "its log says more")
    if severity != "ERROR" and state[:2] in PASSING:
        return SourceUnreachableError(message, where, UP)
    return SourceError(message, where, f"SQLSTATE {state}")


def _state(error: Exception) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _primary(text: str) -> tuple[str, str]:
    """The server's severity ("": the client itself speaks), and its message without what drivers add to it."""
    found = PRIMARY.search(text)
    severity, line = found.groups() if found else ("", text)
    return severity, " ".join(line.split())[:LONGEST]
