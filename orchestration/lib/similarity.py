"""Who is like whom: for every active user the 20 nearest by the cosine of their standardised feature vectors.

behavior.user_feature_vectors of a day -> matrix, standardised -> blocks of dot products -> ops.user_similarity, in one
transaction. Exact: all pairs are compared, by numpy in blocks, because plain SQL takes microseconds for a pair and an
approximate index needs an extension that not every server has. 100,000 users are 10^10 pairs.

    python -m orchestration.lib.similarity 2022-12-22          computes that feature date, prints what it found
"""

import sys
from collections.abc import Iterator
from datetime import date

import numpy as np
import psycopg
from numpy.typing import NDArray

from ingestion.settings import Settings
from ingestion.warehouse import Warehouse
from orchestration.lib import as_of

NEIGHBOURS = 20
ACTIVE_DAYS = 90
"""Users without an event in so many days are left out: they are alike in having done nothing. 1 and more."""
BLOCK = 256
CHUNK = 64
"""Columns of a block whose greatest value is looked at first."""
DIGITS = 12
"""Similarities equal to so many digits are ties: sums of doubles differ behind them with the order of the terms."""
ACTIVE = """
select vectors.user_key, vectors.features
from behavior.user_feature_vectors as vectors
where
    vectors.feature_date = %s
    and vectors.features[(
        select position from behavior.feature_dictionary where name = 'days_since_last_activity'
    )] < %s
order by vectors.user_key
"""
COPY = "copy ops.user_similarity (user_key, similar_user_key, rank, similarity, feature_date) from stdin"
Values = NDArray[np.float64]
Places = NDArray[np.intp]


def refresh(settings: Settings, day: date) -> dict[str, str | int]:
    """Replace the neighbours by those of feature date `day`, and say how many there are."""
    with Warehouse(settings).connect("owner") as connection:
        keys, features = read(connection, day)
        connection.execute("delete from ops.user_similarity")
        rows = 0
        with connection.cursor() as cursor, cursor.copy(COPY) as writer:
            for user, neighbours, cosines in nearest(standardised(features)):
                for rank, (other, cosine) in enumerate(zip(neighbours, cosines, strict=True), 1):
                    writer.write_row((keys[user], keys[other], rank, float(cosine), day))
                rows += len(neighbours)
    return {"feature_date": day.isoformat(), "users": len(keys), "rows": rows}


def read(connection: psycopg.Connection, day: date) -> tuple[list[str], Values]:
    """Keys of the active users in order, and their features, NaN for null."""
    keys: list[str] = []
    parts: list[Values] = []
    with connection.cursor(name="vectors", binary=True) as cursor:
        cursor.execute(ACTIVE, [day, ACTIVE_DAYS])
        while batch := cursor.fetchmany(5_000):
            keys += [str(key) for key, _ in batch]
            parts.append(np.array([features for _, features in batch], dtype=np.float64))
    return keys, np.concatenate(parts) if parts else np.empty((0, 0))


def standardised(features: Values) -> Values:
    """Every column with mean 0 and standard deviation 1 over the rows; unknown is the mean.

    Columns of one value, or of none, are dropped.
    """
    varied = [column for column in features.T if len(np.unique(column[~np.isnan(column)])) > 1]
    if not varied:
        return np.empty((len(features), 0))
    matrix = np.stack(varied, axis=1)
    scores: Values = (matrix - np.nanmean(matrix, axis=0)) / np.nanstd(matrix, axis=0)
    scores[np.isnan(scores)] = 0.0
    return scores


def nearest(scores: Values, count: int = NEIGHBOURS) -> Iterator[tuple[int, Places, Values]]:
    """For each row its number, the numbers of the `count` rows of greatest cosine, and the cosines, descending.

    Ties go by row number. A row of zeros is like nothing: it has no neighbours and is none.
    """
    length = np.linalg.norm(scores, axis=1)
    place = np.flatnonzero(length > 0)
    units = scores[place] / length[place, None]
    for start in range(0, len(units), BLOCK):
        block = units[start : start + BLOCK] @ units.T
        own = np.arange(len(block))
        block[own, start + own] = -np.inf
        for row, bound in zip(own, bounds(block, count), strict=True):
            found = np.flatnonzero(block[row] >= bound)
            found = found[found != start + row]
            cosines = np.clip(np.round(block[row, found], DIGITS), -1, 1)
            best = np.lexsort((found, -cosines))[:count]
            yield int(place[start + row]), place[found[best]], cosines[best]


def bounds(block: Values, count: int) -> Values:
    """For each row a number that at least `count` of its values reach, and few more.

    The greatest of every chunk of columns are values of the row, so the count-th of them is such a number; looking for
    it among the chunks is much faster than among all columns.
    """
    chunks = block.shape[1] // CHUNK
    if chunks < 2 * count:
        return np.full(len(block), -2.0)
    peaks = block[:, : chunks * CHUNK].reshape(len(block), chunks, CHUNK).max(axis=2)
    kth = np.partition(peaks, chunks - count, axis=1)[:, chunks - count]
    return np.asarray(kth - 10.0**-DIGITS)


if __name__ == "__main__":
    print(refresh(Settings.from_env(), as_of.parse(sys.argv[1], "argument")))
