"""A view or a foreign table: its rows tell no transactions, so it is read whole and compared by content.

rows in key order -> chunks (`chunks.py`) -> those whose digest the last load has not seen. A view that shows what it
showed before makes no load; one that has changed hands on the chunks in which something has.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from ingestion.sources.base import BATCH_ROWS, Census, SourceBatch, Watermark
from ingestion.sources.chunks import Chunks


class ContentReading:
    """One reading of everything."""

    def __init__(self, batches: Iterable[SourceBatch], known: Watermark, watermark: Watermark, census: Census) -> None:
        self._batches = batches
        self._chunks = Chunks(known.get("chunks", ""))
        self._watermark = watermark
        self._census = census

    @property
    def is_as_known(self) -> bool:
        """After a reading: whether everything is as it was at the last one."""
        return self._chunks.are_as_known

    def rows(self) -> Iterator[SourceBatch]:
        """The rows of new chunks; watermark and census are filled when all are read."""
        names: list[str] = []
        held: list[bytes] = []
        for chunk in self._chunks.changed(self._documents(names)):
            held += chunk
            if len(held) >= BATCH_ROWS:
                yield _batch(held, names)
                held = []
        if held:
            yield _batch(held, names)
        self._census.now = self._chunks.documents
        self._watermark |= {"chunks": self._chunks.text(), "rows": self._chunks.documents}

    def _documents(self, names: list[str]) -> Iterator[bytes]:
        """Each row as a JSON list of texts; `names` gets those of the columns."""
        for batch in self._batches:
            names[:] = batch.rows.schema.names
            columns = [_texts(column) for column in batch.rows.columns]
            for row in zip(*columns, strict=True):
                yield json.dumps(row, separators=(",", ":")).encode()


def _texts(values: pa.Array) -> list[str | None]:
    if not pa.types.is_binary(values.type):
        return list(values.cast(pa.string()).to_pylist())
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in values.to_pylist()]


def _batch(documents: list[bytes], names: list[str]) -> SourceBatch:
    rows: list[list[Any]] = [json.loads(document) for document in documents]
    columns = [pa.array([_bytes(value) for value in column], pa.binary()) for column in zip(*rows, strict=True)]
    return SourceBatch(pa.RecordBatch.from_arrays(columns, names=names))


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode("utf-8", "surrogateescape")


def chained(first: SourceBatch | None, rest: Iterator[SourceBatch]) -> Iterator[SourceBatch]:
    """`rest` with the batch that was taken from it before; nothing where there was none."""
    return rest if first is None else chain([first], rest)
