"""All five systems together: simulated sources of any size, loaded by moodmart and by dlt, in one run.

`moodmart simulate` -> a folder per system -> `python -m ingestion.load <system>` | dlt: Parquet as Arrow, documents as
dictionaries that it flattens itself, neither validated nor made private. Each loads a system in a process of its own
into the same server; memory is the greatest peak of those processes. Rows are those at the source: a document is one
row, whose nested elements become child rows. Of each collection dlt gets the first 10,000 documents: it takes hundreds
a second.

    make bench-systems                                    5 million source rows
    make bench-systems ARGS="--users 500 --days 30"
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ingestion.contracts import System, load_contracts
from ingestion.settings import PROJECT_ROOT, Settings
from ingestion.warehouse import Warehouse
from tests.benchmarks.measuring import Measured, dlt_environment, timed

DLT = """
import itertools, pathlib, sys
import bson, dlt, pyarrow, pyarrow.parquet as pq
from bson.objectid import ObjectId

def plain(value):
    if isinstance(value, dict):
        return {name: plain(found) for name, found in value.items()}
    if isinstance(value, list):
        return [plain(found) for found in value]
    return str(value) if isinstance(value, ObjectId) else value

def rows(path):
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(32768):
            # dlt loads lists from dictionaries only
            yield batch.to_pylist() if any(map(pyarrow.types.is_nested, batch.schema.types)) else batch
    else:
        with path.open("rb") as file:
            for document in itertools.islice(bson.decode_file_iter(file), int(documents)):
                yield plain(document)

folder, dsn, pipelines, name, documents = sys.argv[1:]
pipeline = dlt.pipeline(name, pipelines_dir=pipelines, dataset_name=f"dlt_{name}",
                        destination=dlt.destinations.postgres(dsn))
pipeline.run([dlt.resource(rows(path), name=path.stem) for path in sorted(pathlib.Path(folder).iterdir())])
"""


DLT_DOCUMENTS = 10_000


@dataclass(frozen=True)
class Raced:
    """One system: rows at the source, and of these in dlt, rows staged of roots and of children, and both loads."""

    system: str
    rows: int
    dlt_rows: int
    staged: int
    children: int
    moodmart: Measured
    dlt: Measured


class Race:
    """Simulated sources and a warehouse of their own."""

    def __init__(self, folder: Path, users: int, days: int) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "home")
        self.warehouse = Warehouse(self.settings)
        self.warehouse.up()
        size = ["--users", str(users), "--days", str(days), "--seed", "5"]
        command = [sys.executable, "-m", "ingestion.simulator", *size, "--to", str(folder / "in")]
        subprocess.run(command, check=True, cwd=PROJECT_ROOT)
        self.written = json.loads((folder / "in" / "truth" / "manifest.json").read_text())["tables"]

    def run(self, system: System) -> Raced:
        """Load one system with both."""
        own = self.moodmart(system)
        staged, children = self.staged(system)
        rows = [table["rows"] for table in self.written[system.name].values()]
        fewer = [min(count, DLT_DOCUMENTS) for count in rows] if system.engine == "mongodb" else rows
        return Raced(system.name, sum(rows), sum(fewer), staged, children, own, self.dlt(system))

    def moodmart(self, system: System) -> Measured:
        """Validate, make private, land and load."""
        source = {f"MOODMART_SOURCE_{system.name.upper()}": str(self.folder / "in" / system.name)}
        environment = {**os.environ, "MOODMART_HOME": str(self.settings.home), **source}
        return timed([sys.executable, "-m", "ingestion.load", system.name], environment)

    def dlt(self, system: System) -> Measured:
        """The same files as they are."""
        source, pipelines = self.folder / "in" / system.name, self.folder / "dlt"
        arguments = [str(source), self.warehouse.dsn("owner"), str(pipelines), system.name, str(DLT_DOCUMENTS)]
        return timed([sys.executable, "-c", DLT, *arguments], dlt_environment())

    def staged(self, system: System) -> tuple[int, int]:
        """Rows of root entities and of nested ones in staging."""
        with psycopg.connect(self.warehouse.dsn("owner")) as connection:
            counts = {
                entity: connection.execute(f"select count(*) from {entity.table}".encode()).fetchone()
                for entity in system.entities
            }
        roots = sum(count[0] for entity, count in counts.items() if count and not entity.parent)
        return roots, sum(count[0] for count in counts.values() if count) - roots


def report(raced: list[Raced]) -> None:
    """A line per system and one of all: rows/s, child rows/s, peak memory, and the speed relative to dlt."""
    heads = ("source rows", "child rows", "rows/s", "child rows/s", "peak MB", "dlt rows/s", "dlt MB", "x dlt")
    print(f"{'':20}" + "".join(f"{head:>14}" for head in heads))
    total = Raced(
        "all",
        *(sum(getattr(race, name) for race in raced) for name in ("rows", "dlt_rows", "staged", "children")),
        (sum(race.moodmart[0] for race in raced), max(race.moodmart[1] for race in raced)),
        (sum(race.dlt[0] for race in raced), max(race.dlt[1] for race in raced)),
    )
    for race in (*raced, total):
        (own, own_peak), (other, other_peak) = race.moodmart, race.dlt
        numbers = (
            race.rows,
            race.children,
            race.rows / own,
            race.children / own,
            own_peak,
            race.rows / other,
            other_peak,
        )
        print(
            f"{race.system:20}"
            + "".join(f"{number:14,.0f}" for number in numbers)
            + f"{race.rows / own / (race.dlt_rows / other):14.2f}"
        )


def main() -> None:
    """Simulate, race every system, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=17_000)
    parser.add_argument("--days", type=int, default=60)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mm-bench-"))
    folder.chmod(0o755)
    race = Race(folder, arguments.users, arguments.days)
    try:
        report([race.run(system) for system in load_contracts().values()])
    finally:
        race.warehouse.down()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
