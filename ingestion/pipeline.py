"""Run the steps of a load side by side: each step is an iterator that a thread of its own keeps a little ahead.

Arrow, zlib and libpq release the interpreter while they work, so reading, conforming and writing overlap; queues of
fixed depth keep memory flat.
"""

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")
POLL_SECONDS = 0.1


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def ahead(items: Iterator[Item], depth: int = 1) -> Iterator[Item]:
    """Yield `items`, computed up to `depth` ahead in a thread; its exceptions are raised here.

    Closing the result stops the thread before it computes another item.
    """
    ready: queue.Queue[object] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    break
            put(_END)
        except BaseException as error:  # noqa: BLE001 - handed to the reader, who raises it
            put(_Failed(error))
        finally:
            if hasattr(items, "close"):
                items.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            yield item  # type: ignore[misc]  # what went in comes out
    finally:
        stopped.set()
        thread.join()
