"""Load a system: everything that has arrived at its source since the last load, entity by entity, exactly once.

source -> conform -> gate -> lake -> staging, with rows, quarantine, ledger and watermark in one transaction per
entity (its nested children included). A load that fails at any point has changed nothing.

    python -m ingestion.load new_smell          load one system, print what happened
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pyarrow as pa

from ingestion import ledger, people, purpose
from ingestion.contracts import Entity, System, load_contracts
from ingestion.drift import observe
from ingestion.entity_load import EntityLoad
from ingestion.errors import (
    ContractError,
    MassDeletionError,
    MoodmartError,
    OutdatedTableError,
    SourceError,
    SourceUnreachableError,
    WarehouseError,
)
from ingestion.ledger import LoadResult
from ingestion.outages import told_plainly
from ingestion.settings import Settings
from ingestion.sources import Source, open_source
from ingestion.tables import ensure_tables
from ingestion.upgrade import follow_contract
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

    An entity that cannot be read, seems to have lost too many rows or has a table that cannot follow its contract stops
    alone: the others are loaded before its error is raised.
    """
    if not settings.has_source(system.name):
        hint = f"`moodmart source add {system.name}=URL` names one"
        raise SourceError("has no source, while other systems have one", system.name, hint)
    source = open_source(settings, system)
    source.check(system.roots)
    for remark in source.remarks():
        report(f"{system.name}: {remark}")
    results: list[LoadResult] = []
    stopped: list[MoodmartError] = []
    for entity in system.roots:
        try:
            results += load_entity(settings, system, entity, source)
        except SourceUnreachableError:
            raise
        except (SourceError, MassDeletionError, OutdatedTableError) as error:
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
    if result.elsewhere:
        along = ", ".join(f"{rows} of {entity}" for entity, rows in result.elsewhere.items())
        rare += f" (and with them {along})"
    return (
        f"{name}: {result.extracted} extracted, {result.inserted} inserted, {result.updated} updated,"
        f" {result.unchanged} unchanged{rare} in {result.seconds:.1f} s"
    )


def load_entity(settings: Settings, system: System, entity: Entity, source: Source | None = None) -> list[LoadResult]:
    """Load what has arrived for `entity`; results for it and its children.

    Raises `SourceError`, `BadShareError`, `MassDeletionError` or `WarehouseError`, and has then changed nothing.
    """
    entities = (entity, *system.children(entity))
    with plain_errors(settings), Warehouse(settings).connect("loader") as connection:
        if source is None and settings.has_source(system.name):
            source = open_source(settings, system)
        if source:
            purpose.confirm(connection, settings, system.name, source.name)
        prepare_tables(settings, connection, entities)
        if source is None:
            return [LoadResult(e.system, e.name) for e in entities]
        ledger.lock_entity(connection, entity)
        observe(connection, entity, source)
        watermark = ledger.read_watermark(connection, entity, source.name)
        watermark = people.reread_for_returned(connection, entity, source.name, watermark)
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


def prepare_tables(settings: Settings, connection: psycopg.Connection, needed: tuple[Entity, ...]) -> None:
    """Make the staging tables that are missing, and bring all to their contract; commits.

    The models stand on the tables of every system, loaded or not. Raises `OutdatedTableError` if the table of an entity
    in `needed` cannot follow its contract.
    """
    every = tuple(e for s in load_contracts(settings.project_root).values() for e in s.entities)
    follow_contract(settings, connection, every, needed)
    ensure_tables(connection, every)


@contextmanager
def plain_errors(settings: Settings) -> Iterator[None]:
    """Say what went wrong with disk, server or a value in one line, without the rows that drivers quote."""
    try:
        with told_plainly(str(settings.home / "lake"), "nothing was loaded"):
            yield
    except (psycopg.Error, pa.ArrowException) as error:
        what = f"a value cannot be loaded ({type(error).__name__})"
        raise WarehouseError(what, "warehouse", "nothing was loaded; please report this") from None


def main() -> None:
    """Load the systems named on the command line, or all."""
    try:
        settings = Settings.from_env()
        Warehouse(settings).up()
        every = [name for name in load_contracts(settings.project_root) if settings.has_source(name)]
        for name in sys.argv[1:] or every:
            load_system(settings, find_system(settings, name), print)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
