"""When a queue was open, where nobody says so: inferred from what came, by what was known at the cutoff."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid

SCHEDULE_WEEKS = 8
IMPROBABLE = 1e-6


def schedule_of(grid: Grid, values: Floats, silent: Flags | None = None) -> Flags:
    """bool[7, slots]: a (weekday, slot) with any contact in the last eight weeks known is open.

    silent: bool[n] days of silences (`queue_life.py`); they count neither as open nor as closed
    """
    open_ = np.zeros((7, grid.slots), dtype=bool)
    known = ~np.isnan(values)
    if silent is not None:
        known &= ~silent
    if not known.any():
        return open_
    day = grid.day if silent is None else _days_told(grid, ~silent)
    recent = known & (values > 0) & (day > day[known].max() - 7 * SCHEDULE_WEEKS)
    open_[grid.weekday[recent], grid.slot[recent]] = True
    return open_


def _days_told(grid: Grid, told: Flags) -> Ns:
    """int64[n]: how many local days that tell something there were up to and including the bucket's own."""
    day = grid.day - grid.day[0]
    return np.asarray(np.cumsum(np.bincount(day, weights=told) > 0)[day], dtype=np.int64)


def was_open(grid: Grid, values: Floats, schedule: Flags) -> Flags:
    """Past buckets without given hours: open by today's schedule, or with contacts in their own eight weeks."""
    if len(grid) == 0:
        return np.zeros(0, dtype=bool)
    first = int(grid.day[0]) - int(grid.weekday[0])
    week = (grid.day - first) // 7
    busy = np.zeros((int(week.max()) + 1, 7, grid.slots), dtype=bool)
    some = values > 0  # NaN compares false
    busy[week[some], grid.weekday[some], grid.slot[some]] = True
    seen = busy.copy()
    for back in range(1, SCHEDULE_WEEKS):
        seen[back:] |= busy[:-back]
    return np.asarray(
        seen[week, grid.weekday, grid.slot] | (schedule[grid.weekday, grid.slot] & (week == week.max()))
    )


def absent_days(grid: Grid, values: Floats, open_: Flags, today: int) -> Flags:
    """bool[n]: buckets of days with no contact at all, where the queue's rate makes that improbable.

    With a usual total of m for the weekday a Poisson day is empty with probability exp(-m); below 1e-6 the day was
    closed or is unknown, and must train no level.
    """
    if len(grid) == 0:
        return np.zeros(0, dtype=bool)
    first = int(grid.day[0])
    day = grid.day - first
    total = np.bincount(day, weights=np.where(open_, np.nan_to_num(values), 0.0)).astype(np.float64)
    usual = _usual_totals(total)
    absent = (total == 0) & (usual > -np.log(IMPROBABLE))
    if int(grid.day[-1]) == today:
        absent[-1] = False  # today may still be empty because it has only begun
    return np.asarray(absent[day])


def _usual_totals(total: Floats) -> Floats:
    """Day totals [d] -> mean of the same weekday's totals above zero, eight weeks to either side [d]."""
    weeks = -(-len(total) // 7)
    table = np.zeros((weeks + 2 * SCHEDULE_WEEKS + 1, 7))
    table[SCHEDULE_WEEKS + 1 : SCHEDULE_WEEKS + 1 + weeks].flat[: len(total)] = total
    window = 2 * SCHEDULE_WEEKS + 1
    sums, counts = np.cumsum(table, axis=0), np.cumsum(table > 0, axis=0)
    mean = (sums[window:] - sums[:-window]) / np.maximum(counts[window:] - counts[:-window], 1)
    return np.asarray(mean.ravel()[: len(total)])
