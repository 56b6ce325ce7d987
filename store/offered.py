"""Contacts per bucket of some queues, each counted once, as arrays: what pages read of many queues at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import to_ns
from store.versions import KINDS, bucket_changes, load
from store.volumes import volume_series
from store.wholes import WHOLE, counted


@dataclass(frozen=True)
class Offered:
    """Contacts per bucket as arrays [n], by queue and bucket: `queue` is the place in `names`; starts and known_at in ns.

    What files tell by reason is put together: a bucket's row of the whole, where it has none the sum of its reasons.
    """

    names: tuple[str, ...]
    queue: Ns
    ds: Ns
    contacts: Floats
    known_at: Ns

    def of(self, name: str) -> slice:
        """The rows of a queue."""
        at = self.names.index(name)
        return slice(*np.searchsorted(self.queue, [at, at + 1]).tolist())


def load_offered(session: Session, queues: Sequence[str], start: dt.datetime, end: dt.datetime) -> Offered:
    """Of some queues -> the latest values of start <= ds < end, one row a bucket. Lighter than `load_volumes`."""
    series, place = volume_series(session, list(queues)), {name: at for at, name in enumerate(queues)}
    first, last = to_ns(start) // 1000, to_ns(end) // 1000
    rows = load(
        session, KINDS["volumes"], series=list(series), start=first, end=last, values=("offered",)
    ).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    numbers, back = np.unique(rows.series, return_inverse=True)
    keys = [series[int(one)] for one in numbers]
    queue = np.array([place[name] for name, _ in keys], dtype=np.int64)[back]
    kept = counted(queue, rows.ds, np.array([topic == WHOLE for _, topic in keys], dtype=bool)[back])
    order = np.flatnonzero(kept)[np.lexsort((rows.ds[kept], queue[kept]))]
    queue, rows = queue[order], rows.take(order)
    begins = np.flatnonzero(np.append(True, bucket_changes(queue, rows.ds))[: len(rows)])
    if len(begins) == 0:
        none = np.zeros(0, dtype=np.int64)
        return Offered(tuple(queues), none, none, np.zeros(0), none)
    return Offered(
        tuple(queues),
        queue[begins],
        rows.ds[begins] * 1000,
        np.add.reduceat(rows.values[:, 0], begins),
        np.maximum.reduceat(rows.known_at, begins) * 1000,
    )
