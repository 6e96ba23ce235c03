"""What was planted, beside the data: `truth/*.parquet` and `truth/manifest.json`.

`dirty`, `late` and `duplicates` list rows by system, table and id; the other files are each system's own. The manifest
holds the arguments, and by system and table how many rows there are and how many a loader must quarantine, by reason.
"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.simulator.plan import Plan

FOLDER = "truth"
MANIFEST = "manifest.json"
AT_ONCE = 20_000
"""Rows written together."""
Key = tuple[str, str]


class Truth:
    """Writes the truth while the rows are made. Use as a context: the manifest is written at its end."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self._plan = plan
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._pending: dict[str, list[pa.Table]] = {}
        self.counts: dict[Key, Counter[str]] = {}
        self.reasons: dict[Key, dict[str, Counter[str]]] = {}
        self.facts: dict[str, Any] = {}
        """Single numbers of the systems, by name."""

    def __enter__(self) -> "Truth":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        for name, writer in self._writers.items():
            self._flush(name)
            writer.close()
        if kind is None:
            text = json.dumps(self.manifest(), indent=2, default=str)
            (self.folder / MANIFEST).write_text(text + "\n")

    def write(self, name: str, rows: pa.Table) -> None:
        """Add `rows` to the file `name`."""
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", rows.schema, compression="zstd")
        pending = self._pending.setdefault(name, [])
        pending.append(rows)
        if sum(part.num_rows for part in pending) >= AT_ONCE:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if parts := self._pending.pop(name, []):
            self._writers[name].write_table(pa.concat_tables(parts))

    def count(self, system: str, table: str, **numbers: int) -> None:
        """Add to the counts of a table."""
        self.counts.setdefault((system, table), Counter()).update(numbers)

    def rows_of(self, system: str) -> int:
        """Rows of a system so far, all tables together."""
        return sum(numbers["rows"] for (name, _), numbers in self.counts.items() if name == system)

    def quarantined(self, system: str, table: str, entity: str, reasons: tuple[str, ...]) -> None:
        """One row of `table` that the gate must keep out of `entity`, for `reasons`."""
        by_entity = self.reasons.setdefault((system, table), {})
        by_entity.setdefault(entity, Counter()).update(reasons)

    def manifest(self) -> dict[str, Any]:
        """The whole account."""
        tables: dict[str, dict[str, Any]] = {}
        for (system, table), numbers in sorted(self.counts.items()):
            entry: dict[str, Any] = dict(sorted(numbers.items()))
            reasons = self.reasons.get((system, table), {})
            entry["reasons"] = {entity: dict(sorted(codes.items())) for entity, codes in sorted(reasons.items())}
            tables.setdefault(system, {})[table] = entry
        return {"arguments": asdict(self._plan), "tables": tables, "facts": self.facts}
