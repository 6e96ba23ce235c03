"""Rebuild the warehouse's staging tables, quarantine and ledger from the lake alone.

Every committed load of the lake, in the order in which they ended: its rows are merged as they were into copies of the
staging tables, its bad rows, removals and settled rows are entered again -> the rows of the copies replace those of the
staging tables. All of it is one transaction: a rebuild that fails, or is killed, has changed nothing. No source is
asked.

What a steward did to a quarantined row stays, as long as the warehouse still knows the row; the lake alone knows only
what was replayed. `ops.erasures` is only added to.

    python -m ingestion.rebuild
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa

from ingestion import lake, ledger
from ingestion.contracts import Entity, System, load_contracts
from ingestion.errors import MoodmartError, WarehouseError
from ingestion.load import plain_errors, prepare_tables
from ingestion.reload import Reload
from ingestion.settings import Settings
from ingestion.tables import create_table_sql, ensure_month
from ingestion.upgrade import refused
from ingestion.warehouse import Warehouse

Report = Callable[[str], None]
COPIES = "pg_temp"
"""Schema of the copies: they go with the session, whatever ends it."""
COPIES_BUFFERS = "64MB"
LOCK_SECONDS = 600
LOCK_PAUSE_SECONDS = 0.2


def rebuild(settings: Settings, report: Report = lambda line: None) -> int:
    """Make the staging tables and their books again from the lake; the number of loads. Marts are to be built anew.

    Raises `WarehouseError`, and has then changed nothing.
    """
    systems = load_contracts(settings.project_root)
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        prepare_tables(settings, connection, ())
        _hold_loads(connection, systems.values())
        loads = _loads(settings, connection, systems, report)
        copies = {name: _copy_of(system) for name, system in systems.items()}
        _make_copies(connection, copies.values())
        _clear_books(connection, [load_id for load_id, _ in loads])
        for load_id, folder in loads:
            system, name = copies[folder.parent.parent.name], folder.parent.name
            _do_again(Reload(connection, system, folder))
            report(f"{system.name}.{name}: load {load_id}")
        _keep_quarantine(connection)
        _swap(connection, systems, copies, report)
        connection.commit()
    _forget_builds(settings)
    return len(loads)


def _do_again(reload: Reload) -> None:
    where = f"rebuild of {reload.system.name}.{reload.entity.name}, load {reload.load_id}"
    hint = "nothing was changed; restore the folder from a backup"
    if missing := reload.missing():
        raise WarehouseError(f"the lake lacks {', '.join(missing)}", where, hint)
    try:
        reload.run()
    except (pa.ArrowException, ValueError, psycopg.DataError, psycopg.IntegrityError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # the words of the error may quote a value
        raise WarehouseError(f"its files cannot be loaded: {type(error).__name__}", where, hint) from None


def _entities(systems: Iterable[System]) -> tuple[Entity, ...]:
    return tuple(entity for system in systems for entity in system.entities)


def _copy_of(system: System) -> System:
    """The system with tables of this session: a copy need not be parted by months."""
    entities = tuple(replace(entity, schema=COPIES, partition_by=None) for entity in system.entities)
    return replace(system, entities=entities)


def _hold_loads(connection: psycopg.Connection, systems: Iterable[System]) -> None:
    """Wait for the loads that run, and let none begin before the connection closes.

    A load that waits for others while it holds its own lock is waited for first: lists of people wait for all of their
    system, holders of consent for what asks for it.
    """
    roots = [root for system in systems for root in system.roots]
    asked = {(root.system, clause.entity) for root in roots for clause in root.consent}
    for root in sorted(roots, key=lambda root: (not root.lists_people, (root.system, root.name) not in asked)):
        ledger.lock_entity(connection, root)


def _loads(
    settings: Settings, connection: psycopg.Connection, systems: dict[str, System], report: Report
) -> list[tuple[int, Path]]:
    """The loads to do again: all that the ledger knows, or more."""
    folder = settings.home / "lake"
    known: set[int] = set()
    for entity in _entities(systems.values()):
        own = ledger.committed_loads(connection, entity)
        # a load that was interrupted after its commit could not mark its folder itself
        lake.confirm_known(folder, entity, own)
        known |= own
    connection.commit()
    found = lake.committed_loads(folder)
    if not found:
        raise WarehouseError("no committed load", str(folder), "there is nothing to rebuild from")
    if missing := known - {load_id for load_id, _ in found}:
        numbers = ", ".join(map(str, sorted(missing)[:5]))
        raise WarehouseError(
            f"the lake lacks {len(missing)} loads of the ledger: {numbers}",
            str(folder),
            "a rebuild would lose their rows, so nothing was changed; restore the folders from a backup",
        )
    declared = {(entity.system, entity.name) for entity in _entities(systems.values())}
    places = {path: (path.parent.parent.name, path.parent.name) for _, path in found}
    for system, name in sorted(set(places.values()) - declared):
        report(f"{system}.{name} is in no contract any more: left out")
    return [(load_id, path) for load_id, path in found if places[path] in declared]


def _make_copies(connection: psycopg.Connection, systems: Iterable[System]) -> None:
    connection.execute(f"set temp_buffers = '{COPIES_BUFFERS}'")
    for entity in _entities(systems):
        connection.execute(create_table_sql(entity))


def _clear_books(connection: psycopg.Connection, loads: list[int]) -> None:
    """Empty what the loads enter anew; what is in the quarantine is put aside. Readers see it until the end."""
    connection.execute("lock table ops.loads, ops.quarantine, ops.watermarks in exclusive mode")
    connection.execute("create temporary table kept on commit drop as select * from ops.quarantine")
    connection.execute("create index on kept (load_id)")
    connection.execute("delete from ops.quarantine")
    connection.execute("delete from ops.loads where load_id = any(%s)", [loads])
    connection.execute("delete from ops.watermarks")
    # nextval, since the loader may not read the sequence
    connection.execute("select setval('ops.load_ids', greatest(nextval('ops.load_ids'), %s))", [max(loads)])


def _keep_quarantine(connection: psycopg.Connection) -> None:
    """Put back what was in the quarantine: with its ids, and with the steward's work, which the lake may not have."""
    connection.execute(KEPT_ROWS)
    connection.execute("insert into ops.quarantine overriding system value select * from kept")


KEPT_ROWS = """
delete from ops.quarantine as q
using kept
where
    kept.load_id = q.load_id
    and kept.system = q.system
    and kept.entity = q.entity
    and kept.fingerprint = q.fingerprint
"""


def _swap(
    connection: psycopg.Connection, systems: dict[str, System], copies: dict[str, System], report: Report
) -> None:
    """Put the rows of the copies into the staging tables; views on these stay."""
    entities = _entities(systems.values())
    _lock_tables(connection, [entity.table for entity in entities])
    anew = refused(connection, entities)
    for system in systems.values():
        for entity, copy in zip(system.entities, copies[system.name].entities, strict=True):
            before = _rows(connection, entity)
            if entity in anew:
                connection.execute(f"drop table {entity.table} cascade")
                connection.execute(create_table_sql(entity))
                report(f"{system.name}.{entity.name}: another table; the next build makes the views on it")
            connection.execute(f"truncate {entity.table}")
            _ensure_months(connection, entity, copy)
            columns = ", ".join((*entity.column_names, "_load_id"))
            rows = connection.execute(
                f"insert into {entity.table} ({columns}) select {columns} from {copy.table}"
            ).rowcount
            if rows != before:
                report(f"{system.name}.{entity.name}: {rows} rows, before {before}")


def _lock_tables(connection: psycopg.Connection, tables: list[str]) -> None:
    """Lock out readers, all tables at once: none is held while another is waited for."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            with connection.transaction():
                connection.execute(f"lock table {', '.join(tables)} in access exclusive mode nowait")
            return
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > until:
                hint = "nothing was changed; try again when no build runs"
                raise WarehouseError("somebody has been reading staging tables", "rebuild", hint) from None
            time.sleep(LOCK_PAUSE_SECONDS)


def _rows(connection: psycopg.Connection, entity: Entity) -> int:
    row = connection.execute(f"select count(*) from {entity.table}").fetchone()
    return int(row[0]) if row else 0


def _ensure_months(connection: psycopg.Connection, entity: Entity, copy: Entity) -> None:
    if entity.partition_by:
        query = f"select distinct date_trunc('month', {entity.event_time} at time zone 'UTC')::date from {copy.table}"
        for (month,) in connection.execute(query).fetchall():
            ensure_month(connection, entity, month)


def _forget_builds(settings: Settings) -> None:
    """The marts are of before, as are those of a build that runs now."""
    with Warehouse(settings).connect("owner") as connection:
        if connection.execute("select to_regclass('ops.builds')").fetchone() != (None,):
            connection.execute("delete from ops.builds")


def main() -> None:
    """Rebuild, and say what was done."""
    try:
        settings = Settings.from_env()
        Warehouse(settings).up()
        print(f"{rebuild(settings, print)} loads; build the marts with `moodmart run --full-refresh`")
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
