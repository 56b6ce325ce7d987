"""Day totals of one series: the scale most methods work on, with the days that may teach a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.vintage import History, by_day

RECENT_DAYS = 224  # enough to read a level from; a fit may look back further
FILLED = 0.9  # of a day's open buckets must be known, the rest is filled in proportion


@dataclass(frozen=True)
class DayTotals:
    """Complete local days in a row, up to the one before the cutoff's.

    days:   int64[d] consecutive local days
    total:  float[d] contacts in open hours; NaN = unknown
    absent: bool[d] closed, or empty where chance does not explain it
    slots:  float[d, slots] contacts per slot, 0 in closed or unknown slots
    """

    days: Ns
    total: Floats
    absent: Flags
    slots: Floats

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @property
    def usable(self) -> Flags:
        """bool[d]: open and known, a day that may teach a level."""
        return ~self.absent & ~np.isnan(self.total)

    def last(self, days: int) -> DayTotals:
        """Only the last so many days."""
        return DayTotals(self.days[-days:], self.total[-days:], self.absent[-days:], self.slots[-days:])

    @classmethod
    def of(cls, history: History, *, latest: int) -> DayTotals:
        """The latest so many days of a history, fewer where it is shorter."""
        return history.remember(("day_totals", latest), lambda: _totals(history, latest))


def _totals(history: History, latest: int) -> DayTotals:
    first = max(history.first_day, history.today - latest)
    last = max(first - 1, history.today - 1)
    begin, stop = np.searchsorted(history.grid.day, [first, last + 1])
    rows = slice(int(begin), int(stop))
    grid, y, open_ = history.grid.take(rows), history.y[rows], history.open[rows]
    known = ~np.isnan(y)
    slots = np.nan_to_num(by_day(grid, np.where(open_ & known, y, 0.0), first=first, last=last))
    count, day = last - first + 1, grid.day - first
    total = np.bincount(day, weights=np.where(open_ & known, y, 0.0), minlength=count)
    wanted = np.bincount(day, weights=open_, minlength=count)
    held = np.bincount(day, weights=open_ & known, minlength=count)
    some = np.bincount(day, weights=known, minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.where(wanted > 0, np.where(held > FILLED * wanted, total * wanted / held, np.nan), total)
    whole = np.where(some > 0, whole, np.nan)
    return DayTotals(np.arange(first, last + 1, dtype=np.int64), whole, wanted == 0, slots)


def baseline(totals: Floats, *, weeks: int = 4) -> Floats:
    """Ordinary totals by day [n], NaN elsewhere -> the median of the same weekday within `weeks` weeks either side.

    The day itself does not count. NaN where fewer than two are known.
    """
    padded = np.concatenate([np.full(7 * weeks, np.nan), totals, np.full(7 * weeks, np.nan)])
    shifts = [7 * weeks + 7 * shift for shift in range(-weeks, weeks + 1) if shift]
    near = np.sort(np.stack([padded[shift : shift + len(totals)] for shift in shifts]), axis=0)
    count = (~np.isnan(near)).sum(axis=0)
    known = np.maximum(count, 1)
    low = np.take_along_axis(near, ((known - 1) // 2)[None], axis=0)[0]
    high = np.take_along_axis(near, (known // 2)[None], axis=0)[0]
    return np.where(count >= 2, (low + high) / 2, np.nan)
