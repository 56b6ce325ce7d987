"""What comes on a day that opens because somebody said so: a Sunday before a feast, an evening that is usually closed.

No method knows such buckets, since nothing was ever open there. So they are read off the nearest thing that is known:

- beyond the usual hours of an open day: the nearest usual slot, halving every three hours away from it (`full_days.py`)
- a weekday that is usually closed: an ordinary day of the nearest kind (Saturday for Sunday, else a working day), times
  what such openings brought in the past relative to it; before any was seen a weekend day has PRIOR of a working day's

Past exceptional openings teach no level of usual days (`queue_life.lived`), so they are looked up here by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.day_totals import RECENT_DAYS, DayTotals
from forecast.models.full_days import HALVING_HOURS
from forecast.vintage import History, by_day

PRIOR, PRIOR_SPREAD = (
    0.6,
    0.5,
)  # of a working day's contacts, on a weekend day never seen open; spread of its log
NOISE = 0.2  # standard deviation of a day's log ratio beside chance
FURTHEST = 28  # days within which a day to compare with is looked for


@dataclass(frozen=True)
class Unusual:
    """A local day with open slots that are usually closed: wanted, usual bool[slots]; like: the day it is read off, None: itself."""

    day: int
    wanted: Flags
    usual: Flags
    like: int | None


def unusual_days(history: History, first: int, last: int, ordinary: Callable[[Ns], Flags]) -> list[Unusual]:
    """The days first .. last that open where the queue usually does not. ordinary: local days[n] -> bool[n], no special day."""
    named = [day for day in sorted(history.series.excepted.opened) if first <= day <= last]
    found = []
    for day in named:
        wanted, usual = _open(history, day, history.opening), _open(history, day, history.usually)
        if not (wanted & ~usual).any():
            continue
        like = None if (wanted & usual).any() else _like(history, day, ordinary, since=first)
        if like is not None or (wanted & usual).any():
            found.append(Unusual(day, wanted, usual, like))
    return found


def with_openings(
    history: History, days: list[Unusual], table: Floats, first: int, factor: Callable[[Ns], Floats]
) -> Floats:
    """Rates float[days, slots] from local day `first` on -> the same with the unusual slots of these days filled.

    factor: local days[n] -> factor of the day's own name, if it opens
    """
    if not days:
        return table
    table = table.copy()
    for one in days:
        source = one.day if one.like is None else one.like
        held = one.usual & one.wanted if one.like is None else _open(history, source, history.usually)
        size = 1.0
        if one.like is not None:
            size = _relative(history, one.day, one.like) * float(factor(np.array([one.day]))[0])
        rate = _spread(table[source - first] * size, held)
        missing = one.wanted if one.like is not None else one.wanted & ~one.usual
        table[one.day - first] = np.where(missing, rate, table[one.day - first])
    return table


def _open(history: History, day: int, opening: Callable[[Grid], Flags]) -> Flags:
    grid = Grid.days(day, day, history.series.interval, history.series.tz)
    found = by_day(grid, opening(grid).astype(np.float64), first=day)[0]
    return np.asarray(np.nan_to_num(found) > 0)


def _like(history: History, day: int, ordinary: Callable[[Ns], Flags], *, since: int) -> int | None:
    """The nearest ordinary day of the nearest kind from local day `since` on; None where the queue never opens."""
    near = np.arange(max(since, day - FURTHEST), max(since, day) + FURTHEST + 1, dtype=np.int64)
    excepted = history.series.excepted.spans
    plain = ordinary(near) & ~np.isin(near, list(excepted))
    opens = np.array([_open(history, int(one), history.usually).any() for one in near[:7]])
    opens = opens[(near - near[0]) % 7]
    kind = (near + 3) % 7 >= 5
    for wanted in (kind == ((day + 3) % 7 >= 5), ~kind, kind):
        rows = np.flatnonzero(plain & opens & wanted)
        if len(rows):
            return int(near[rows[np.argmin(np.abs(near[rows] - day))]])
    return None


def _spread(rate: Floats, held: Flags) -> Floats:
    """float[slots]: the rate where it is held, elsewhere that of the nearest such slot, fading with the hours between."""
    seen, slots = np.flatnonzero(held), np.arange(len(rate))
    apart = np.abs(slots[:, None] - seen[None, :])
    near = seen[np.argmin(apart, axis=1)]
    return np.asarray(rate[near] * 0.5 ** (apart.min(axis=1) * (24 / len(rate)) / HALVING_HOURS))


def _relative(history: History, day: int, like: int) -> float:
    """What such an opening brings relative to the same hours of a day like `like`, by past ones of the same weekday."""
    weekend, from_work = (day + 3) % 7 >= 5, (like + 3) % 7 < 5
    middle = np.log(PRIOR) if weekend and from_work else 0.0
    top, bottom = middle / PRIOR_SPREAD**2, 1 / PRIOR_SPREAD**2
    for log, variance in _past(history, (day + 3) % 7, (like + 3) % 7):
        top, bottom = top + log / variance, bottom + 1 / variance
    return float(np.exp(top / bottom))


def _past(history: History, weekday: int, like: int) -> list[tuple[float, float]]:
    """Past openings of a weekday that was usually closed -> (log of what came over what was usual then, variance)."""
    found = []
    totals = DayTotals.of(history, latest=RECENT_DAYS)
    table = totals.table
    for day in sorted(history.series.excepted.opened):
        if not history.first_day <= day < history.today or (day + 3) % 7 != weekday:
            continue
        grid = history.grid.take(history.grid.day == day)
        wanted = history.scheduled(grid)
        if (wanted & history.usually(grid)).any() or not wanted.any():
            continue
        rows = totals.usable & (totals.weekday == like) & (np.abs(totals.days - day) <= FURTHEST)
        if not rows.any():
            continue
        usual = np.nan_to_num(table[rows]).sum(axis=0) / rows.sum()
        if not usual.any():
            continue
        expected = float(_spread(usual, usual > 0)[grid.slot[wanted]].sum())
        came = float(np.nansum(history.y[history.grid.day == day][wanted]))
        found.append((float(np.log((came + 0.5) / (expected + 0.5))), NOISE**2 + 1 / (came + 0.5)))
    return found
