"""Rows of named quantities over time (signals, drivers): each name has its own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import Interval
from forecast.contacts.clock import Walls
from forecast.contacts.grids import Placement, clock_of, infer_interval, looks_weekly, off_grid, place
from forecast.contacts.intake import Intake


@dataclass(frozen=True)
class Named:
    """Rows placed in UTC, name by name.

    rows:      int64[m] positions in the file
    ds:        UTC ns[m]
    share:     float[m] 0.5 for the halves of a row that stands alone in the repeated hour, else 1
    intervals: how long the intervals of each name are
    """

    rows: Ns
    ds: Ns
    share: npt.NDArray[np.float64]
    intervals: dict[str, Interval]


def place_named(
    intake: Intake, name: str, walls: Walls, key: Ns, tz: str, asked: dict[str, Interval]
) -> Named:
    """Kept rows -> Named; rows off the grid of their name (the column `name`) are rejected.

    key: int64[n] the series that a row belongs to, for the repeated hour. asked: intervals that the file states itself.
    """
    clock = clock_of(walls, tz)
    names = intake.cells(name).to_numpy(dtype=object)
    parts: list[tuple[Ns, Placement]] = []
    intervals: dict[str, Interval] = {}
    for one in pd.unique(names[intake.keep]):
        mine = (names == one) & intake.keep
        own = asked.get(one) or infer_interval(clock[mine])
        off = off_grid(clock, own) & mine
        intake.reject("interval_start", off, f"is not the start of an interval of {own.value}")
        rows = np.flatnonzero(mine & ~off)
        if not len(rows):
            continue
        if own is Interval.DAY and one not in asked and looks_weekly(clock[rows]):
            own = Interval.WEEK
            intake.warnings.append(f"{one!r} has one row a week: its intervals are taken as weeks.")
        intervals[one] = own
        grid = Interval.DAY if own.seconds >= Interval.DAY.seconds else own
        good = Walls(walls.ns[rows], walls.aware[rows], walls.reasons[rows])
        parts.append((rows, place(good, key[rows], grid, tz)))
    intake.require_rows()
    for _, placement in parts:
        intake.warnings.extend(placement.warnings)
    return Named(
        np.concatenate([rows[placement.rows] for rows, placement in parts]),
        np.concatenate([placement.ds for _, placement in parts]),
        np.concatenate([placement.share for _, placement in parts]),
        intervals,
    )


def last_of(frame: pd.DataFrame, key: list[str], intake: Intake) -> pd.DataFrame:
    """frame -> one row per key, the last of the file; says how many were replaced."""
    twice = frame.duplicated(key, keep="last")
    if twice.any():
        intake.warnings.append(
            f"{int(twice.sum())} row(s) stand in the file more than once: the last one counts."
        )
    return frame[~twice].sort_values(key, kind="stable").reset_index(drop=True)
