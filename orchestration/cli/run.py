"""`moodmart run`: load the sources, build the marts, judge both, say what happened.

arguments -> order -> sources checked -> the Dagster job in this process -> summary and exit code

    python -m orchestration.cli run --system new_smell --as-of 2022-12-22
"""

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ingestion.contracts import load_contracts
from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.cli import debug
from orchestration.cli.sources import check_sources, confirm_purpose, keep_new, parsed, source_option
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
@click.option(
    "--allow-deletions",
    "allowed",
    multiple=True,
    metavar="SYSTEM.ENTITY",
    help="Let any number of its rows be gone at the source; may be repeated.",
)
@click.option("--full-refresh", is_flag=True, help="Build and judge everything from scratch.")
def run(
    systems: tuple[str, ...],
    sources: Sequence[str],
    as_of: str | None,
    allowed: tuple[str, ...],
    full_refresh: bool,
) -> int:
    """Load what is new, build the marts, judge both."""
    settings = allowing(Settings.from_env(), allowed)
    named = parsed(settings, sources, "--source")
    settings = settings.with_sources(named)
    day = parse(as_of, "--as-of") if as_of else settings.default_as_of()
    clock = Clock(sys.stdout)
    read = systems or tuple(load_contracts(settings.project_root))
    check_sources(settings, read, clock.say)
    Warehouse(settings).up()
    confirm_purpose(settings, read)
    keep_new(settings, named, clock.say)
    # with --debug every log line is on the terminal
    log = None if debug.is_on() else new_log(settings.home)
    with quiet(log) if log else nullcontext(sys.stdout) as clock.out:
        order, outcome = perform(settings, systems, day, full_refresh, clock)
    clock.out = sys.stdout
    return conclude(settings, order, outcome, log, clock)


def allowing(settings: Settings, entities: tuple[str, ...]) -> Settings:
    """The same settings, where these entities (`system.entity`) may lose any share of their rows."""
    roots = {f"{e.system}.{e.name}" for s in load_contracts(settings.project_root).values() for e in s.roots}
    if unknown := [name for name in entities if name not in roots]:
        raise MoodmartError(f"no entity {unknown[0]!r}", "--allow-deletions", "for instance new_smell.users")
    return replace(settings, allowed_deletions=entities)


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
    bad = [failure.reason for failure in outcome.failures if failure.is_bad_input]
    if bad and not outcome.models:
        raise click.ClickException(first_of(bad, log))
    with Warehouse(settings).connect("owner") as connection:
        counts = marts.row_counts(connection)
    for line in summary.lines(order, outcome, counts, settings.home):
        click.echo(line)
    if log:
        click.echo(f"log     {log}")
    clock.say("done" if outcome.succeeded else "FAILED")
    if bad:
        raise click.ClickException(first_of(bad, log))
    return 0 if outcome.succeeded else 1


def first_of(reasons: Sequence[str], log: Path | None) -> str:
    """The first of what went wrong, and where the rest is told."""
    more = f" (and {len(reasons) - 1} more{f': see {log}' if log else ''})" if len(reasons) > 1 else ""
    return reasons[0] + more
