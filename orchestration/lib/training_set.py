"""Versioned training sets: the feature vectors of one day, anonymised, as Parquet with a manifest.

behavior.user_feature_vectors of a feature date -> values shared by several rows, random row ids -> a folder
`training-set-<as_of>-<created>` with `features.parquet` and `manifest.json`; the newest three folders stay.

Anonymous means: no key of a person; row ids and the order of rows are drawn anew for every set; and in every column
each value stands in at least `SMALLEST_GROUP` rows (univariate microaggregation, Domingo-Ferrer & Mateo-Sanz 2002).
Who holds the warehouse as well may still find a person by a combination of many values: treat a set as confidential.
"""

import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import psycopg.rows
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ingestion.errors import MoodmartError
from ingestion.settings import Settings
from ingestion.warehouse import Warehouse

KEPT = 3
SMALLEST_GROUP = 5
"""Rows that share a value of a column at least. 3 or more; higher hides more and blurs more."""
PREFIX = "training-set-"
FORMAT = "moodmart training set, version 1"
BATCH_ROWS = 5_000

DICTIONARY = """
select position, name, feature_group as "group", unit, value_range as range, definition
from behavior.feature_dictionary
order by position
"""
VECTORS = "select features from behavior.user_feature_vectors where feature_date = %s"
VOCABULARY = """
select vocabularies.vocabulary_id, vocabularies.kind, vocabularies.value
from behavior.feature_vocabularies as vocabularies
where vocabularies.vocabulary_id = (
    select vectors.vocabulary_id from behavior.user_feature_vectors as vectors
    where vectors.feature_date = %s
    limit 1
)
order by vocabularies.kind, vocabularies.place
"""
BUILT = "select to_regclass('behavior.user_feature_vectors') is not null"
NEWEST_DATES = "select distinct feature_date from behavior.user_feature_vector_versions order by 1 desc limit 3"
Values = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingSet:
    """A written set."""

    folder: Path
    rows: int
    features: int
    removed: tuple[Path, ...]
    """Older sets that were taken away."""


def export(settings: Settings, as_of: date, to: Path) -> TrainingSet:
    """Write the newest versions of the vectors of feature date `as_of` into a new folder below `to`."""
    if to.exists() and not to.is_dir():
        raise MoodmartError("is not a folder", str(to), "give --to a folder")
    with Warehouse(settings).connect("analyst") as connection:
        dictionary, values, vocabulary = read(connection, as_of)
    created = datetime.now(UTC)
    table = anonymised([entry["name"] for entry in dictionary], values)
    manifest = {
        "format": FORMAT,
        "as_of": as_of.isoformat(),
        "created": created.isoformat(),
        "rows": table.num_rows,
        "code": code_hash(settings.project_root),
        "smallest_group": SMALLEST_GROUP,
        "features": dictionary,
        "vocabulary": vocabulary,
    }
    to.mkdir(parents=True, exist_ok=True)
    folder = to / f"{PREFIX}{as_of.isoformat()}-{created:%Y%m%dT%H%M%S%fZ}"
    write(folder, table, manifest)
    return TrainingSet(folder, table.num_rows, len(dictionary), remove_older(to))


def read(connection: psycopg.Connection, as_of: date) -> tuple[list[dict[str, Any]], Values, dict[str, list[str]]]:
    """The dictionary, rows x features with NaN for null, and the words of the preference features by kind."""
    found = connection.execute(BUILT).fetchone()
    if not (found and found[0]):
        raise MoodmartError("no feature vectors were built", "export training-set", "build them with `moodmart run`")
    with connection.cursor(row_factory=psycopg.rows.dict_row) as rows:
        dictionary = rows.execute(DICTIONARY).fetchall()
    parts = []
    with connection.cursor(name="vectors", binary=True) as vectors:
        vectors.execute(VECTORS, [as_of])
        while batch := vectors.fetchmany(BATCH_ROWS):
            parts.append(np.array([row[0] for row in batch], dtype=np.float64))
    if sum(map(len, parts)) < SMALLEST_GROUP:
        raise too_few(connection, as_of, sum(map(len, parts)))
    vocabulary: dict[str, list[str]] = {}
    for identifier, kind, value in connection.execute(VOCABULARY, [as_of]):
        vocabulary["id"] = identifier
        vocabulary.setdefault(kind, []).append(value)
    return dictionary, np.concatenate(parts), vocabulary


def too_few(connection: psycopg.Connection, as_of: date, rows: int) -> MoodmartError:
    """What to tell who asks for a date with no vectors, or with so few that they are personal."""
    newest = ", ".join(str(day) for (day,) in connection.execute(NEWEST_DATES)) or "none"
    if rows:
        what = f"only {rows} users on {as_of}, a set needs {SMALLEST_GROUP}"
        return MoodmartError(what, "export training-set", f"newest feature dates: {newest}")
    hint = f"newest feature dates: {newest}; build it with `moodmart run --as-of {as_of}`"
    return MoodmartError(f"no feature vectors for {as_of}", "export training-set", hint)


def anonymised(names: list[str], values: Values) -> pa.Table:
    """A table with random row ids, in their order, and no value that few rows share."""
    ids = sorted(secrets.token_hex(16) for _ in range(len(values)))
    shuffled = values[np.random.default_rng().permutation(len(values))]
    columns = {"row_id": pa.array(ids)}
    for place, name in enumerate(names):
        columns[name] = pa.array(shared_values(shuffled[:, place]), from_pandas=True)
    return pa.table(columns)


def shared_values(column: Values, smallest: int = SMALLEST_GROUP) -> Values:
    """The column with neighbouring values replaced by their mean until each stands in `smallest` rows.

    A value that is frequent enough by itself stays exact. A column known of fewer rows is emptied; where it is unknown
    of fewer, these rows get the mean.
    """
    known = ~np.isnan(column)
    if known.sum() < smallest:
        return np.full(len(column), np.nan)
    filled = column.copy()
    if 0 < (~known).sum() < smallest:
        filled[~known] = column[known].mean()
        known[:] = True
    distinct, place, counts = np.unique(filled[known], return_inverse=True, return_counts=True)
    group = groups(counts, smallest)
    sums = np.bincount(group, weights=distinct * counts)
    means = sums / np.bincount(group, weights=counts)
    alone = np.bincount(group) == 1
    replaced = np.where(alone[group], distinct, means[group])
    filled[known] = replaced[place]
    return filled


def groups(counts: NDArray[np.intp], smallest: int) -> NDArray[np.intp]:
    """Numbers of groups of neighbours with at least `smallest` rows each; what is left joins the last group."""
    numbers, group, rows = np.zeros(len(counts), np.intp), 0, 0
    for place, count in enumerate(counts):
        if rows >= smallest:
            group, rows = group + 1, 0
        numbers[place] = group
        rows += int(count)
    if rows < smallest and group:
        numbers[numbers == group] = group - 1
    return numbers


def code_hash(root: Path) -> str:
    """SHA-256 over everything that decides what a vector is: models, macros, seeds, constants and packages."""
    folders = {"dbt_project": "*", "ingestion": "*.py", "orchestration": "*.py"}
    files = [path for folder, kind in folders.items() for path in (root / folder).rglob(kind) if path.is_file()]
    total = hashlib.sha256()
    for path in sorted([root / "dbt_project.yml", *(file for file in files if "__pycache__" not in file.parts)]):
        total.update(f"{path.relative_to(root)}\n".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def write(folder: Path, table: pa.Table, manifest: dict[str, Any]) -> None:
    """Make the folder; it appears under its name only when it is whole."""
    unfinished = folder.with_name(f".{folder.name}")
    unfinished.mkdir()
    try:
        pq.write_table(table, unfinished / "features.parquet", compression="zstd")
        (unfinished / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def remove_older(to: Path) -> tuple[Path, ...]:
    """Take away all but the newest sets below `to`; folders that are no sets are left alone."""
    sets = sorted(filter(None, map(written, to.glob(f"{PREFIX}*"))))
    older = tuple(folder for _, folder in sets[:-KEPT])
    for folder in older:
        shutil.rmtree(folder)
    return older


def written(folder: Path) -> tuple[str, Path] | None:
    """When a set was created, None for a folder that is none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        return (manifest["created"], folder) if manifest["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
