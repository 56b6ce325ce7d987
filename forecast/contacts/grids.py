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
    surplus: rows dropped because a series had more than two rows at a time of the repeated hour
    """

    rows: Ns
    ds: Ns
    share: npt.NDArray[np.float64]
    moved: Flags
    warnings: tuple[str, ...] = ()
    surplus: int = 0


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
    one is split evenly, a time in the missing hour moves forward; the last two come with a warning.
    """
    everything, whole = np.arange(len(keys), dtype=np.int64), np.ones(len(keys))
    if interval.slots == 1:
        days = clock_of(walls, tz) // DAY
        unique, inverse = np.unique(days, return_inverse=True)
        return Placement(
            everything, day_start(unique, tz)[inverse] if len(unique) else days, whole, whole == 0
        )
    places = localise(walls.ns, walls.aware, tz)
    ds = np.where(places.missing, floor(places.first, interval, tz), places.first)
    warnings = []
    if places.missing.any():
        shown = _shown(walls.ns[places.missing])
        warnings.append(
            f"{int(places.missing.sum())} row(s) lie in the hour that the clock skips (such as {shown}): moved forward. "
            "Is the time zone right?"
        )
    if not places.repeated.any():
        return Placement(everything, ds, whole, places.missing, tuple(warnings))
    from_last, alone = _turns(keys, walls.ns, places.repeated)
    ds = np.where(places.repeated & (from_last == 0), places.second, ds)
    if alone.any():
        warnings.append(
            f"{int(alone.sum())} row(s) lie in the hour that the clock repeats (such as {_shown(walls.ns[alone])}), once: "
            "split evenly over both hours."
        )
    kept = np.flatnonzero(from_last <= 1)
    rows = np.concatenate([kept, np.flatnonzero(alone)])
    ds = np.concatenate([ds[kept], places.first[alone]])
    order = np.argsort(rows, kind="stable")
    rows, ds = rows[order], ds[order]
    share = np.where(alone, 0.5, 1.0)[rows]
    return Placement(rows, ds, share, places.missing[rows], tuple(warnings), len(keys) - len(kept))


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
    return _shown(local_ns(np.array([ns], dtype=np.int64), tz))


def _shown(wall: Ns) -> str:
    return str(pd.Timestamp(int(wall[0])).strftime("%Y-%m-%d %H:%M"))
