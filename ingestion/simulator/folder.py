"""Write rows to a folder: `<Table>.parquet`, or `<Table>/day=<n>.parquet` by day of arrival; documents as BSON.

Memory stays flat: rows are written as they come, in row groups of a fixed size at least. By day, they first go to one
spool file per table, since a system may make its rows user by user; the days are then read off the spool.
"""

import itertools
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.simulator.faults import plain
from ingestion.simulator.plan import Ints, SimulationError, Table

ROW_GROUP = 131_072
SPOOL = ".spool"
COMPRESSION = "zstd"
COMPRESSION_LEVEL = 1


class Sink(Protocol):
    """Where the rows of one system go."""

    def write(self, table: Table, data: pa.Table, arrival: Ints) -> None:
        """Take rows, sorted by their day of arrival."""
        ...

    def close(self) -> None:
        """All rows are there; may be called again."""
        ...


def require_empty(folder: Path, names: tuple[str, ...]) -> None:
    """Raise unless each of `names` in `folder` is free to be made or empty."""
    for path in (folder, *(folder / name for name in names)):
        if path.exists() and not path.is_dir():
            raise SimulationError("is no folder", str(path), "choose another one")
        if path is not folder and path.exists() and any(path.iterdir()):
            raise SimulationError("holds files already", str(path), "choose a new folder")


class ParquetFile:
    """One Parquet file, written in row groups of at least `ROW_GROUP` rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression=COMPRESSION,
            compression_level=COMPRESSION_LEVEL,
            use_dictionary=[field.name for field in schema if _repeats(field)],
            write_statistics=False,
        )
        self._pending: list[pa.Table] = []
        self._rows = 0

    def write(self, data: pa.Table) -> None:
        """Append rows."""
        self._pending.append(data)
        self._rows += data.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        for data in self._pending:
            assert data.schema.names == self._schema.names
        if self._pending:
            whole = pa.concat_tables([plain(data, self._schema) for data in self._pending])
            self._writer.write_table(whole, row_group_size=max(whole.num_rows, 1))
        self._pending, self._rows = [], 0

    def close(self) -> None:
        """Write what is pending and the footer."""
        self._flush()
        self._writer.close()


def _repeats(field: pa.Field) -> bool:
    """Whether a dictionary may pay: texts, but no row ids and no JSON."""
    unique = field.name == "id" or field.name.endswith(("Data", "_id"))
    return bool(pa.types.is_string(field.type) and not unique)


class BsonFile:
    """Documents one after the other, as mongodump writes them."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file: IO[bytes] = path.open("wb")

    def write(self, data: pa.Table) -> None:
        """Append documents."""
        self._file.write(b"".join(data["document"].to_pylist()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_file(folder: Path, name: str, table: Table) -> ParquetFile | BsonFile:
    """A new file for rows of `table`."""
    if table.holds_documents:
        return BsonFile(folder / f"{name}.bson", table.arrow)
    return ParquetFile(folder / f"{name}.parquet", table.arrow)


class FolderSink:
    """One file per table."""

    def __init__(self, folder: Path, tables: tuple[Table, ...]) -> None:
        self._files = {table.name: open_file(folder, table.name, table) for table in tables}

    def write(self, table: Table, data: pa.Table, arrival: Ints) -> None:
        """Append rows."""
        self._files[table.name].write(data)

    def close(self) -> None:
        """Finish every file."""
        while self._files:
            self._files.popitem()[1].close()


class DaySink:
    """One folder per table, one file in it per day on which rows arrive: `day=0000` is the first."""

    def __init__(self, folder: Path, tables: tuple[Table, ...]) -> None:
        self._folder = folder
        self._tables = {table.name: table for table in tables}
        self._spools = {table.name: _Spool(folder / f"{table.name}{SPOOL}", table) for table in tables}

    def write(self, table: Table, data: pa.Table, arrival: Ints) -> None:
        """Spool rows."""
        self._spools[table.name].write(plain(data, table.arrow), arrival)

    def close(self) -> None:
        """Write the files of all days."""
        while self._spools:
            name, spool = self._spools.popitem()
            target = self._folder / name
            target.mkdir()
            spool.empty_into(target, self._tables[name])


class _Spool:
    """Rows in one Arrow file, and which of its batches belong to which day."""

    def __init__(self, path: Path, table: Table) -> None:
        self._path = path
        self._writer = pa.ipc.new_file(path, table.arrow)
        self._days: list[tuple[int, int]] = []

    def write(self, data: pa.Table, arrival: Ints) -> None:
        starts = np.flatnonzero(np.diff(arrival, prepend=-1))
        for first, end in itertools.pairwise([*starts.tolist(), len(arrival)]):
            for batch in data.slice(first, end - first).combine_chunks().to_batches():
                self._days.append((int(arrival[first]), len(self._days)))
                self._writer.write_batch(batch)

    def empty_into(self, folder: Path, table: Table) -> None:
        self._writer.close()
        with pa.memory_map(str(self._path)) as mapped:
            reader = pa.ipc.open_file(mapped)
            for day, batches in itertools.groupby(sorted(self._days), key=lambda entry: entry[0]):
                file = open_file(folder, f"day={day:04d}", table)
                for _, number in batches:
                    file.write(pa.Table.from_batches([reader.get_batch(number)]))
                file.close()
        self._path.unlink()
