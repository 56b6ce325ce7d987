"""When a queue lived: silences that chance does not explain, before its first contact, between two, and since its last.

A silence is more than ten open days known to be without a contact, where the queue's usual rate makes that improbable
(after k contacts in m open days, n more without one have the probability (m / (m + n)) ** k: Poisson, the rate unknown;
below 1e-6). A thin queue must also have been quiet for longer than ever before: it shows itself how long it may be.

- A silence that goes on: the queue is dead. It had zero contacts since its last one, and none are expected.
- A silence that ended: the queue was away. It lives again from its first contact on.

Neither teaches a level: a dead queue needs none, and one that comes back starts from what it was, the new days first.

An empty day is known to be one where its rows say zero, or where they are absent while other queues had contacts.
A feed that ends for all queues alike is no death.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval, day_start
from forecast.days import Calendar, Exceptions, OpeningHours
from forecast.opening import IMPROBABLE, absent_days, schedule_of, was_open
from forecast.versions import Versions

SILENT_DAYS = 10  # open days; with one more, two working weeks are over
USUAL_DAYS = 56  # days beside the silence that tell what is usual


@dataclass(frozen=True)
class Life:
    """The silences of a history.

    silent: bool[d] its local days that lie in one
    dead: where the last one goes on, its first day and the last one known to be empty; None where the queue lives
    """

    silent: Flags
    dead: tuple[int, int] | None = None

    @property
    def unborn(self) -> int:
        """How many days of silence there are before the first contact."""
        return int(np.argmin(self.silent)) if len(self.silent) else 0

    def silences(self, grid: Grid) -> Flags:
        """The history's own grid[n] -> bool[n]: buckets within a silence."""
        return np.asarray(self.silent[grid.day - grid.day[0]])

    def since_death(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: after the last contact, as far as is known that none came."""
        first, last = self.dead or (0, -1)
        return (grid.day >= first) & (grid.day <= last)


@dataclass(frozen=True)
class Days:
    """The local days of a grid [d], from its first to the cutoff's.

    total: float contacts; empty: bool known to be without one; opens: bool by the hours given, None where none are
    shut: bool closed by an exception
    """

    first: int
    total: Floats
    empty: Flags
    opens: Flags | None
    shut: Flags

    @classmethod
    def of(
        cls, grid: Grid, values: Floats, hours: Flags | None, today: int, beside: Ns, shut: frozenset[int]
    ) -> Days:
        """Count the buckets of a history day by day; today is not over and never empty."""
        first = int(grid.day[0])
        day, count = grid.day - first, today - first + 1
        total = np.bincount(day, weights=np.nan_to_num(values), minlength=count).astype(np.float64)
        known = np.bincount(day, weights=~np.isnan(values), minlength=count)
        whole = 2 * known > np.median(known[known > 0])
        whole[beside[beside < today] - first] = True
        whole[-1] = False
        opens = None if hours is None else np.bincount(day, weights=hours, minlength=count) > 0
        closed = np.isin(np.arange(first, today + 1), list(shut))
        return cls(first, total, (total == 0) & whole, opens, closed)

    def works(self, near: slice) -> Flags:
        """bool[d]: open by the hours given, else on the weekdays that had contacts in the days `near`."""
        if self.opens is not None:
            return self.opens
        weekday = (self.first + np.arange(len(self.total)) + 3) % 7
        return np.isin(weekday, weekday[near][self.total[near] > 0]) & ~self.shut


def life_of(
    grid: Grid,
    values: Floats,
    hours: Flags | None,
    calendar: Calendar,
    *,
    today: int,
    beside: Callable[[int], Ns],
    shut: frozenset[int] = frozenset(),
) -> Life:
    """The silences of a history.

    values: float[n], NaN unknown; hours: bool[n] as given, None where none are; shut: days closed by an exception
    beside: local day of the last contact -> the later local days on which an absent row means no contact
    """
    if len(grid) == 0:
        return Life(np.zeros(0, dtype=bool))
    first = int(grid.day[0])
    silent, dead = np.zeros(today - first + 1, dtype=bool), None
    came = np.flatnonzero(np.bincount(grid.day[values > 0] - first))  # NaN compares false
    edges = np.concatenate([[-1], came, [today - first]])
    gaps = np.diff(edges) - 1
    if len(came) == 0 or gaps.max() <= SILENT_DAYS:
        return Life(silent)
    later = beside(first + int(came[-1])) if gaps[-1] > SILENT_DAYS else np.zeros(0, dtype=np.int64)
    days = Days.of(grid, values, hours, today, later, shut)
    for at in np.flatnonzero(gaps > SILENT_DAYS):
        begin, stop = int(edges[at]) + 1, int(edges[at + 1])
        if not is_silence(days, begin, stop, int(gaps[1:at].max(initial=0)), calendar):
            continue
        if at == len(gaps) - 1:
            dead = (first + begin, first + int(np.flatnonzero(days.empty)[-1]))
        silent[begin:stop] = True
    return Life(silent, dead)


def is_silence(days: Days, begin: int, stop: int, record: int, calendar: Calendar) -> bool:
    """Does chance not explain the days begin .. stop-1 without a contact? record: the longest such run before, in days."""
    near = slice(max(0, begin - USUAL_DAYS), begin) if begin else slice(stop, stop + USUAL_DAYS)
    works = days.works(near)
    told = works[near] & (days.empty[near] | (days.total[near] > 0))
    counted = days.first + begin + np.flatnonzero((works & days.empty)[begin:stop])
    count = len(counted)
    if count <= SILENT_DAYS or not told.any():
        return False
    count -= int(calendar.special(counted).sum())  # which may be closed ones
    came, size, certain = float(days.total[near][told].sum()), int(told.sum()), -np.log(IMPROBABLE)
    surprise = came * np.log1p(count / size)
    longer = came / size > certain or stop - begin > record
    return bool(count > SILENT_DAYS and surprise > certain and longer)


@dataclass(frozen=True)
class Lived:
    """A history with its life told.

    y: float[n] contacts, zero since a death; open: bool[n] open, and no absent day nor one of a silence
    schedule: bool[7, slots] what is usually open
    first_day: local day on which it began to live; dead: is nothing more expected?
    """

    y: Floats
    open: Flags
    schedule: Flags
    first_day: int
    dead: bool


def lived(
    grid: Grid,
    values: Floats,
    hours: OpeningHours | Exceptions,
    calendar: Calendar,
    *,
    ends: int | None,
    today: int,
    beside: Callable[[int], Ns],
) -> Lived:
    """When a series with these values was open and lived. ends: local day from which its contacts belong to other queues.

    hours: the weekly ones with their exceptions; or exceptions alone, to weekly hours that are to be inferred
    """
    weekly, exceptions = (None, hours) if isinstance(hours, Exceptions) else (hours, hours.exceptions)
    given = None if weekly is None else weekly.mask(grid)
    life = life_of(grid, values, given, calendar, today=today, beside=beside, shut=exceptions.closed)
    y, silent = values, None
    if life.silent.any():
        silent = life.silences(grid)
        y = np.where(life.since_death(grid) & np.isnan(values), 0.0, values)
    usual = np.where(exceptions.named(grid), np.minimum(y, 0.0), y)  # such a day says nothing of other weeks
    schedule = schedule_of(grid, usual, silent)
    open_ = was_open(grid, usual, schedule) if weekly is None else weekly.weekly(grid)
    open_ = _without_unusual(grid, open_, exceptions, today)
    if ends is not None:
        open_ = open_ & (grid.day < ends)
    open_ = open_ & ~absent_days(grid, y, open_, today)
    if silent is not None:
        open_ &= ~silent
    dead = life.dead is not None or (ends is not None and ends <= today)
    return Lived(y, open_, schedule, today if len(grid) == 0 else int(grid.day[0]) + life.unborn, dead)


def _without_unusual(grid: Grid, usual: Flags, exceptions: Exceptions, today: int) -> Flags:
    """bool[n]: what was open of what usually is; today all that is, since its contacts tell of its own rest.

    Of a daily bucket nobody knows how much of the day it was open, so one with an exception teaches nothing.
    """
    named = exceptions.named(grid)
    if not named.any():
        return usual
    open_ = exceptions.applied(grid, usual)
    past = usual & open_ & ~(named & (grid.slots == 1))
    return np.where(grid.day < today, past, open_)


def contacts_beside(
    others: Mapping[str, Versions], tz: str, cutoff: int, memo: dict[Hashable, Any], after: int
) -> Ns:
    """Local days after `after` on which other queues had contacts, as known at the cutoff.

    memo: keeps the days of each queue, which are no news from the future: when each was known is kept with them
    """
    found = [np.zeros(0, dtype=np.int64)]
    for name, offered in others.items():
        days, known_at = _contact_days(name, offered, tz, memo)
        begin = int(np.searchsorted(days, after, side="right"))
        found.append(days[begin:][known_at[begin:] <= cutoff])
    return np.unique(np.concatenate(found))


def in_short(others: Mapping[str, Versions], tz: str, memo: dict[Hashable, Any]) -> Versions:
    """Contacts of other queues, all that `contacts_beside` asks: a row per local day with any, known with its first."""
    held = [_contact_days(name, offered, tz, memo) for name, offered in others.items()]
    if not held:
        return Versions.none()
    days, known_at = (np.concatenate(column) for column in zip(*held, strict=True))
    order = np.lexsort((known_at, days))
    unique, first = np.unique(days[order], return_index=True)
    return Versions.of(day_start(unique, tz), np.ones(len(unique)), known_at[order][first])


def _contact_days(name: str, offered: Versions, tz: str, memo: dict[Hashable, Any]) -> tuple[Ns, Ns]:
    """The local days with contacts int64[d] ascending, and when a first one of each was known, ns [d]."""
    key = ("contact days", name, tz)
    if key not in memo:
        some = offered.value > 0  # NaN compares false; versions come in the order they were known
        days, first = np.unique(Grid.of(offered.ds[some], Interval.DAY, tz).day, return_index=True)
        memo[key] = (days, offered.known_at[some][first])
    found: tuple[Ns, Ns] = memo[key]
    return found


@dataclass(frozen=True)
class Before:
    """A move of contacts that lies ahead of all rows: between two moments (ns) the series is only what these versions are.

    Its history is what it will be from then on (`queue_map.py`).
    """

    since: int
    until: int
    own: Versions

    def at(self, cutoff: int) -> Before:
        """With the versions known at the cutoff."""
        return Before(self.since, self.until, self.own.until(cutoff))
