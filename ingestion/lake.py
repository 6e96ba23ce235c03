"""Accepted rows as Parquet: <home>/lake/<system>/<entity>/<load_id>/part-00000.parquet.

A load writes into a hidden folder and renames it just before its transaction commits. A folder whose load is not in
the ledger belongs to a load that died in between; the next load of the entity removes it. Beside its rows the folder
of a load's own entity holds `load.json`, what the ledger and the watermark say of it, and the rows it quarantined or
removed; `committed`, an empty file, appears after the commit. A rebuild reads only folders that have it.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import Entity

ROWS = "part-00000.parquet"
MANIFEST = "load.json"
QUARANTINED = "quarantined.jsonl"
GONE = "gone.jsonl"
SETTLED = "settled.jsonl"
COMMITTED = "committed"
Record = dict[str, Any]


class LakeFolder:
    """The folder one load of one entity writes to."""

    def __init__(self, lake: Path, entity: Entity, load_id: int) -> None:
        self.final = lake / entity.system / entity.name / str(load_id)
        self._work = self.final.with_name(f".{load_id}")
        self._writer: pq.ParquetWriter | None = None
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.rmtree(self.final, ignore_errors=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append `batch`."""
        if self._writer is None:
            self._work.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._work / ROWS, batch.schema, compression="zstd", compression_level=1)
        self._writer.write_batch(batch)

    def note(self, name: str, records: Iterable[Record]) -> None:
        """Append `records` to the JSON Lines file `name`."""
        self._work.mkdir(parents=True, exist_ok=True)
        with (self._work / name).open("a") as file:
            file.writelines(json.dumps(record, default=str) + "\n" for record in records)

    @property
    def path(self) -> str | None:
        """The folder below the lake, None when it has no rows."""
        return str(Path(*self.final.parts[-3:])) if self._writer is not None else None

    def publish(self) -> None:
        """Make the folder visible if anything was written to it."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if not self._work.exists():
            return
        for path in self._work.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        self._work.rename(self.final)

    def confirm(self) -> None:
        """Say that the load has committed."""
        if self.final.exists():
            (self.final / COMMITTED).touch()

    def discard(self) -> None:
        """Remove whatever this load has written."""
        if self._writer is not None:
            self._writer.close()
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.rmtree(self.final, ignore_errors=True)


def tidy(lake: Path, entity: Entity, known_loads: set[int]) -> None:
    """Remove folders of loads that never committed, confirm those that did. The caller holds the entity's lock."""
    folder = lake / entity.system / entity.name
    for child in folder.glob("*") if folder.exists() else ():
        name = child.name.lstrip(".")
        if not name.isdigit():
            continue
        if int(name) not in known_loads or child.name.startswith("."):
            shutil.rmtree(child)
        else:
            (child / COMMITTED).touch()


def confirm_known(lake: Path, entity: Entity, known_loads: set[int]) -> None:
    """Confirm the folders of committed loads."""
    for load_id in known_loads:
        folder = lake / entity.system / entity.name / str(load_id)
        if folder.exists():
            (folder / COMMITTED).touch()


def committed_loads(lake: Path) -> list[tuple[int, Path]]:
    """Every committed load of the lake with its folder, in the order in which they ended.

    A load that takes rows out of other entities waits for their loads, which may have begun later and ended before.
    """
    manifests = lake.glob(f"*/*/[0-9]*/{MANIFEST}")
    folders = [path.parent for path in manifests if (path.parent / COMMITTED).exists()]
    return [(int(folder.name), folder) for folder in sorted(folders, key=_ended)]


def _ended(folder: Path) -> tuple[str, int]:
    manifest = next(records(folder, MANIFEST))
    return manifest["loads"][0]["finished_at"], int(folder.name)


def records(folder: Path, name: str) -> Iterator[Record]:
    """The records of the JSON Lines file `name`; none when there is no such file."""
    path = folder / name
    if path.exists():
        with path.open() as file:
            for line in file:
                yield json.loads(line)
