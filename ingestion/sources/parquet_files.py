"""Parquet files as batches of the contract's source columns.

file -> Arrow batches as they stand -> the contract's types, in `ingestion/types.py`, which read every Arrow type.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import Entity
from ingestion.sources.base import BATCH_ROWS, SourceBatch


def read_parquet(path: Path, entity: Entity) -> Iterator[SourceBatch]:
    """The rows of the file."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(entity.source_columns), use_threads=False):
            yield SourceBatch(_nested_as_json(batch))


def _nested_as_json(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_json_column(c) if pa.types.is_nested(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _json_column(values: pa.Array) -> pa.Array:
    texts = [None if v is None else json.dumps(v, default=str) for v in values.to_pylist()]
    return pa.array(texts, pa.string())
