"""`moodmart run`: load the sources, build the marts, judge both, say what happened.

arguments -> order -> sources checked -> the Dagster job in this process -> summary and exit code

    python -m orchestration.cli run --system new_smell --as-of 2022-12-22
"""

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ingestion.contracts import load_contracts
from ingestion.load import find_system
from ingestion.settings import Settings
from ingestion.sources import open_source
from ingestion.warehouse import Warehouse
from orchestration.cli import debug
from orchestration.cli.sources import source_option, with_sources
from orchestration.lib.as_of import parse
from orchestration.lib.quiet import new_log, quiet

if TYPE_CHECKING:
    from orchestration.lib.run import Order, Outcome


class Clock:
    """Prints lines with the seconds since the start."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.started = time.perf_counter()

    def say(self, line: str) -> None:
        """One line of progress."""
        self.out.write(f"{time.perf_counter() - self.started:6.1f} s  {line}\n")
        self.out.flush()


@click.command()
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Only this system; may be repeated.")
@source_option
@click.option("--as-of", metavar="DATE", help="Logical date of the marts, YYYY-MM-DD.")
@click.option("--full-refresh", is_flag=True, help="Build and judge everything from scratch.")
def run(systems: tuple[str, ...], sources: Sequence[str], as_of: str | None, full_refresh: bool) -> int:
    """Load what is new, build the marts, judge both."""
    settings = with_sources(Settings.from_env(), sources)
    day = parse(as_of, "--as-of") if as_of else settings.default_as_of()
    clock = Clock(sys.stdout)
    check_sources(settings, systems, clock)
    Warehouse(settings).up()
    # with --debug every log line is on the terminal
    log = None if debug.is_on() else new_log(settings.home)
    with quiet(log) if log else nullcontext(sys.stdout) as clock.out:
        order, outcome = perform(settings, systems, day, full_refresh, clock)
    clock.out = sys.stdout
    return conclude(settings, order, outcome, log, clock)


def check_sources(settings: Settings, systems: Sequence[str], clock: Clock) -> None:
    """Raise before anything is changed if a source cannot be read as its contract says."""
    for name in systems or load_contracts(settings.project_root):
        system = find_system(settings, name)
        if not settings.has_source(name):
            clock.say(f"{name} has no source")
            continue
        source = open_source(settings, system)
        clock.say(f"reading {name} from {source.name if name in settings.sources else 'the bundled sample'}")
        if missing := source.check(system.roots):
            clock.say(f"{name} does not offer {', '.join(missing)}")
        for remark in source.remarks():
            clock.say(f"{name}: {remark}")


def perform(
    settings: Settings, systems: tuple[str, ...], day: date, full_refresh: bool, clock: Clock
) -> tuple["Order", "Outcome"]:
    """Import Dagster, which takes seconds, and run the job."""
    clock.say("starting")
    from orchestration.lib.run import Order, execute

    every = set(systems) >= set(load_contracts(settings.project_root))
    order = Order(() if every else tuple(dict.fromkeys(systems)), day, full_refresh)
    return order, execute(settings, order, clock.say)


def conclude(settings: Settings, order: "Order", outcome: "Outcome", log: Path | None, clock: Clock) -> int:
    """Print the summary; 0 unless a blocking check or a step failed."""
    from orchestration.lib import marts, summary  # imports Dagster

    if outcome.was_interrupted:
        raise KeyboardInterrupt
    if bad := [failure for failure in outcome.failures if failure.is_bad_input]:
        more = f" (and {len(bad) - 1} more{f': see {log}' if log else ''})" if len(bad) > 1 else ""
        raise click.ClickException(bad[0].reason + more)
    with Warehouse(settings).connect("owner") as connection:
        counts = marts.row_counts(connection)
    for line in summary.lines(order, outcome, counts, settings.home):
        click.echo(line)
    if log:
        click.echo(f"log     {log}")
    clock.say("done" if outcome.succeeded else "FAILED")
    return 0 if outcome.succeeded else 1
