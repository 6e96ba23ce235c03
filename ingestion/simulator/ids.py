"""Identifiers by the million: a number and a purpose give the same identifier always, and no two numbers the same.

number -> splitmix64 (Steele, Lea & Flood 2014; a bijection on 64 bits) -> hexadecimal or base 32 digits -> Arrow
strings, without a Python object per row. Nothing has to be remembered to refer to a row again.
"""

import string
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.simulator.plan import Floats, Ints

Words = npt.NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
OTHER_HALF = 0x5851F42D4C957F2D
WORD = 2**64


def _pairs(alphabet: str) -> npt.NDArray[np.uint16]:
    """All pairs of signs as 16 bit words, the first sign in the low byte."""
    signs = np.frombuffer(alphabet.encode(), np.uint8).astype(np.uint16)
    return (signs[:, None] | (signs[None, :] << np.uint16(8))).astype("<u2").ravel()


HEX = _pairs("0123456789abcdef")
BASE32 = _pairs(string.digits + string.ascii_lowercase[:22])
TEN_BITS = np.arange(0, 60, 10, dtype=np.uint64)
CUID_LENGTH = 25
UUID_LENGTH = 36
DASHES = (8, 13, 18, 23)
UUID_DIGITS = [place for place in range(UUID_LENGTH) if place not in DASHES]


def mix(salt: int, numbers: Ints) -> Words:
    """A well mixed 64 bit word per number, different for different numbers."""
    word = (numbers.astype(np.uint64) * GOLDEN) + np.uint64(salt % WORD)
    word ^= word >> np.uint64(30)
    word *= FIRST
    word ^= word >> np.uint64(27)
    word *= SECOND
    word ^= word >> np.uint64(31)
    return word


def unit(salt: int, numbers: Ints) -> Floats:
    """A number in [0, 1) per number: chance that is the same whenever it is asked for."""
    return (mix(salt, numbers) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def fixed_width(signs: npt.NDArray[np.uint8]) -> pa.Array:
    """Strings of equal length from a matrix of ASCII signs, one row each."""
    count, width = signs.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32) if width else np.zeros(count + 1, np.int32)
    data = np.ascontiguousarray(signs)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def cuids(salt: int, numbers: Ints) -> pa.Array:
    """Prisma's kind of identifier: `c` and 24 digits."""
    words = np.stack([mix(salt, numbers), mix(salt ^ OTHER_HALF, numbers)], axis=1)
    digits = BASE32[((words[:, :, None] >> TEN_BITS) & np.uint64(1023)).astype(np.int64)]
    signs = np.empty((len(numbers), CUID_LENGTH), np.uint8)
    signs[:, 0] = ord("c")
    signs[:, 1:] = digits.reshape(len(numbers), 2 * len(TEN_BITS)).view(np.uint8)
    return fixed_width(signs)


def uuids(salt: int, numbers: Ints) -> pa.Array:
    """Random UUIDs (version 4) by look."""
    words = np.stack([mix(salt, numbers), mix(salt ^ OTHER_HALF, numbers)], axis=1).astype("<u8")
    octets = words.view(np.uint8).reshape(len(numbers), 16)
    octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
    octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
    signs = np.empty((len(numbers), UUID_LENGTH), np.uint8)
    signs[:, DASHES] = ord("-")
    # the low byte of a pair is its first sign, and the pair's first index the high digit
    signs[:, UUID_DIGITS] = HEX[octets].view(np.uint8).reshape(len(numbers), 32)
    return fixed_width(signs)


def object_ids(salt: int, numbers: Ints) -> list[bytes]:
    """Twelve bytes each, for MongoDB's `_id`."""
    words = np.stack([mix(salt, numbers), mix(salt ^ OTHER_HALF, numbers)], axis=1).astype("<u8")
    octets = words.view(np.uint8).reshape(len(numbers), 16)[:, :12]
    return [row.tobytes() for row in octets]


def pick(values: Sequence[object], salt: int, numbers: Ints) -> Ints:
    """An index into `values` per number, uniform."""
    return np.asarray(mix(salt, numbers) % np.uint64(len(values)), np.int64)
