"""The command line of the checks: judge one scope, print a short table, say by the exit code how it went.

    python -m expectations --scope staging|marts [--system NAME]... [--name TABLE]... [--changed-only]

Exit code 0: no critical rule failed. 1: one did. 2: bad input or no warehouse.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import groupby

from expectations.checkpoints import run_checkpoint
from expectations.declared import SCOPES
from expectations.results import CheckResult, common_exception
from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks `arguments` ask for; the exit code."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    try:
        settings = Settings.from_env()
        Warehouse(settings).up()
        checks = run_checkpoint(
            settings,
            options.scope,
            systems=options.system,
            names=options.name,
            changed_only=options.changed_only,
        )
    except MoodmartError as error:
        if options.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(checks))
    print(f"{time.monotonic() - started:.1f} s, Data Docs: {settings.home / 'data_docs' / 'index.html'}")
    return int(any(check.is_blocking for check in checks))


def report(checks: Sequence[CheckResult]) -> str:
    """One line per table, then one per rule that does not hold."""
    width = max((len(check.table) for check in checks), default=0)
    lines = [f"{'table':{width}}  {'rows':>12}  {'rules':>6}  {'failed':>6}  {'warned':>6}"]
    problems: list[str] = []
    for table, group in groupby(checks, key=lambda check: check.table):
        of_table = list(group)
        failed = sum(check.is_blocking for check in of_table)
        warned = sum(not check.passed for check in of_table) - failed
        rows = max((c.element_count for c in of_table if c.element_count is not None), default=None)
        shown = "-" if rows is None else f"{rows:,}"
        lines.append(f"{table:{width}}  {shown:>12}  {len(of_table):>6}  {failed:>6}  {warned:>6}")
        problems += _problems(table, of_table)
    return "\n".join(lines + problems)


def _problems(table: str, checks: list[CheckResult]) -> list[str]:
    """What does not hold; a table about which nothing could be found out has one line, not one per rule."""
    if exception := common_exception(checks):
        return [f"FAILED  {table}: {exception}"]
    return [
        f"{'FAILED' if check.is_blocking else 'warned'}  {table}  {check.code}: {_found(check)}"
        for check in checks
        if not check.passed
    ]


def _found(check: CheckResult) -> str:
    return check.exception or f"{check.unexpected_count:,} of {check.element_count:,} rows"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m expectations", description="Judge staging tables or marts by their declared rules."
    )
    parser.add_argument("--scope", required=True, choices=SCOPES)
    parser.add_argument("--system", action="append", default=[], help="only this system's staging tables")
    parser.add_argument("--name", action="append", default=[], help="only this entity or mart")
    parser.add_argument(
        "--changed-only", action="store_true", help="keep the judgement of staging tables no load has changed"
    )
    parser.add_argument("--debug", action="store_true", help="show the whole error")
    return parser


if __name__ == "__main__":
    sys.exit(main())
