"""The bundled sample for tests: its files, by system and source entity, as rows of dicts.

Data flow: ingestion/sample/<system> -> Parquet, CSV or JSON Lines read without the project's own readers.
"""

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingestion.settings import Settings

Row = dict[str, Any]
ROOT = Settings.from_env({}).sample_root
SYSTEMS = ("emotion_visualizer", "emotional_core", "masterx", "new_smell", "voice_patterns")


def read_csv(path: Path) -> list[Row]:
    """Rows of the file; an empty cell is an empty text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_jsonl(path: Path) -> list[Row]:
    """Objects of the file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


READERS = {
    ".parquet": lambda path: pq.read_table(path).to_pylist(),
    ".csv": read_csv,
    ".jsonl": read_jsonl,
}


def files(system: str) -> list[Path]:
    """Every file of the system."""
    return sorted(path for path in (ROOT / system).rglob("*") if path.is_file())


def source_of(path: Path) -> str:
    """The source entity that the file is of: its own name, or that of the folder in the system's folder."""
    return path.stem if path.parent.parent == ROOT else path.parent.name


@cache
def rows_of(path: Path) -> list[Row]:
    """Rows of one file."""
    return READERS[path.suffix](path)


def rows(system: str, source: str) -> list[Row]:
    """Rows of all files of a source entity."""
    return [row for path in files(system) if source_of(path) == source for row in rows_of(path)]


def header(path: Path) -> list[str]:
    """Columns of the file."""
    if path.suffix == ".csv":
        return path.read_text(encoding="utf-8").splitlines()[0].split(",")
    return list(dict.fromkeys(name for row in rows_of(path) for name in row))


def scalars(value: Any) -> Iterator[Any]:
    """Every scalar in `value`, however deep."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inside is None:
        yield value
    else:
        for each in inside:
            yield from scalars(each)


def places(value: Any, path: str = "") -> Iterator[str]:
    """Dotted path of every scalar in a document; elements of a list stand where the list does."""
    if isinstance(value, dict) and not next(iter(value), "").startswith("$"):
        for name, inside in value.items():
            yield from places(inside, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from places(each, path)
    else:
        yield path
