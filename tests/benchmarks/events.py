"""Tracker events at volume for benchmarks: a Parquet file under the source's column names.

Heavy-tailed users, sessions, event types with their own JSON; nothing is dirty. Deterministic by seed.

    python -m tests.benchmarks.events events.parquet 2000000
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = (
    ("PAGE_VIEW", "VIEW", 0.30, '{{"viewDuration": {a}, "scrollDepth": {b}, "source": "search"}}'),
    (
        "PERFUME_VIEW",
        "VIEW",
        0.35,
        '{{"viewDuration": {a}, "source": "recommendation", "viewport": {{"width": 1280}}}}',
    ),
    (
        "SEARCH_PERFORMED",
        "SEARCH",
        0.10,
        '{{"query": "rose oud", "resultsCount": {a}, "resultsShown": 3, "shownPerfumeIds": ["p{b}", "p{a}", "p7"]}}',
    ),
    ("RATING_COMPLETED", "RATING", 0.05, '{{"ratings": {{"overall": 4}}, "source": "detail_page"}}'),
    ("WISHLIST_ADD", "WISHLIST", 0.06, "{{}}"),
    ("COLLECTION_ADD", "COLLECTION", 0.04, '{{"source": "detail_page", "amount": "50 ml"}}'),
    ("NOTES_EXPANDED", "ENGAGEMENT", 0.06, '{{"noteType": "heart", "expandDuration": {a}}}'),
    ("NAVIGATION_CLICK", "NAVIGATION", 0.04, "{{}}"),
)
CHUNK = 200_000


def write_events(path: Path, rows: int, seed: int = 7) -> None:
    """Write `rows` events over 90 days to the Parquet file `path`."""
    rng = np.random.default_rng(seed)
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, CHUNK):
        table = _events(rng, start, min(CHUNK, rows - start))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()


def _events(rng: np.random.Generator, start: int, count: int) -> pa.Table:
    kind = rng.choice(len(KINDS), count, p=[share for _, _, share, _ in KINDS])
    user = rng.zipf(1.3, count) % 50_000
    session = user * 40 + rng.integers(0, 40, count)
    offset = np.sort(rng.integers(0, 90 * 86_400_000, count)).astype("timedelta64[ms]")
    a, b = rng.integers(100, 60_000, count), rng.integers(0, 100, count)
    data = [KINDS[k][3].format(a=x, b=y) for k, x, y in zip(kind.tolist(), a.tolist(), b.tolist(), strict=True)]
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
    empty = pa.nulls(count, pa.string())
    return pa.table(
        {
            "id": [f"cl{n:010d}x{7919 * n % 1_000_003:07d}" for n in range(start, start + count)],
            "userId": [None if n % 9 == 0 else f"user-{n}" for n in user.tolist()],
            "sessionId": [f"session-{n}" for n in session.tolist()],
            "eventType": np.array([name for name, *_ in KINDS])[kind],
            "eventCategory": np.array([category for _, category, *_ in KINDS])[kind],
            "timestamp": pa.array(np.datetime64("2025-01-01", "ms") + offset),
            "perfumeId": [f"p{n}" for n in rng.integers(0, 5000, count).tolist()],
            "houseId": empty,
            "noteId": empty,
            "eventData": data,
            "deviceType": np.array(["mobile", "desktop", "tablet"])[rng.integers(0, 3, count)],
            "userAgent": [agent.format(100 + n % 40) for n in b.tolist()],
            "referrer": ["https://example.org/list?q=1"] * count,
            "path": [f"/perfume/{n}?utm=1" for n in b.tolist()],
            "duration": a.astype("int32"),
            "value": [4.0 if k == 3 else None for k in kind.tolist()],
        }
    )


if __name__ == "__main__":
    write_events(Path(sys.argv[1]), int(sys.argv[2]))
