"""A series by local day, made of its versions by interval: what was known of a day's total, and when.

Each version of a bucket moves the total of its day by the difference to what was known of the bucket before, so the days
have as honest a past as the buckets: a forecast by day can be wound back like any other. Contacts outside the opening
hours given do not count, as nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval, day_start
from forecast.models.day_totals import FILLED
from forecast.vintage import Archive, History, Series, Versions


def day_archive(history: History) -> Archive:
    """An archive of one series by day, and of nothing that the history does not know."""
    series = day_series(history.series)
    return Archive({series.name: series}, drivers=history.drivers, calendar=history.calendar)


def day_series(series: Series) -> Series:
    """The series by local day; one that is by day or longer is given back as it is. Handling times are left out."""
    if series.interval.slots == 1:
        return replace(series, handling=None)
    span = None if series.span is None else _moments(series, series.span)
    before = tuple(replace(each, own=_totals(series, each.own)) for each in series.before)
    offered = _totals(series, series.offered)
    return replace(series, interval=Interval.DAY, offered=offered, span=span, before=before, handling=None)


def _moments(series: Series, span: Versions) -> Versions:
    """Versions whose value counts for nothing, by day."""
    day = Grid.of(span.ds, series.interval, series.tz).day
    return Versions(_starts(day, series.tz), span.value, span.known_at)


def _totals(series: Series, offered: Versions) -> Versions:
    """Versions by bucket -> versions of the totals of days: one per day and moment at which something became known."""
    grid = Grid.of(offered.ds, series.interval, series.tz)
    inside = np.ones(len(grid), dtype=bool) if series.hours is None else series.hours.mask(grid)
    ds, value, known_at = offered.ds[inside], offered.value[inside], offered.known_at[inside]
    if len(ds) == 0:
        return offered.none() if series.hours is None else _closed(series, offered)
    day = grid.day[inside]
    by_bucket = np.argsort(
        ds, kind="stable"
    )  # stable: versions of a bucket stay in the order they became known
    more = np.empty((2, len(ds)))
    for at, held in enumerate((np.nan_to_num(value), (~np.isnan(value)).astype(np.float64))):
        more[at, by_bucket] = _differences(held[by_bucket], ds[by_bucket])
    by_day = np.lexsort((known_at, day))
    day, known_at = day[by_day], known_at[by_day]
    first = np.searchsorted(day, day)
    total, count = np.cumsum(more[:, by_day], axis=1)
    total, count = (each - np.concatenate([[0.0], each])[first] for each in (total, count))
    if not series.absent_is_zero:
        total = _whole(series, day, total, count)
    last = np.append((day[1:] != day[:-1]) | (known_at[1:] != known_at[:-1]), True)
    return Versions.of(_starts(day[last], series.tz), total[last], known_at[last])


def _closed(series: Series, offered: Versions) -> Versions:
    """A series that had contacts outside its hours only: days without any."""
    return replace(_moments(series, offered), value=np.zeros(len(offered)))


def _differences(value: Floats, ds: Ns) -> Floats:
    """Versions ordered by bucket -> how each moves its bucket's value."""
    before = np.concatenate([[0.0], value[:-1]])
    same = np.concatenate([[False], ds[1:] == ds[:-1]])
    return np.where(same, value - before, value)


def _whole(series: Series, day: Ns, total: Floats, count: Floats) -> Floats:
    """Totals of `count` known buckets -> of whole days; NaN where too few of a day's buckets are known."""
    days, place = np.unique(day, return_inverse=True)
    most = np.zeros(len(days))
    np.maximum.at(most, place, count)
    wanted = most.copy()
    if series.hours is not None:
        grid = Grid.days(int(days[0]), int(days[-1]), series.interval, series.tz)
        wanted = np.bincount(grid.day - days[0], weights=series.hours.mask(grid))[days - days[0]]
    else:
        for weekday in range(7):
            mine: Flags = (days + 3) % 7 == weekday
            wanted[mine] = np.median(most[mine]) if mine.any() else 0.0
    asked = wanted[place]
    enough = (count > 0) & (count >= FILLED * asked)
    return np.where(enough, total * np.maximum(asked, count) / np.maximum(count, 1.0), np.nan)


def _starts(day: Ns, tz: str) -> Ns:
    """Local days[n], repeated -> the moment ns[n] at which each begins."""
    unique, place = np.unique(day, return_inverse=True)
    return day_start(unique, tz)[place] if len(unique) else np.zeros(0, dtype=np.int64)
