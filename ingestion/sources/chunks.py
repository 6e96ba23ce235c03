"""Which documents of a collection may have changed since the last load, found by their content alone.

Documents, always in the same order, are cut into chunks; where a cut falls depends on the documents beside it and on
nothing before them, so an inserted, changed or deleted document changes its own chunk and leaves the others as they
were. A chunk is known by its digest. Chunks the last load saw are passed over; all others are handed on whole.

What is kept from load to load is 16 bytes per chunk, of about 256 documents or at most 8 MB.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator

CUT_AFTER_ONE_IN = 256
"""A chunk ends with a document whose digest is divisible by this."""
CHUNK_BYTES = 8 << 20
"""A chunk also ends here: so much is held in memory until its digest is known."""
DIGEST_BYTES = 16


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


class Chunks:
    """The chunks of one reading, compared with those of the last one."""

    def __init__(self, known: str = "") -> None:
        self.known = _digests(known)
        self.seen: dict[bytes, None] = {}
        """Digests in order of reading."""
        self.documents = 0

    def changed(self, documents: Iterable[bytes]) -> Iterator[list[bytes]]:
        """The chunks of `documents` that are not known."""
        held: list[bytes] = []
        digests, size = b"", 0
        for document in documents:
            own = _digest(document)
            held.append(document)
            digests += own
            size += len(document)
            self.documents += 1
            if size >= CHUNK_BYTES or int.from_bytes(own[:4]) % CUT_AFTER_ONE_IN == 0:
                if self._is_new(digests):
                    yield held
                held, digests, size = [], b"", 0
        if held and self._is_new(digests):
            yield held

    def _is_new(self, digests: bytes) -> bool:
        digest = _digest(digests)
        self.seen[digest] = None
        return digest not in self.known

    @property
    def are_as_known(self) -> bool:
        """After a reading: whether nothing was inserted, changed or deleted."""
        return self.seen.keys() == self.known

    def keep(self, other: "Chunks") -> None:
        """Forget the chunks that another reading did not find."""
        self.seen = {digest: None for digest in self.seen if digest in other.seen}

    def text(self) -> str:
        """What the next reading is to know."""
        return base64.b64encode(b"".join(self.seen)).decode()


def _digests(text: str) -> set[bytes]:
    joined = base64.b64decode(text)
    return {joined[start : start + DIGEST_BYTES] for start in range(0, len(joined), DIGEST_BYTES)}
