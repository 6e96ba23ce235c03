"""Parquet files as batches of the contract's source columns.

file -> Arrow batches as they stand -> the contract's types, in `ingestion/types.py`, which read every Arrow type.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.arrow_kinds import UUID_BYTES, fixed_text, unwrapped, utf8
from ingestion.contracts import Entity
from ingestion.sources.base import BATCH_ROWS, SourceBatch


def read_parquet(path: Path, entity: Entity) -> Iterator[SourceBatch]:
    """The rows of the file."""
    # 96 bit timestamps as nanoseconds would turn the year 9999, which stands for "never", into 1816
    with pq.ParquetFile(path, pre_buffer=False, coerce_int96_timestamp_unit="us") as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(entity.source_columns), use_threads=False):
            columns = [_with_uuids(unwrapped(column)) for column in batch.columns]
            yield SourceBatch(pa.RecordBatch.from_arrays(columns, batch.schema.names))


def _with_uuids(column: pa.Array) -> pa.Array:
    """Bytes that are a UUID, as MySQL keeps them in `binary(16)`, as its text; all others as they are."""
    if not pa.types.is_binary(column.type) or _is_text(column):
        return column
    values = [
        value if value is None or len(value) != UUID_BYTES or utf8(value) is not None else _uuid(value)
        for value in column.to_pylist()
    ]
    return pa.array(values, pa.binary())


def _is_text(column: pa.Array) -> bool:
    try:
        column.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _uuid(value: bytes) -> bytes:
    return (fixed_text(value) or "").encode()
