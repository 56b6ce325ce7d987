"""Is everything in that should be in by now? Of one queue: until when it is complete, since when something is missing.

A bucket is due once it ended and the time has passed that rows of the last two weeks usually took to come (nine in ten),
and half an hour more. It is missed where the same weekday and time had contacts in the weeks before: a quiet night is no
missing file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, end, local_day

State: TypeAlias = Literal["complete", "late", "missing", "nothing"]
HOUR = 3600 * SECOND
GRACE = HOUR // 2
LATE = 4 * HOUR  # so long after it was due it is late; then it is missing
RECENT = 14 * DAY
USUALLY = 0.9
WEEKS = (1, 2, 3)
BUSY = 3.0  # contacts, on average of the weeks before, from which a bucket without a row is missed
FURTHEST = 8  # days after the last row that are looked through


@dataclass(frozen=True)
class Arrival:
    """until: end of the last bucket that is in (ns); missing: start of the first that should be in and is not (ns).

    lag: ns that rows usually take to come after their bucket ended
    """

    state: State
    until: int | None = None
    missing: int | None = None
    lag: int = 0


def arrival(ds: Ns, contacts: Floats, known_at: Ns, *, interval: Interval, tz: str, now: int) -> Arrival:
    """Rows of the last weeks, ds[n] ascending (ns), one per bucket, with contacts[n] and known_at[n] (ns) -> what is in at now."""
    if len(ds) == 0:
        return Arrival("nothing")
    ends = end(ds, interval, tz)
    until = int(ends[-1])
    recent = ds >= ds[-1] - RECENT
    lag = max(0, int(np.quantile(known_at[recent] - ends[recent], USUALLY)))
    grid = _due(until, lag, interval, tz, now)
    missed = np.flatnonzero(_usual(Grid.of(ds, interval, tz), contacts, grid) >= BUSY)
    if len(missed) == 0:
        return Arrival("complete", until, None, lag)
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
