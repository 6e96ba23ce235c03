"""Ingestion of tracker events next to `psql \\copy` and dlt, in one run.

`moodmart` extracts from Parquet, flattens, validates, hashes, lands and loads; `\\copy` writes the resulting rows into
the same tables (same keys, indexes and partitions) from CSV; dlt writes the same Parquet, unvalidated, into a plain
table. Every competitor runs in a process of its own on the same server; memory is that process's peak.

    make bench-ingestion                              2 million events
    make bench-ingestion ARGS="--rows 200000 --rounds 3"
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from ingestion.contracts import load_contracts
from ingestion.embedded import programs
from ingestion.settings import PROJECT_ROOT, Settings
from ingestion.warehouse import Warehouse
from tests.benchmarks.measuring import Measured, dlt_environment, timed

SYSTEM = load_contracts()["new_smell"]
TABLES = tuple(SYSTEM.entity(name).table for name in ("user_interaction_events", "user_interaction_event_items"))
DLT = """
import sys, dlt, pyarrow.parquet as pq
@dlt.resource(name="events")
def events():
    for batch in pq.ParquetFile(sys.argv[1]).iter_batches(32768):
        yield batch
pipeline = dlt.pipeline("bench", pipelines_dir=sys.argv[3], dataset_name="dlt_bench",
                        destination=dlt.destinations.postgres(sys.argv[2]))
pipeline.run(events())
"""


class Bench:
    """One benchmark run in a folder and a warehouse of its own."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.rows = rows
        self.settings = Settings(home=folder / "home", sources={"new_smell": str(folder / "in")})
        self.warehouse = Warehouse(self.settings)
        self.warehouse.up()
        self.parquet = folder / "in" / "UserInteractionEvent.parquet"
        self.parquet.parent.mkdir()
        # in a process of its own: a child's peak memory starts from its parent's
        command = [sys.executable, "-m", "tests.benchmarks.events", str(self.parquet), str(rows)]
        subprocess.run(command, check=True, cwd=PROJECT_ROOT)

    def moodmart(self) -> Measured:
        """Load the Parquet file into an empty warehouse."""
        with self.warehouse.connect("owner") as connection:
            for table in TABLES:
                connection.execute(f"drop table if exists {table} cascade")
            connection.execute("delete from ops.watermarks; delete from ops.loads")
        shutil.rmtree(self.settings.home / "lake", ignore_errors=True)
        environment = {
            **os.environ,
            "MOODMART_HOME": str(self.settings.home),
            "MOODMART_SOURCE_NEW_SMELL": str(self.parquet.parent),
        }
        return timed([sys.executable, "-m", "ingestion.load", "new_smell"], environment)

    def copy(self) -> Measured:
        """Write the rows that moodmart loaded into the same tables once more."""
        psql = [str(programs() / "psql"), "-q", self.warehouse.dsn("owner")]
        files = {table: self.folder / f"{table}.csv" for table in TABLES}
        for table, path in files.items():
            if not path.exists():
                subprocess.run([*psql, "-c", f"\\copy (select * from {table}) to {path} csv"], check=True)
        subprocess.run([*psql, "-c", f"truncate {', '.join(TABLES)}"], check=True)
        command = [*psql]
        for table, path in files.items():
            command += ["-c", f"\\copy {table} from {path} csv"]
        return timed(command, dict(os.environ))

    def dlt(self) -> Measured:
        """Load the Parquet file with dlt."""
        with psycopg.connect(self.warehouse.dsn("owner")) as connection:
            connection.execute("drop schema if exists dlt_bench cascade")
            connection.execute("drop schema if exists dlt_bench_staging cascade")
        pipelines = self.folder / "dlt"
        shutil.rmtree(pipelines, ignore_errors=True)
        command = [sys.executable, "-c", DLT, str(self.parquet), self.warehouse.dsn("owner"), str(pipelines)]
        return timed(command, dlt_environment())


def main() -> None:
    """Run every competitor in turn, several rounds, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(tempfile.mkdtemp(prefix="mm-bench-"))
    folder.chmod(0o755)
    bench = Bench(folder, arguments.rows)
    try:
        runs: dict[str, list[Measured]] = {"moodmart": [], "copy": [], "dlt": []}
        for _ in range(arguments.rounds):
            for name, taken in runs.items():
                taken.append(getattr(bench, name)())
        report(arguments.rows, runs)
    finally:
        bench.warehouse.down()
        shutil.rmtree(folder, ignore_errors=True)


def report(rows: int, runs: dict[str, list[Measured]]) -> None:
    """Print a line per competitor: median rows/s, peak memory, and moodmart's speed relative to it."""
    seconds = {name: statistics.median(second for second, _ in taken) for name, taken in runs.items()}
    print(f"{rows:,} events\n{'':10}{'rows/s':>12}{'peak MB':>10}{'seconds':>10}   moodmart's speed / its speed")
    for name, taken in runs.items():
        ratios = [taken[i][0] / runs["moodmart"][i][0] for i in range(len(taken))]
        peak = max(memory for _, memory in taken)
        speed = rows / seconds[name]
        print(f"{name:10}{speed:12,.0f}{peak:10.0f}{seconds[name]:10.1f}   {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
