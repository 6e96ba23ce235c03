"""Load a system: everything that has arrived at its source since the last load, entity by entity, exactly once.

source -> conform -> gate -> lake -> staging, with rows, quarantine, ledger and watermark in one transaction per
entity (its nested children included). A load that fails at any point has changed nothing.

    python -m ingestion.load new_smell          load one system, print what happened
"""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from ingestion import ledger
from ingestion.contracts import Entity, System, load_contracts
from ingestion.drift import observe
from ingestion.entity_load import EntityLoad
from ingestion.errors import (
    ContractError,
    MoodmartError,
    SourceError,
    SourceUnreachableError,
    WarehouseError,
)
from ingestion.ledger import LoadResult
from ingestion.settings import Settings
from ingestion.sources import Source, open_source
from ingestion.tables import ensure_tables
from ingestion.warehouse import Warehouse

Reporter = Callable[[str], None]


def find_system(settings: Settings, name: str) -> System:
    """The contract of system `name`."""
    systems = load_contracts(settings.project_root)
    if name not in systems:
        raise ContractError(f"unknown system {name!r}", "moodmart", f"one of: {', '.join(sorted(systems))}")
    return systems[name]


def load_system(settings: Settings, system: System, report: Reporter = lambda line: None) -> list[LoadResult]:
    """Load every entity of `system`; nothing is loaded if its source fails the check.

    An entity that cannot be read stops alone: the others are loaded before its `SourceError` is raised.
    """
    source = open_source(settings, system)
    source.check(system.roots)
    results: list[LoadResult] = []
    stopped: list[SourceError] = []
    for entity in system.roots:
        try:
            results += load_entity(settings, system, entity, source)
        except SourceUnreachableError:
            raise
        except SourceError as error:
            stopped.append(error)
            report(str(error))
            continue
        for result in results[-1 - len(system.children(entity)) :]:
            report(describe(result))
    if stopped:
        raise stopped[0]
    return results


def describe(result: LoadResult) -> str:
    """One line of progress."""
    name = f"{result.system}.{result.entity}"
    if result.load_id is None:
        return f"{name}: nothing new"
    rare = "".join(
        f", {getattr(result, count)} {count}"
        for count in ("quarantined", "erased", "deleted", "recovered", "superseded")
        if getattr(result, count)
    )
    return (
        f"{name}: {result.extracted} extracted, {result.inserted} inserted, {result.updated} updated,"
        f" {result.unchanged} unchanged{rare} in {result.seconds:.1f} s"
    )


def load_entity(settings: Settings, system: System, entity: Entity, source: Source | None = None) -> list[LoadResult]:
    """Load what has arrived for `entity`; results for it and its children.

    Raises `SourceError`, `BadShareError` or `WarehouseError`, and has then changed nothing.
    """
    entities = (entity, *system.children(entity))
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        # the models stand on the tables of every system, loaded or not
        every = load_contracts(settings.project_root).values()
        ensure_tables(connection, tuple(e for s in every for e in s.entities))
        if source is None and not settings.has_source(system.name):
            return [LoadResult(e.system, e.name) for e in entities]
        source = source or open_source(settings, system)
        ledger.lock_entity(connection, entity)
        observe(connection, entity, source)
        watermark = ledger.read_watermark(connection, entity, source.name)
        extraction = source.extract(entity, watermark)
        results = [LoadResult(e.system, e.name) for e in entities]
        if extraction is not None:
            load = EntityLoad(settings, connection, system, entity, source.name, source.is_keyed)
            results = load.run(extraction)
        return _with_freed(settings, connection, system, entity, results)


def _with_freed(
    settings: Settings, connection: psycopg.Connection, system: System, entity: Entity, results: list[LoadResult]
) -> list[LoadResult]:
    """`results`, and those of taking in rows that waited for a value which no other row holds any more."""
    from ingestion.quarantine import take_in_freed  # imports this module

    for result, freed in zip(results, take_in_freed(settings, connection, system, entity), strict=True):
        if freed.load_id is not None:
            result.add(freed)
    return results


@contextmanager
def plain_errors(settings: Settings) -> Iterator[None]:
    """Say what went wrong with disk or server in one line."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise WarehouseError(f"the disk is full: {error}", "warehouse", "nothing was loaded") from None
    except psycopg.OperationalError as error:
        raise WarehouseError(str(error), "warehouse", "nothing was loaded; see `moodmart status`") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            where = str(settings.home / "lake")
            raise WarehouseError("the disk is full", where, "nothing was loaded") from None
        raise


def main() -> None:
    """Load the systems named on the command line, or all."""
    try:
        settings = Settings.from_env()
        Warehouse(settings).up()
        for name in sys.argv[1:] or load_contracts(settings.project_root):
            load_system(settings, find_system(settings, name), print)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
