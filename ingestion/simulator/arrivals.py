"""Hold rows back until the day they arrive.

A system yields rows as they happen. Those that are due are passed on, in the order of arrival; late ones wait. Where a
system makes its rows user by user, a group of users is passed on whole, each table's rows sorted by day of arrival.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ingestion.simulator.faults import Arrival, Faults
from ingestion.simulator.plan import Complete, Ints, Stream


def arrivals(stream: Stream, faults: Faults) -> Iterator[Arrival]:
    """Everything of `stream` as it arrives, faults included."""
    waiting: list[Arrival] = []
    for item in stream:
        if isinstance(item, Complete):
            due, waiting = _due(waiting, item.day)
            yield from due
        else:
            waiting += faults.send(item)
    for table, data, day in waiting:
        yield _sorted((table, data, day))


def _due(waiting: list[Arrival], day: int | None) -> tuple[list[Arrival], list[Arrival]]:
    """What arrives up to `day`, and what does not."""
    if day is None:
        return [_sorted(arrival) for arrival in waiting], []
    due, later = [], []
    for arrival in map(_sorted, waiting):
        table, data, days = arrival
        end = int(np.searchsorted(days, day, side="right"))
        if end:
            due.append((table, data.slice(0, end), days[:end]))
        if end < len(days):
            later.append((table, data.slice(end), days[end:]))
    return due, later


def _sorted(arrival: Arrival) -> Arrival:
    table, data, day = arrival
    if (np.diff(day) >= 0).all():
        return arrival
    order: Ints = np.argsort(day, kind="stable")
    return table, data.take(pa.array(order)), day[order]
