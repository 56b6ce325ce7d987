"""Day totals of one series: the scale most methods work on, with the days that may teach a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.vintage import History, by_day


@dataclass(frozen=True)
class DayTotals:
    """Local days in a row.

    days:   int64[d] consecutive local days
    total:  float[d] contacts in open hours
    usable: bool[d] open, wholly known and over: a day that may teach a level
    slots:  float[d, slots] contacts per slot, 0 in closed or unknown slots
    """

    days: Ns
    total: Floats
    usable: Flags
    slots: Floats

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @classmethod
    def of(cls, history: History, *, latest: int | None = None) -> DayTotals:
        """The local days of a history up to the cutoff's day; only the `latest` so many where given."""
        grid, first = history.grid, history.first_day
        open_, y = history.open, history.y
        if latest is not None and len(grid) and first < history.today - latest:
            first = history.today - latest
            begin = int(np.searchsorted(grid.day, first))
            grid, open_, y = grid.take(slice(begin, None)), open_[begin:], y[begin:]
        known = ~np.isnan(y)
        slots = np.nan_to_num(by_day(grid, np.where(open_ & known, y, 0.0), first=first))
        opened = np.nan_to_num(by_day(grid, open_.astype(float), first=first))
        unknown = np.nan_to_num(by_day(grid, (open_ & ~known).astype(float), first=first))
        usable = (opened.sum(axis=1) > 0) & (unknown.sum(axis=1) == 0)
        days = first + np.arange(len(slots))
        if len(days) and days[-1] == history.today:
            usable[-1] = False  # only begun
        return cls(days, slots.sum(axis=1), usable, slots)
