"""Records kept apart by a key, in memory or, where a file is large, in a folder: what belongs together is taken together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from forecast.arrays import Ns
from forecast.buckets import DAY, Interval
from forecast.contacts.records import Records

SPLITS = 16  # queues are dealt out over so many shelves per quarter of a year


class Shelves:
    """Records by key, in the order in which they came. folder: where they lie; None for memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: dict[int, list[Records]] = {}

    def put(self, keys: Ns, records: Records) -> None:
        """Lay records[n] on the shelves keys[n]."""
        order = np.argsort(keys, kind="stable")
        ordered, edges = records[order], np.flatnonzero(np.diff(keys[order])) + 1
        for part, start in zip(np.split(ordered, edges), np.r_[0, edges], strict=True):
            if len(part):
                self._lay(int(keys[order[start]]), part)

    def _lay(self, key: int, records: Records) -> None:
        held = self._held.setdefault(key, [])
        if self._folder is None:
            held.append(records)
            return
        with _path(self._folder, key).open(
            "ab"
        ) as file:  # opened each time: there may be more shelves than open files
            file.write(records.tobytes())
        if not held:
            held.append(records[:0])  # for its type

    def take(self) -> Iterator[Records]:
        """The records of each shelf, by key; a shelf is empty afterwards."""
        for key in sorted(self._held):
            held = self._held.pop(key)
            if self._folder is None:
                yield np.concatenate(held)
                continue
            file = _path(self._folder, key)
            yield np.fromfile(file, dtype=held[0].dtype)
            file.unlink()


def _path(folder: Path, key: int) -> Path:
    return folder / f"{key}.records"


def shelf_of(queues: Ns, clock: Ns, asked: Interval | None) -> Ns:
    """Numbers of queues and local clock ns [n] -> shelves int64[n]: a quarter of the calendar of some of the queues.

    All rows that may fall into one interval of one queue share a shelf: a week that is asked for goes where its Monday is.
    """
    day = clock // DAY
    if asked is Interval.WEEK:
        day = day - (day + 3) % 7
    quarter = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // 3
    return (queues % SPLITS) * 100_000 + quarter
