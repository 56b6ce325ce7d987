"""Is everything in that should be in by now? Of one queue: until when it is complete, since when something is missing.

A bucket is due once it ended and the time has passed that rows of the last two weeks usually took to come (nine in ten),
and half an hour more. It is missed where the same weekday and time had contacts in the weeks before: a quiet night is no
missing file. A whole day of which nothing came is missed too when later days are in: a file that was not loaded. Special
days are excused of that: who is closed has no contacts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, end, local_day

State: TypeAlias = Literal["complete", "late", "missing", "gap", "nothing"]
HOUR = 3600 * SECOND
GRACE = HOUR // 2
LATE = 4 * HOUR  # so long after it was due it is late; then it is missing
RECENT = 14 * DAY
USUALLY = 0.9
WEEKS = (1, 2, 3)
BUSY = 3.0  # contacts, on average of the weeks before, from which a bucket without a row is missed
FURTHEST = 8  # days after the last row that are looked through
BACK = 7  # days before the last row that are looked through for one that is missing
DAY_BUSY = 30.0  # contacts, on average of the weeks before, from which a day without any row is missed


@dataclass(frozen=True)
class Arrival:
    """until: end of the last bucket that is in (ns); missing: start of the first that should be in and is not (ns).

    state: `gap` is a whole day without a row before the last one that is in

    lag: ns that rows usually take to come after their bucket ended
    """

    state: State
    until: int | None = None
    missing: int | None = None
    lag: int = 0


def arrival(
    ds: Ns,
    contacts: Floats,
    known_at: Ns,
    *,
    interval: Interval,
    tz: str,
    now: int,
    excused: Collection[int] = (),
) -> Arrival:
    """Rows of the last weeks, ds[n] ascending (ns), one per bucket, with contacts[n] and known_at[n] (ns) -> what is in at now.

    excused: local days of which nothing need come
    """
    if len(ds) == 0:
        return Arrival("nothing")
    ends = end(ds, interval, tz)
    until = int(ends[-1])
    recent = ds >= ds[-1] - RECENT
    lag = max(0, int(np.quantile(known_at[recent] - ends[recent], USUALLY)))
    past, grid = Grid.of(ds, interval, tz), _due(until, lag, interval, tz, now)
    missed = np.flatnonzero(_usual(past, contacts, grid) >= BUSY)
    if len(missed) == 0:
        gap = _gap(past, contacts, excused)
        return Arrival("complete" if gap is None else "gap", until, gap, lag)
    first = int(grid.ds[missed[0]])
    waited = now - int(end(grid.ds[missed[:1]], interval, tz)[0]) - lag
    today = local_day(first, tz) == local_day(now, tz)
    return Arrival("late" if today and waited < LATE else "missing", until, first, lag)


def _due(until: int, lag: int, interval: Interval, tz: str, now: int) -> Grid:
    """The buckets after the last one that is in, up to now, that should be in."""
    first = local_day(until, tz)
    last = min(local_day(now, tz), first + FURTHEST)
    grid = Grid.days(first, max(first, last), interval, tz)
    return grid.take((grid.ds >= until) & (end(grid.ds, interval, tz) + lag + GRACE <= now))


def _gap(past: Grid, contacts: Floats, excused: Collection[int]) -> int | None:
    """Start (ns) of the last whole day before the day of the last row of which nothing came though much usually does."""
    last = int(past.day[-1])
    days = Grid.days(last - BACK, last - 1, past.interval, past.tz)
    days = days.take(~np.isin(days.day, past.day) & ~np.isin(days.day, list(excused)))
    if len(days) == 0:
        return None
    usual = _usual(past, contacts, days)
    at = days.day - days.day[0]
    empty = np.flatnonzero(np.bincount(at, weights=usual) >= DAY_BUSY)
    return None if len(empty) == 0 else int(days.ds[at == empty[-1]][0])


def _usual(past: Grid, contacts: Floats, grid: Grid) -> Floats:
    """Mean contacts of the same weekday and time in the weeks before that are known [n]; a week without any counts as 0."""
    keys = past.day * past.slots + past.slot
    held = np.unique(keys)
    place = np.searchsorted(held, keys)
    sums = np.bincount(place, weights=np.nan_to_num(contacts), minlength=len(held))
    total, weeks = np.zeros(len(grid)), np.zeros(len(grid))
    for back in WEEKS:
        wanted = (grid.day - 7 * back) * grid.slots + grid.slot
        at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
        known = (wanted >= held[0]) & (wanted <= held[-1])
        total += np.where(known & (held[at] == wanted), sums[at], 0.0)
        weeks += known
    return np.asarray(total / np.maximum(weeks, 1.0))
