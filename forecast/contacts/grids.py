"""The grid of a file: how long its intervals are, which rows are off it, and where each row lies in UTC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import DAY, SECOND, Interval, day_start, floor, local_ns
from forecast.contacts.clock import Walls
from forecast.contacts.zones import Flags, localise, wall_of

STRAYS = 0.01  # a hundredth of the rows may lie off the grid: they become problems and do not make it finer
_COARSE_FIRST = (Interval.DAY, Interval.HOUR, Interval.HALF_HOUR, Interval.QUARTER)


@dataclass(frozen=True)
class Placement:
    """Rows of a file placed in UTC.

    rows:  int64[m] positions of the file's rows; a row of the repeated hour that stands alone occurs twice
    ds:    UTC ns[m]
    share: float[m] 0.5 for the two halves of such a row, else 1
    moved: bool[m] it lay in the missing hour
    skipped, split: int64[k] positions of the file's rows that lay in the missing hour, or stood alone in the repeated one
    wall: int64[n] the wall clock of every row that was to be placed
    surplus: rows dropped because a series had more than two rows at a time of the repeated hour
    """

    rows: Ns
    ds: Ns
    share: npt.NDArray[np.float64]
    moved: Flags
    skipped: Ns
    split: Ns
    wall: Ns
    surplus: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was moved and split, told for these rows alone."""
        shifts = Shifts()
        shifts.add(self, np.arange(len(self.wall), dtype=np.int64))
        return tuple(shifts.sentences())


@dataclass
class Shifts:
    """How many rows of a file the clock changes moved or split, and the first of each, told in the end.

    first: row of the file and wall clock ns of the first one, per kind
    """

    moved: int = 0
    split: int = 0
    first_moved: tuple[int, int] | None = None
    first_split: tuple[int, int] | None = None

    def add(self, placement: Placement, rows: Ns) -> None:
        """Count a placement of rows[n], given by their numbers in the file."""
        self.moved += len(placement.skipped)
        self.split += len(placement.split)
        self.first_moved = _earlier(self.first_moved, rows, placement.wall, placement.skipped)
        self.first_split = _earlier(self.first_split, rows, placement.wall, placement.split)

    def sentences(self) -> list[str]:
        """What happened, where anything did."""
        told = []
        if self.first_moved is not None:
            told.append(
                f"{self.moved} row(s) lie in the hour that the clock skips (such as {_shown(self.first_moved[1])}): "
                "moved forward. Is the time zone right?"
            )
        if self.first_split is not None:
            told.append(
                f"{self.split} row(s) lie in the hour that the clock repeats (such as {_shown(self.first_split[1])}), "
                "once: split evenly over both hours."
            )
        return told


def _earlier(held: tuple[int, int] | None, rows: Ns, wall: Ns, places: Ns) -> tuple[int, int] | None:
    if len(places) == 0:
        return held
    place = int(places[int(np.argmin(rows[places]))])
    found = int(rows[place]), int(wall[place])
    return found if held is None else min(held, found)


def clock_of(walls: Walls, tz: str) -> Ns:
    """Walls[n] -> the local clock ns[n] that each row shows in tz."""
    return wall_of(walls.ns, walls.aware, tz)


def off_grid(clock: Ns, interval: Interval) -> Flags:
    """Local clock ns[n] -> bool[n]: not the start of such an interval (weeks and months: not the start of a day)."""
    step = min(interval.seconds, 86_400) * SECOND
    return np.asarray(clock % step != 0, dtype=bool)


def infer_interval(clock: Ns) -> Interval:
    """Local clock ns[n] -> the longest of 15min, 30min, 1h, 1d whose grid holds the rows, a few strays aside."""
    unique = np.unique(clock)
    quarter = int(off_grid(unique, Interval.QUARTER).sum())
    for interval in _COARSE_FIRST:
        if int(off_grid(unique, interval).sum()) <= quarter + STRAYS * len(unique):
            return interval
    return Interval.QUARTER


def looks_weekly(clock: Ns) -> bool:
    """Days only, and always whole weeks apart: totals of weeks, most likely."""
    unique = np.unique(clock)
    return (
        len(unique) >= 4
        and bool((np.diff(unique) % (7 * DAY) == 0).all())
        and not off_grid(unique, Interval.DAY).any()
    )


def place(walls: Walls, keys: Ns, interval: Interval, tz: str) -> Placement:
    """Walls[n] of good rows on the grid and the series of each as keys[n] -> Placement.

    Days are calendar days and never split. Below a day: two rows of a series in the repeated hour are taken in order,
    one is split evenly, a time in the missing hour moves forward; the last two are counted (`Shifts`).
    """
    everything, whole = np.arange(len(keys), dtype=np.int64), np.ones(len(keys))
    none = everything[:0]
    if interval.slots == 1:
        days = clock_of(walls, tz) // DAY
        unique, inverse = np.unique(days, return_inverse=True)
        ds = day_start(unique, tz)[inverse] if len(unique) else days
        return Placement(everything, ds, whole, whole == 0, none, none, walls.ns)
    places = localise(walls.ns, walls.aware, tz)
    ds = np.where(places.missing, floor(places.first, interval, tz), places.first)
    skipped = np.flatnonzero(places.missing)
    if not places.repeated.any():
        return Placement(everything, ds, whole, places.missing, skipped, none, walls.ns)
    from_last, alone = _turns(keys, walls.ns, places.repeated)
    ds = np.where(places.repeated & (from_last == 0), places.second, ds)
    kept, split = np.flatnonzero(from_last <= 1), np.flatnonzero(alone)
    rows = np.concatenate([kept, split])
    ds = np.concatenate([ds[kept], places.first[alone]])
    order = np.argsort(rows, kind="stable")
    rows, ds = rows[order], ds[order]
    share = np.where(alone, 0.5, 1.0)[rows]
    return Placement(rows, ds, share, places.missing[rows], skipped, split, walls.ns, len(keys) - len(kept))


def _turns(keys: Ns, wall: Ns, repeated: Flags) -> tuple[Ns, Flags]:
    """Series and wall clock [n] -> (0 for the last row of a series at a repeated time, 1 for the one before, ..., and -1
    elsewhere; bool[n]: the only row of its series at a repeated time)."""
    group = pd.DataFrame({"key": keys, "wall": wall})[repeated].groupby(["key", "wall"], sort=False)["key"]
    from_last = np.full(len(keys), -1, dtype=np.int64)
    from_last[repeated] = group.cumcount(ascending=False).to_numpy()
    alone = np.zeros(len(keys), dtype=bool)
    alone[repeated] = group.transform("size").to_numpy() == 1
    return from_last, alone


def start_of(ds: Ns, interval: Interval, tz: str) -> Ns:
    """UTC ns[n] -> the start of the local interval each lies in."""
    unique, inverse = np.unique(ds, return_inverse=True)
    return floor(unique, interval, tz)[inverse] if len(unique) else ds


def local_text(ns: int, tz: str) -> str:
    """A UTC moment as the local clock shows it, for messages."""
    return _shown(int(local_ns(np.array([ns], dtype=np.int64), tz)[0]))


def _shown(wall: int) -> str:
    return str(pd.Timestamp(wall).strftime("%Y-%m-%d %H:%M"))
