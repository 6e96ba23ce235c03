"""The simulator's command: `python -m ingestion.simulator --users N --days D --seed S --to DIR|postgresql://...`."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ingestion.errors import MoodmartError
from ingestion.simulator import SYSTEMS, Plan, simulate


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ingestion.simulator", description="Simulate the application databases.")
    parser.add_argument("--users", type=int, required=True, help="registered users of each system")
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", required=True, help="a folder, or postgresql://... (one database per system is made)")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), metavar="NAME", help=", ".join(SYSTEMS))
    parser.add_argument("--start", type=date.fromisoformat, default=Plan.start, help="first day (2025-01-01)")
    parser.add_argument("--dirty", type=float, default=Plan.dirty, help="share of rows that break a rule")
    parser.add_argument("--late", type=float, default=Plan.late, help="share of rows that arrive after their day")
    parser.add_argument("--duplicates", type=float, default=Plan.duplicates, help="share of rows sent twice")
    parser.add_argument("--by-day", action="store_true", help="one file per table and day of arrival")
    parser.add_argument("--masterx-to", type=Path, help="folder of masterx and the truth beside a PostgreSQL target")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 for arguments that cannot be met."""
    given = _parser().parse_args(arguments)
    begun = time.perf_counter()
    try:
        plan = Plan(
            users=given.users,
            days=given.days,
            seed=given.seed,
            start=given.start,
            systems=tuple(given.systems),
            dirty=given.dirty,
            late=given.late,
            duplicates=given.duplicates,
            by_day=given.by_day,
        )
        simulate(plan, given.to, given.masterx_to, print)
    except MoodmartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"done in {time.perf_counter() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
