"""Read rows of the public data files as text, and give them the identifiers of the source databases.

Data flow: a delimited file, gzipped or not -> rows as dicts of text, in file order. Ids are made of what names a row
in its data set, so that a row published twice is the same row sent twice. It runs as a part of the builds, such as

    python -m ingestion.sample.masterx_build --from <public data> --to <folder>
"""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid5

from bson import ObjectId

NAMESPACE = UUID("6d6f6f64-6d61-4274-8000-73616d706c65")
"""Sets these identifiers apart from all others; arbitrary, but it may not change: the ids of the sample hang on it."""

NOT_AVAILABLE = frozenset({"", "NA"})
"""How the public files write a missing value; NA is that of R."""


def read_rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of the file by its header."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def known(cell: str) -> str | None:
    """The cell, None if it says that there is no value."""
    return None if cell in NOT_AVAILABLE else cell


def uuid_of(*parts: object) -> str:
    """The UUID of what `parts` name together: data set, then what is unique in it."""
    return str(uuid5(NAMESPACE, "/".join(map(str, parts))))


def object_id_of(*parts: object) -> ObjectId:
    """The MongoDB ObjectId of what `parts` name together."""
    return ObjectId(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:12])
