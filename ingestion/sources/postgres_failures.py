"""What a PostgreSQL says when something goes wrong, as one line that names what to do about it.

driver's error -> its SQLSTATE and first line -> a `SourceError`. Passwords are masked, and a message about data, which
may quote a value of a row, is not shown at all.
"""

import re

from ingestion.errors import SourceError, SourceUnreachableError
from ingestion.sources.addresses import masked

PRIMARY = re.compile(r"(?:ERROR|FATAL|PANIC):\s+(.*?)(?:\n|$)")
STATE = re.compile(r"SQLSTATE: (\w{5})")
LONGEST = 300
ABOUT_DATA = ("22", "23", "P0", "XX")
"""Classes of SQLSTATE whose messages may quote values."""

UP = "is the server up and the address right?"
STATEMENT_TIMEOUT = "the source's statement_timeout ended the reading"
LOCK_TIMEOUT = "the source's lock_timeout ended the wait for a lock on it"

# part of the message -> what to say instead ("": the message itself), its kind, and what to do
KNOWN: tuple[tuple[str, str, type[SourceError], str], ...] = (
    ("statement timeout", STATEMENT_TIMEOUT, SourceError, "raise it: alter role {user} set statement_timeout = ..."),
    ("lock timeout", LOCK_TIMEOUT, SourceError, "load again when the lock is free, or raise lock_timeout of {user}"),
    ("conflict with recovery", "", SourceError, "set hot_standby_feedback or a longer max_standby_streaming_delay"),
    ("password authentication failed", "", SourceError, "check user and password"),
    ("no password supplied", "", SourceError, "check user and password"),
    ("authentication failed", "", SourceError, "check user and password"),
    ("pg_hba.conf", "", SourceError, "let the user in: pg_hba.conf of the source"),
    ("permission denied", "", SourceError, "grant what is missing to {user}"),
    ('database "', "", SourceError, "check the database name"),
    ('role "', "", SourceError, "check the user name"),
    ("during recovery", "", SourceError, "read its primary"),
)


def failure(error: Exception, address: str, name: str, user: str = "", table: str = "") -> SourceError:
    """One line about `error` of the source `name` at `address`; `table` is what was being read by `user`."""
    text = masked(str(error), address)
    where = f"{name} table {table}" if table else name
    for part, said, kind, hint in KNOWN:
        if part in text:
            return kind(said or _primary(text), where, hint.format(user=user or "the user"))
    state = _state(error, text)
    if state[:2] in ABOUT_DATA:
        return SourceError(f"the source failed on a value (SQLSTATE {state})", where, "see the server's log")
    if state and state[:2] not in ("08", "57", "53"):
        return SourceError(_primary(text), where, f"SQLSTATE {state}")
    return SourceUnreachableError(_primary(text), where, UP)


def _state(error: Exception, text: str) -> str:
    given = getattr(error, "sqlstate", None)
    if given:
        return str(given)
    found = STATE.search(text)
    return found[1] if found else ""


def _primary(text: str) -> str:
    """The message without the statement, position and settings that drivers add."""
    found = PRIMARY.search(text)
    line = found[1] if found else text
    return " ".join(line.split())[:LONGEST]
