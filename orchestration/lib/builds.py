"""Which build the marts are from, so that a run with nothing new can leave them as they are.

Every build is entered in `ops.runs`, with its logical date, and in `ops.builds` before dbt starts; it is finished after
everything has been judged. The marts are current when the newest run is a finished build with the same `as_of`, the
same loads and the same code. Only a change by hand goes unseen: `--full-refresh` builds in any case.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

import dagster as dg

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import as_of, dbt_project

SKIP_TAG = "moodmart/skip_if_built"
"""Tag of a run that may leave marts as they are when nothing has changed."""

TABLE = """
create table if not exists ops.builds (
    run_id bigint primary key references ops.runs (run_id),
    dagster_run text not null,
    load_id bigint not null,
    code text not null,
    finished_at timestamptz
);
create table if not exists ops.refreshes (
    part text primary key,
    load_id bigint not null
)
"""
BEGIN = """
with new as (
    insert into ops.runs (as_of)
    select %(as_of)s
    where not exists (select from ops.builds where dagster_run = %(run)s)
    returning run_id
)
insert into ops.builds (run_id, dagster_run, load_id, code)
select run_id, %(run)s, (select coalesce(max(load_id), 0) from ops.loads), %(code)s
from new
"""
REMOVED = """
select max(load_id)
from ops.loads
where
    (deleted > 0 or updated > 0 and entity = 'user_interaction_events')
    and load_id > coalesce((select max(load_id) from ops.builds where finished_at is not null), 0)
    and load_id > coalesce((select load_id from ops.refreshes where part = %s), 0)
"""
REFRESHED = """
insert into ops.refreshes (part, load_id)
values (%s, %s)
on conflict (part) do update set load_id = excluded.load_id
"""
FINISH = """
update ops.builds set finished_at = now()
where dagster_run = %(run)s and run_id = (select max(run_id) from ops.runs)
"""
IS_CURRENT = """
select
    finished_at is not null
    and as_of = %(as_of)s
    and code = %(code)s
    and load_id = (select coalesce(max(load_id), 0) from ops.loads)
from ops.runs
left join ops.builds using (run_id)
order by run_id desc
limit 1
"""


def is_current(settings: Settings, tags: Mapping[str, str]) -> bool:
    """Whether a run with these tags may skip its build."""
    if SKIP_TAG not in tags:
        return False
    parameters = {"as_of": as_of.of_run(tags, settings), "code": dbt_project.code_checksum(settings)}
    with Warehouse(settings).connect("owner") as connection:
        connection.execute(TABLE)
        row = connection.execute(IS_CURRENT, parameters).fetchone()
    return bool(row and row[0])


def name_of(models: Iterable[dg.AssetKey]) -> str:
    """A short name of the part of the marts that a build of `models` makes."""
    return hashlib.sha256(" ".join(sorted(key.to_user_string() for key in models)).encode()).hexdigest()[:16]


def removal(settings: Settings, part: str) -> int | None:
    """The newest load that took rows out since `part` was last built from scratch; None if there is none.

    Incremental models see what arrives, not what is gone: after a removal they are built from scratch. An event
    that came again with other values is gone from where it was: the old perfume, day or session has no row that would
    tell. `part` names the models of a build; a finished build of everything goes for each part.
    """
    with Warehouse(settings).connect("owner") as connection:
        connection.execute(TABLE)
        row = connection.execute(REMOVED, [part]).fetchone()
    return int(row[0]) if row and row[0] else None


def refreshed(settings: Settings, part: str, load_id: int) -> None:
    """Say that `part` was built from scratch after the removal by `load_id`."""
    with Warehouse(settings).connect("owner") as connection:
        connection.execute(REFRESHED, [part, load_id])


def begin(settings: Settings, run: str, day: date) -> None:
    """Enter the build of Dagster run `run`; the loads it is sure to see are those committed now.

    A run that starts dbt a second time is one build still: what was loaded in between is new to the next run.
    """
    parameters = {"as_of": day, "run": run, "code": dbt_project.code_checksum(settings)}
    with Warehouse(settings).connect("owner") as connection:
        connection.execute(TABLE)
        connection.execute(BEGIN, parameters)


def finish(settings: Settings, run: str) -> None:
    """Say that everything was built and judged by `run`; no effect if another run has begun since."""
    with Warehouse(settings).connect("owner") as connection:
        connection.execute(FINISH, {"run": run})
