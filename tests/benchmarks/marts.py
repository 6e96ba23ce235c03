"""The marts at volume: a full build, then daily increments, for a history and one ten times as long, beside DuckDB.

rows in staging (`staged`) -> `dbt build`, one model at a time, whose `run_results.json` has the seconds of each model
-> days of new rows, one in a hundred of them late, each followed by a build -> medians by model
staging as Parquet -> the same marts rebuilt by DuckDB (`duckdb_marts`) -> seconds, and whether the rows are the same

Both histories have the same users and the same rows a day; the short one is the tenth of the long one before it ends.
Their increments take turns, so that a machine that gets slower or faster does so for both.

    make bench-marts                           100,000 events, 1,000 users: two minutes or so
    make bench-marts ARGS="--events 10000000 --users 100000"
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi

from ingestion.embedded import EmbeddedServer
from ingestion.settings import PROJECT_ROOT, Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import fits, similarity
from tests.benchmarks import duckdb_marts
from tests.benchmarks.queries import ROUNDS, ask
from tests.benchmarks.staged import EVENTS_PER_SESSION, SYSTEM, Shape, day_of, insert_catalogue, insert_days

HISTORY_DAYS = 1080
"""Days of the long history; the short one has a tenth: more than the longest window, the 15 weeks of trends."""
MODELS = ("+path:dbt_project/models/intermediate", "+path:dbt_project/models/marts")
"""The marts, and what only the fit reads."""
FITTED = "source:ops.model_parameters+"
"""What is built after the fit."""
COMPARED = {"behavior.user_preferences": "weight > 1e-9"}
"""Rows that must be the same: what rounding leaves of likes and dislikes that cancel is no preference."""
DUE = """
select format('%s %I.%I', work, schemaname, tables.relname)
from pg_stat_user_tables as tables
join pg_class on pg_class.oid = tables.relid
cross join lateral (values
    ('vacuum', n_dead_tup > 50 + 0.2 * reltuples or n_ins_since_vacuum > 1000 + 0.2 * reltuples),
    ('analyze', n_mod_since_analyze > 50 + 0.1 * reltuples)
) as due (work, is_due)
where is_due
order by schemaname, tables.relname, work
"""
"""Commands for the tables that PostgreSQL's defaults take for due: in a table, and its statistics, a day is little."""
Seconds = dict[str, float]
"""Seconds by model or table, as schema.name."""


@dataclass
class History:
    """What was measured on one history."""

    events: int
    full: Seconds
    full_wall: float
    full_reading: float
    """Seconds PostgreSQL waited for pages it did not have, of all its processes: the disk, or the system's cache."""
    increments: list[Seconds] = field(default_factory=list)
    increment_walls: list[float] = field(default_factory=list)
    increments_reading: list[float] = field(default_factory=list)

    def increment(self, model: str) -> float:
        """Median seconds of a model's daily increment."""
        return statistics.median(run.get(model, 0.0) for run in self.increments)

    def increment_total(self) -> float:
        """Median seconds of all models' daily increments."""
        return statistics.median(sum(run.values()) for run in self.increments)


class Bench:
    """One warehouse on the server of `home`, with its history."""

    def __init__(self, home: Settings, folder: Path, shape: Shape, days: int) -> None:
        self.server, self.folder, self.shape = home, folder, shape
        self.first, self.days = HISTORY_DAYS - days, days
        folder.mkdir(mode=0o755)
        own = folder / "home"
        own.mkdir(mode=0o700)
        for name in ("credentials.json", "pseudonym.key"):
            shutil.copy2(home.home / name, own / name)
        owner = Warehouse(home).dsn("owner")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(f"create database bench_{days}".encode())
        self.settings = replace(home, home=own, database_url=f"{owner.rsplit('/', 1)[0]}/bench_{days}")
        self.warehouse = Warehouse(self.settings)
        self.warehouse.up()

    def fill(self) -> None:
        """Insert the history."""
        with self.warehouse.connect("owner") as connection:
            insert_catalogue(connection, self.shape)
            insert_days(connection, self.shape, self.first, HISTORY_DAYS - 1, load=2)
        self.run(["vacuum analyze"])

    def settle(self) -> None:
        """What autovacuum does between the days: no more than is due by its thresholds."""
        with self.warehouse.connect("owner") as connection:
            due = [command for (command,) in connection.execute(DUE).fetchall()]
        self.run(due)

    def warm(self) -> None:
        """Read all tables and indexes: after weeks of days they are in memory as far as it goes, and not what full
        builds and the other history leave there; and some virtual machines take away what has lain idle."""
        with self.warehouse.connect("owner") as connection:
            query = "select oid from pg_database where datname = current_database()"
            (oid,) = connection.execute(query).fetchone()
        for file in sorted((EmbeddedServer(self.server.home).data / "base" / str(oid)).iterdir()):
            with suppress(FileNotFoundError), file.open("rb", buffering=0) as stream:
                while stream.read(2**22):
                    pass

    def run(self, commands: list[str]) -> None:
        """Run commands that must not be in a transaction."""
        with self.warehouse.connect("owner") as connection:
            connection.autocommit = True
            for command in commands:
                connection.execute(command.encode())

    def begin(self) -> History:
        """Build from scratch."""
        with self.warehouse.connect("owner") as connection:
            (events,) = connection.execute("select count(*) from staging.new_smell__user_interaction_events").fetchone()
        before = self.reading()
        seconds, wall = self.build(HISTORY_DAYS - 1)
        print(f"{self.days} days, {events:,} events: built in {wall:.0f} s", flush=True)
        return History(events, seconds, wall, self.reading() - before)

    def go_on(self, history: History, day: int) -> None:
        """Build after a new day."""
        self.settle()
        self.warm()
        with self.warehouse.connect("owner") as connection:
            insert_days(connection, self.shape, day, day, load=day)
        before = self.reading()
        seconds, wall = self.build(day)
        reading = self.reading() - before
        told = f"built after another day in {sum(seconds.values()):.1f} s, {reading:.1f} of them for pages"
        print(f"{self.days} days: {told}", flush=True)
        history.increments.append(seconds)
        history.increment_walls.append(wall)
        history.increments_reading.append(reading)

    def reading(self) -> float:
        """Seconds waited for pages since the database was made."""
        query = "select blk_read_time / 1000 from pg_stat_database where datname = current_database()"
        with self.warehouse.connect("owner") as connection:
            return float(connection.execute(query).fetchone()[0])

    def build(self, day: int) -> tuple[Seconds, float]:
        """Make every mart as of a day, as a run does; seconds by model, and of everything."""
        begun = time.perf_counter()
        seconds = self.dbt(day, "--select", *MODELS, "--exclude", FITTED)
        seconds["ops.model_parameters"] = timed(fits.refit, self.settings, day_of(day))
        seconds |= self.dbt(day, "--select", FITTED)
        seconds["ops.user_similarity"] = timed(similarity.refresh, self.settings, day_of(day))
        return seconds, time.perf_counter() - begun

    def dbt(self, day: int, *selection: str) -> Seconds:
        """Build models one at a time; seconds of each."""
        target = self.folder / "target"
        command = [sys.executable, "-m", "dbt.cli.main", "build", "--quiet", "--threads", "1", *selection]
        command += ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
        command += ["--profiles-dir", str(self.settings.home)]
        command += ["--target-path", str(target), "--log-path", str(target)]
        environment = os.environ | {"PGOPTIONS": f"-c moodmart.as_of={day_of(day)}"}
        subprocess.run(command, cwd=PROJECT_ROOT, env=environment, check=True)
        results = json.loads((target / "run_results.json").read_text())["results"]
        manifest = json.loads((target / "manifest.json").read_text())["nodes"]
        nodes = [(manifest[result["unique_id"]], result["execution_time"]) for result in results]
        return {f"{n['schema']}.{n['name']}": t for n, t in nodes if n["schema"] != "staging"}

    def export(self) -> Path:
        """Staging as Parquet."""
        folder = self.folder / "parquet"
        folder.mkdir()
        with dbapi.connect(self.warehouse.dsn("owner")) as connection, connection.cursor() as cursor:
            for name, columns in duckdb_marts.TABLES.items():
                cursor.execute(f"select {columns} from {SYSTEM.entity(name).table}")
                reader = cursor.fetch_record_batch()
                with pq.ParquetWriter(folder / f"{name}.parquet", reader.schema, compression="zstd") as writer:
                    for batch in reader:
                        writer.write_batch(batch)
        return folder


def timed(step: Callable[[Settings, date], object], settings: Settings, day: date) -> float:
    """Seconds of a step that is Python."""
    begun = time.perf_counter()
    step(settings, day)
    return time.perf_counter() - begun


@dataclass(frozen=True)
class Rebuilt:
    """DuckDB's marts: seconds of each, and how they differ from dbt's."""

    seconds: Seconds
    differences: list[str]


def rebuild(bench: Bench, folder: Path, as_of: date) -> Rebuilt:
    """Rebuild the marts in DuckDB from `folder` and compare them with those of the warehouse."""
    connection = duckdb_marts.connect(folder, as_of, PROJECT_ROOT / "dbt_project/seeds/evidence_weights.csv")
    seconds, differences = {}, []
    for name, statement in duckdb_marts.REBUILD.items():
        begun = time.perf_counter()
        connection.execute(statement)
        seconds[name] = time.perf_counter() - begun
    with bench.warehouse.connect("owner") as warehouse:
        for name in list(duckdb_marts.REBUILD)[1:]:
            table = name.partition(".")[2]
            columns = [(c, t) for c, t, *_ in connection.execute(f"describe {table}").fetchall()]
            rows = f" where {COMPARED[name]}" if name in COMPARED else ""
            ours = warehouse.execute((totals(columns, name) + rows).encode()).fetchone()
            theirs = connection.execute(totals(columns, table) + rows).fetchone()
            for what, one, two in zip(["rows", *(c for c, _ in columns)], ours, theirs, strict=True):
                if abs(float(one) - float(two)) > 1e-6 * max(1.0, abs(float(one))):
                    differences.append(f"{name}.{what}: {one} in the warehouse, {two} in DuckDB")
    return Rebuilt(seconds, differences)


def totals(columns: list[tuple[str, str]], table: str) -> str:
    """SQL, for both engines: how many rows, and of each column the sum, or how many values there are."""
    number = ("INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL")
    sums = [
        f"coalesce(sum(cast({c} as double precision)), 0)" if t.startswith(number) else f"count({c})"
        for c, t in columns
    ]
    return f"select count(*), {', '.join(sums)} from {table}"


def report_models(short: History, long: History) -> None:
    """A line per model, intermediates included: full builds, increments, and what ten times the history costs."""
    print(f"\nseconds by model: full build and daily increment of {short.events:,} and {long.events:,} events")
    print(f"{'':48}{'full 1x':>9}{'full 10x':>9}{'inc 1x':>9}{'inc 10x':>9}{'10x/1x':>8}")
    for model in sorted(long.full):
        one, ten = short.increment(model), long.increment(model)
        ratio = f"{ten / one:8.2f}" if one else f"{'':>8}"
        print(f"{model:48}{short.full[model]:9.2f}{long.full[model]:9.2f}{one:9.2f}{ten:9.2f}{ratio}")
    one, ten = short.increment_total(), long.increment_total()
    full = sum(short.full.values()), sum(long.full.values())
    print(f"{'all models':48}{full[0]:9.2f}{full[1]:9.2f}{one:9.2f}{ten:9.2f}{ten / one:8.2f}   asked: at most 1.20")
    walls = statistics.median(short.increment_walls), statistics.median(long.increment_walls)
    print(
        f"{'dbt, start to end':48}{short.full_wall:9.2f}{long.full_wall:9.2f}{walls[0]:9.2f}{walls[1]:9.2f}"
        f"{walls[1] / walls[0]:8.2f}"
    )
    reading = statistics.median(short.increments_reading), statistics.median(long.increments_reading)
    full = short.full_reading, long.full_reading
    print(f"{'of that, waiting for pages':48}{full[0]:9.2f}{full[1]:9.2f}{reading[0]:9.2f}{reading[1]:9.2f}")


def report_duckdb(long: History, needs: dict[str, set[str]], rebuilt: Rebuilt) -> None:
    """A line per mart that DuckDB rebuilds, each with what it needs."""
    print("\nseconds beside DuckDB's rebuild over Parquet, 10x; each mart with what it needs, in the total once each")
    print(f"{'':48}{'full':>9}{'inc':>9}{'DuckDB':>9}{'DuckDB / inc':>14}")
    names = list(rebuilt.seconds)
    shared = rebuilt.seconds[names[0]]
    rows = [(name, {name, *needs[name]}, shared + rebuilt.seconds[name]) for name in names[1:]]
    rows.append(("all five", set().union(*(models for _, models, _ in rows)), sum(rebuilt.seconds.values())))
    for name, models, duck in rows:
        full, increment = (sum(map(of, models)) for of in (lambda m: long.full.get(m, 0.0), long.increment))
        print(f"{name:48}{full:9.2f}{increment:9.2f}{duck:9.2f}{duck / increment:14.2f}")
    for difference in rebuilt.differences:
        print(f"DIFFERS  {difference}")


def needed(bench: Bench) -> dict[str, set[str]]:
    """Models above each model."""
    nodes = json.loads((bench.folder / "target" / "manifest.json").read_text())["nodes"]
    parents = {key: node.get("depends_on", {}).get("nodes", ()) for key, node in nodes.items()}

    def above(key: str) -> set[str]:
        return {key}.union(*(above(parent) for parent in parents.get(key, ()) if parent in nodes))

    name = {key: f"{node['schema']}.{node['name']}" for key, node in nodes.items()}
    return {name[key]: {name[a] for a in above(key)} for key in nodes if key.startswith("model.")}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if DuckDB's marts differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="of the long history, roughly")
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--increments", type=int, default=3, help="days measured after each full build")
    given = parser.parse_args(arguments)
    shape = Shape(given.users, max(1, given.events // HISTORY_DAYS // EVENTS_PER_SESSION))
    folder = Path(tempfile.mkdtemp(prefix="mm-bench-"))
    folder.chmod(0o755)
    home = Settings(home=folder / "server")
    Warehouse(home).up()
    try:
        measured = []
        for days in (HISTORY_DAYS // 10, HISTORY_DAYS):
            bench = Bench(home, folder / f"days_{days}", shape, days)
            begun = time.perf_counter()
            bench.fill()
            print(f"{days} days of rows made in {time.perf_counter() - begun:.0f} s", flush=True)
            measured.append((bench, bench.begin()))
        for day in range(HISTORY_DAYS, HISTORY_DAYS + given.increments):
            for one, history in measured:
                one.go_on(history, day)
        (_, short), (bench, long) = measured
        report_models(short, long)
        rebuilt = rebuild(bench, bench.export(), day_of(HISTORY_DAYS + given.increments - 1))
        report_duckdb(long, needed(bench), rebuilt)
        print(f"\np95 of {ROUNDS}, milliseconds, 10x")
        for name, milliseconds in ask(bench.warehouse):
            print(f"{name:48}{milliseconds:9.1f}")
    finally:
        Warehouse(home).down()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if rebuilt.differences else 0


if __name__ == "__main__":
    sys.exit(main())
