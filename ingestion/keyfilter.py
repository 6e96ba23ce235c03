"""Which keys of a load have certainly not come before, in fixed memory: a Bloom filter.

A load into an empty table need not ask the database about every key, only about those the filter may have seen.
Source: B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970.
"""

import numpy as np
import numpy.typing as npt

BITS = 1 << 28
"""32 MB: at 20 million keys fewer than one in 200 is asked about in vain."""
HASHES = 4
ODD = 0x9E3779B97F4A7C15


class KeyFilter:
    """Keys added so far, with false positives but no false negatives."""

    def __init__(self) -> None:
        self._bits = np.zeros(BITS // 8, dtype=np.uint8)

    def add(self, keys: list[str]) -> npt.NDArray[np.bool_]:
        """Add distinct `keys`; true for each that may have been added before."""
        base = np.fromiter(map(hash, keys), dtype=np.int64, count=len(keys)).view(np.uint64)
        # double hashing: h1 + i h2 (Kirsch & Mitzenmacher 2006)
        step = (base * np.uint64(ODD)) >> np.uint64(17) | np.uint64(1)
        places = (base[:, None] + np.arange(HASHES, dtype=np.uint64) * step[:, None]) % np.uint64(BITS)
        byte, bit = places >> np.uint64(3), np.left_shift(1, places & np.uint64(7)).astype(np.uint8)
        seen = ((self._bits[byte] & bit) != 0).all(axis=1)
        np.bitwise_or.at(self._bits, byte.ravel(), bit.ravel())
        return np.asarray(seen, dtype=np.bool_)
