"""Run the steps of a load side by side: each step is an iterator that a thread of its own keeps a little ahead.

Arrow, zlib and libpq release the interpreter while they work, so reading, conforming and writing overlap; queues of
fixed depth keep memory flat.
"""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
POLL_SECONDS = 0.1


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


class _Worker(Generic[Item]):
    """Computes `items` in a thread and hands them over one by one."""

    def __init__(self, items: Iterator[Item], depth: int) -> None:
        self._items = items
        self.ready: queue.Queue[object] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
            self._put(_END)
        except BaseException as error:  # noqa: BLE001 - handed to the reader, who raises it
            self._put(_Failed(error))
        finally:
            if isinstance(self._items, Generator):
                self._items.close()

    def _put(self, item: object) -> bool:
        while not self._stopped.is_set():
            try:
                self.ready.put(item, timeout=POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def ahead(items: Iterator[Item], depth: int = 1) -> Iterator[Item]:
    """Yield `items`, computed up to `depth` ahead in a thread; its exceptions are raised here.

    Closing the result stops the thread before it computes another item.
    """
    worker = _Worker(items, depth)
    try:
        while (item := worker.ready.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            yield item  # type: ignore[misc]  # what went in comes out
    finally:
        worker.stop()
