"""Simulate the five application databases with consistent data and planted truth.

plan -> each system's `generate` -> faults (dirty, late, twice) -> arrivals -> Parquet, BSON or PostgreSQL; what was
planted goes to `truth/` beside them. Everything streams: memory does not grow with the days. Run it alone with

    python -m ingestion.simulator --users 1000 --days 30 --seed 7 --to simulated
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from ingestion.pipeline import ahead
from ingestion.simulator.arrivals import arrivals
from ingestion.simulator.faults import Faults
from ingestion.simulator.folder import DaySink, FolderSink, Sink, require_empty
from ingestion.simulator.plan import SYSTEMS, Plan, SimulationError, Table
from ingestion.simulator.postgres import PostgresSink, database_address
from ingestion.simulator.truth import FOLDER as TRUTH_FOLDER
from ingestion.simulator.truth import Truth

__all__ = ["SYSTEMS", "Plan", "SimulationError", "database_address", "simulate"]

POSTGRES = ("postgresql://", "postgres://")
Reporter = Callable[[str], None]
AHEAD = 16
"""Pieces of tables made while others are written: about a day of New Smell."""


def simulate(
    plan: Plan, to: str | Path, documents_to: Path | None = None, report: Reporter = lambda line: None
) -> dict[str, Any]:
    """Write the data of `plan` to the folder or server `to`; returns the manifest of the truth.

    A folder gets one sub-folder per system and `truth/`. A server (`postgresql://...`) gets one database per system;
    masterx, which is no PostgreSQL, and the truth then go to the folder `documents_to`.
    """
    plan = replace(plan, into_tables=str(to).startswith(POSTGRES))
    folder = _folder(plan, to, documents_to)
    sources = {system: import_module(f"ingestion.simulator.{system}") for system in plan.systems}
    in_tables = {name for name in sources if plan.into_tables and not sources[name].TABLES[0].holds_documents}
    require_empty(folder, (TRUTH_FOLDER, *(name for name in sources if name not in in_tables)))
    sinks = {
        name: PostgresSink(str(to), name, source.TABLES)
        if name in in_tables
        else _folder_sink(plan, folder / name, source.TABLES)
        for name, source in sources.items()
    }
    with ExitStack() as stack, Truth(folder, plan) as truth:
        for sink in sinks.values():
            stack.callback(sink.close)
        for name, source in sources.items():
            for arrival in ahead(arrivals(source.generate(plan, truth), Faults(plan, name, truth)), AHEAD):
                sinks[name].write(*arrival)
            sinks[name].close()
            report(f"{name}: {truth.rows_of(name)} rows")
        return truth.manifest()


def _folder(plan: Plan, to: str | Path, documents_to: Path | None) -> Path:
    """Where everything goes that does not go into a server."""
    if not plan.into_tables:
        return Path(to)
    if documents_to is None:
        raise SimulationError("no folder for masterx and the truth", "simulation", "name one: --masterx-to DIR")
    return documents_to


def _folder_sink(plan: Plan, folder: Path, tables: tuple[Table, ...]) -> Sink:
    folder.mkdir(parents=True, exist_ok=True)
    return DaySink(folder, tables) if plan.by_day else FolderSink(folder, tables)
