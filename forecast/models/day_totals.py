"""Day totals of one series: the scale most methods work on, with the days that may teach a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.models.full_days import filled
from forecast.vintage import History, by_day

RECENT_DAYS = 224  # enough to read a level from; a fit may look back further
FILLED = 0.9  # of a day's open buckets must be known, the rest is filled in proportion


@dataclass(frozen=True)
class DayTotals:
    """Complete local days in a row, up to the one before the cutoff's, as if with all the hours the queue ever has.

    days:   int64[d] consecutive local days
    total:  float[d] contacts in open hours; NaN = unknown
    absent: bool[d] closed, empty where chance does not explain it, or left out of history by a planner
    slots:  float[d, slots] contacts per slot; where it was closed at the time or is unknown, what is likely (`full_days.py`)
    asked:  bool[d, slots] slots that belong to the queue's hours; 0 contacts in others
    """

    days: Ns
    total: Floats
    absent: Flags
    slots: Floats
    asked: Flags

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @property
    def usable(self) -> Flags:
        """bool[d]: open and known, a day that may teach a level."""
        return ~self.absent & ~np.isnan(self.total)

    @property
    def table(self) -> Floats:
        """float[d, slots]: contacts per slot of the usable days; NaN elsewhere, and in slots not asked for."""
        return np.where(self.asked & self.usable[:, None], self.slots, np.nan)

    def last(self, days: int) -> DayTotals:
        """Only the last so many days."""
        return self._take(slice(-days, None))

    def telling(self, days: int) -> DayTotals:
        """Only so many days up to the last usable one."""
        end = int(np.flatnonzero(self.usable)[-1]) + 1 if self.usable.any() else len(self.days)
        return self._take(slice(max(0, end - days), end))

    def _take(self, rows: slice) -> DayTotals:
        days, total, absent = self.days[rows], self.total[rows], self.absent[rows]
        return DayTotals(days, total, absent, self.slots[rows], self.asked[rows])

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
    days = np.arange(first, last + 1, dtype=np.int64)
    weekday, hours = (days + 3) % 7, history.series.hours
    opened, seen = (
        np.nan_to_num(by_day(grid, rows.astype(np.float64), first=first, last=last)) > 0
        for rows in (open_, open_ & known)
    )
    if hours is None:
        short = np.isin(days, list(history.series.exceptions.opened))  # shorter than its weekday's days are
        asked = opened | ((short & (wanted > 0))[:, None] & history.schedule[weekday])
    else:
        asked = hours.ever(grid.slots)[weekday]
    left_out = np.isin(days, list(history.calendar.once))
    tells = (wanted > 0) & ~np.isnan(whole) & ~left_out
    if (asked & ~seen)[tells].any():
        slots[tells] = filled(slots[tells], seen[tells], asked[tells], weekday[tells])
        whole = np.where(tells, slots.sum(axis=1), whole)
    return DayTotals(days, whole, (wanted == 0) | left_out, slots, asked)


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


def month_share(days: Ns) -> Floats:
    """Local days[n] -> how much of the month has gone by, 0 .. 1: invoices, pay and pensions come by the month."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.float64)
    return np.asarray((date - month.astype("datetime64[D]")).astype(np.float64) / length)


def month_waves(days: Ns, orders: int) -> Floats:
    """Local days[n] -> float[n, 2 x orders]: sines and cosines of the month gone by."""
    angle = 2 * np.pi * month_share(days)[:, None] * np.arange(1, orders + 1)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(len(days), 2 * orders)
