"""Accepted rows as Parquet: <home>/lake/<system>/<entity>/<load_id>/part-00000.parquet.

A load writes into a hidden folder and renames it just before its transaction commits. A folder whose load is not in
the ledger belongs to a load that died in between; the next load of the entity removes it.
"""

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import Entity


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
            self._work.mkdir(parents=True)
            path = self._work / "part-00000.parquet"
            self._writer = pq.ParquetWriter(path, batch.schema, compression="zstd", compression_level=1)
        self._writer.write_batch(batch)

    def publish(self) -> str | None:
        """Make the folder visible; its path below the lake, None when nothing was written."""
        if self._writer is None:
            return None
        self._writer.close()
        self._writer = None
        with (self._work / "part-00000.parquet").open("rb") as file:
            os.fsync(file.fileno())
        self._work.rename(self.final)
        return str(Path(*self.final.parts[-3:]))

    def discard(self) -> None:
        """Remove whatever this load has written."""
        if self._writer is not None:
            self._writer.close()
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.rmtree(self.final, ignore_errors=True)


def remove_orphans(lake: Path, entity: Entity, known_loads: set[int]) -> None:
    """Remove folders of loads that never committed. The caller holds the entity's lock."""
    folder = lake / entity.system / entity.name
    for child in folder.glob("*") if folder.exists() else ():
        name = child.name.lstrip(".")
        if name.isdigit() and (int(name) not in known_loads or child.name.startswith(".")):
            shutil.rmtree(child)
