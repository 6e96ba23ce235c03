"""What a warehouse is for: the bundled sample, or one's own sources. The two never meet.

`ops.watermarks` names every source that was ever loaded -> purpose -> a load of the other kind is refused.
"""

from typing import Literal

import psycopg

from ingestion import credentials as kept
from ingestion.errors import WarehouseError
from ingestion.settings import Settings, is_sample
from ingestion.warehouse import Warehouse

Purpose = Literal["sample", "own"]
LOCK_SPACE = 7_040_519
"""First half of the advisory lock keys; the second is the purpose's."""
LOCKS: dict[Purpose, int] = {"sample": 1, "own": 2}
OTHER: dict[Purpose, Purpose] = {"sample": "own", "own": "sample"}
UNDER_WAY = """
select exists (
    select from pg_locks
    where
        locktype = 'advisory' and classid = %s and objid = %s and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())
)
"""


def of_source(source: str, system: str) -> Purpose:
    """What a load of `system` from `source` is for."""
    return "sample" if is_sample(source, system) else "own"


def of_warehouse(connection: psycopg.Connection) -> Purpose | None:
    """What has been loaded so far; None when nothing has. One source of one's own makes it one's own."""
    if connection.execute("select to_regclass('ops.watermarks')").fetchone() == (None,):
        return None
    rows = connection.execute("select distinct system, source from ops.watermarks").fetchall()
    found = {of_source(source, system) for system, source in rows}
    return "own" if "own" in found else "sample" if found else None


def confirm(connection: psycopg.Connection, settings: Settings, system: str, source: str) -> None:
    """Raise unless what is in `source` may enter; until the connection closes no load of the other kind begins."""
    wanted = of_source(source, system)
    other = OTHER[wanted]
    connection.execute("select pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, LOCKS[wanted]])
    is_under_way = connection.execute(UNDER_WAY, [LOCK_SPACE, LOCKS[other]]).fetchone() == (True,)
    if of_warehouse(connection) == other or is_under_way:
        raise refusal(settings, system, wanted)
    connection.commit()


def refusal(settings: Settings, system: str, wanted: Purpose) -> WarehouseError:
    """The error of a load that would mix the two."""
    elsewhere = "set MOODMART_HOME to a new folder"
    if settings.database_url:
        elsewhere += " and MOODMART_DATABASE_URL to a new database"
    if wanted == "sample":
        what = "this warehouse is for your own sources, the bundled sample stays outside"
        return WarehouseError(what, system, f"`moodmart source add NAME=URL` names yours; for the sample {elsewhere}")
    what = "this warehouse holds the bundled sample, your own sources stay outside"
    return WarehouseError(what, system, f"for them {elsewhere}")


def is_for_sample(settings: Settings) -> bool:
    """Whether only the sample is or would be read here, so that its own last day is today."""
    if not settings.with_kept_sources().reads_sample:
        return False
    if kept.read(settings.home) is None:
        return True
    with Warehouse(settings).connect("owner") as connection:
        return of_warehouse(connection) != "own"
