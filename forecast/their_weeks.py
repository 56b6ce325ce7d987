"""What another forecast said of each week, and when: per week the last one that was made before it began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Interval, floor, local_day, local_ns
from forecast.vintage import Series

WEEK_DAYS = 7


@dataclass(frozen=True)
class Versions:
    """Rows of their forecast of one queue [n]: bucket, contacts, seconds per contact (NaN unsaid), when it was made."""

    ds: Ns
    offered: Floats
    aht: Floats
    made_at: Ns

    def take(self, rows: Ns) -> Versions:
        """The chosen rows."""
        return Versions(self.ds[rows], self.offered[rows], self.aht[rows], self.made_at[rows])


@dataclass(frozen=True)
class Unit:
    """What they said of one week at one moment. week: the local day (a Monday) it begins on; rows by bucket."""

    week: int
    made_at: int
    rows: Versions
    interval: Interval

    def days(self, tz: str) -> Ns:
        """The local days they forecast, all of the week for totals of weeks."""
        if self.interval is Interval.WEEK:
            return np.arange(self.week, self.week + WEEK_DAYS, dtype=np.int64)
        return np.asarray(np.unique(local_ns(self.rows.ds, tz) // DAY), dtype=np.int64)


def interval_of(ds: Ns, tz: str) -> Interval:
    """The length of the intervals of a forecast by the shortest step between its buckets; a lone one is a day."""
    steps = np.diff(np.unique(ds))
    if len(steps) == 0:
        return Interval.DAY
    least = int(steps.min()) // 1_000_000_000
    if least >= 6 * 86_400:
        return Interval.WEEK
    lengths = [one for one in (Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR) if one.seconds >= least]
    return lengths[0] if lengths else Interval.DAY


def units(rows: Versions, tz: str) -> tuple[list[Unit], int]:
    """All their versions of one queue -> per week what they had said last before it began, and how many buckets have no
    forecast at all, because every version was made after they began.

    A bucket without a version of before its week has the first one of before itself: weeks forecast day by day are split.
    """
    if len(rows.ds) == 0:
        return [], 0
    interval = interval_of(rows.ds, tz)
    order = np.lexsort((rows.made_at, rows.ds))
    rows = rows.take(order)
    week = floor(rows.ds, Interval.WEEK, tz)
    timely = np.flatnonzero(rows.made_at <= rows.ds)
    before = timely[rows.made_at[timely] <= week[timely]]
    chosen = {int(rows.ds[at]): int(at) for at in timely[::-1]}  # the first one made
    chosen |= {int(rows.ds[at]): int(at) for at in before}  # the last one of before the week
    late = len(np.unique(rows.ds)) - len(chosen)
    at = np.array(sorted(chosen.values()), dtype=np.int64)
    found = []
    for begin in np.unique(week[at]):
        mine = at[week[at] == begin]
        for made in np.unique(rows.made_at[mine]):
            found.append(
                Unit(
                    local_day(int(begin), tz),
                    int(made),
                    rows.take(mine[rows.made_at[mine] == made]),
                    interval,
                )
            )
    return found, late


def not_come(series: Series, unit: Unit, now: int) -> str:
    """Why a unit cannot be held against what came, '' where it can."""
    last = int(unit.days(series.tz)[-1])
    if last >= local_day(now, series.tz):
        return "the week is not over"
    busy = unit.rows.ds[unit.rows.offered > 0]
    final = local_day(int(series.offered.ds.max()), series.tz)
    wanted = (
        local_day(int(busy.max()), series.tz) if len(busy) and unit.interval is not Interval.WEEK else last
    )
    if wanted > final:
        return f"the contacts end on {date_of(final)}"
    first = local_day(int(series.offered.ds.min()), series.tz)
    return "" if int(unit.days(series.tz)[0]) >= first else f"the contacts begin on {date_of(first)}"


def date_of(day: int) -> str:
    """A local day, ISO 8601."""
    return str(np.datetime64(day, "D"))
