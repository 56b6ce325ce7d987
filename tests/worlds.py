"""Small real worlds with a known truth, for the tests of the forecasting core: numpy, a seed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Grid, Interval, day_start, end
from forecast.days import Calendar, OpeningHours
from forecast.vintage import Archive, Driver, History, Series, Signal, Versions

TZ = "Europe/Amsterdam"
MONDAY = int(np.datetime64("2024-01-08", "D").astype(np.int64))
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
OFFICE = OpeningHours(tuple((weekday, 8 * 60, 18 * 60, 0) for weekday in range(5)))
DAILY = OpeningHours(tuple((weekday, 8 * 60, 18 * 60, 0) for weekday in range(7)))

Mean = Callable[[Grid], Floats]


def working_week(level: float = 20.0) -> Mean:
    """Contacts expected per bucket: a hump over the open hours 8 to 18, Mondays busier, weekends closed."""

    def mean(grid: Grid) -> Floats:
        if grid.slots == 1:
            return np.where(grid.weekday < 5, 10 * level * (1 + 0.3 * (grid.weekday == 0)), 0.0)
        hour = grid.slot * (grid.interval.seconds / 3600)
        hump = 1 + 0.5 * np.sin(np.pi * (hour - 8) / 10)
        open_ = (hour >= 8) & (hour < 18) & (grid.weekday < 5)
        return np.where(open_, level * hump * (1 + 0.3 * (grid.weekday == 0)), 0.0)

    return mean


def counts(mean: Mean, seed: int = 1) -> Mean:
    """Poisson counts around a mean; the same seed gives the same counts."""
    return lambda grid: np.random.default_rng(seed).poisson(mean(grid)).astype(np.float64)


def series(
    contacts: Mean | None = None,
    *,
    name: str = "calls",
    days: int = 49,
    first: int = MONDAY,
    interval: Interval = Interval.HOUR,
    tz: str = TZ,
    hours: OpeningHours | None = OFFICE,
    absent_is_zero: bool = True,
) -> Series:
    """One series of whole local days, each bucket known at its end; NaN contacts are rows that never came."""
    grid = Grid.days(first, first + days - 1, interval, tz)
    y = (contacts or counts(working_week()))(grid)
    held = ~np.isnan(y)
    offered = Versions.of(grid.ds[held], y[held], end(grid.ds, interval, tz)[held])
    return Series(name, interval, tz, offered, hours=hours, absent_is_zero=absent_is_zero)


def archive(*held: Series, signals: tuple[Signal, ...] = ()) -> Archive:
    """An archive of the given series (one usual queue where none is given) without holidays."""
    chosen = held or (series(),)
    return Archive({one.name: one for one in chosen}, {one.name: one for one in signals}, calendar=Calendar())


def fresh(held: Archive) -> Archive:
    """The same archive that remembers nothing of what was asked before."""
    return replace(held, memo={}, **({"recent": {}} if hasattr(held, "recent") else {}))


def midnight(days: int, *, first: int = MONDAY, tz: str = TZ) -> int:
    """Local midnight, that many days after the first day of these worlds."""
    return int(day_start([first + days], tz)[0])


def known(held: Archive, days: int, name: str = "calls") -> History:
    """A series as known at a local midnight."""
    return held.at(midnight(days)).history(name)


@dataclass(frozen=True)
class Stream:
    """How versions of one quantity come in: late, corrected, deleted. Shares lie between 0 and 1, times in hours."""

    seed: int
    late: float = 0.2
    lateness: float = 30.0
    corrected: float = 0.2
    deleted: float = 0.05

    def versions(self, ds: Ns, ended: Ns, value: Floats, kind: type[Versions] = Versions) -> Versions:
        """A first version of each bucket and later ones of some, in random upload order."""
        rng = np.random.default_rng(self.seed)
        count = len(ds)
        delay = np.where(rng.random(count) < self.late, rng.exponential(self.lateness, count), 0.0)
        first = ended + (delay * HOUR).astype(np.int64)
        parts = [(ds, value, first)]
        for share, deletes in ((self.corrected, False), (self.deleted, True)):
            rows = np.flatnonzero(rng.random(count) < share)
            later = first[rows] + (rng.exponential(4 * 24.0, len(rows)) * HOUR).astype(np.int64)
            fixed = rng.poisson(1.5 * value[rows] + 2).astype(np.float64)
            parts.append((ds[rows], np.zeros(len(rows)) if deletes else fixed, later))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        shuffled = rng.permutation(len(columns[0]))
        return kind.of(*(column[shuffled] for column in columns))


@dataclass(frozen=True)
class Storms:
    """A queue of half hours, open 8 to 18, in which bursts of posts and of calls belong together, or not.

    ahead: minutes by which the posts run ahead of the calls (negative: behind); related: whether calls come at all
    """

    seed: int
    ahead: float = 40.0
    days: int = 120
    related: bool = True
    a_week: float = 4.0
    calls: float = 60.0
    posts: float = 120.0
    level: float = 20.0
    first: int = field(default=MONDAY)

    def archive(self) -> Archive:
        """The queue `calls` and the signal `posts`."""
        rng = np.random.default_rng(self.seed)
        grid = Grid.days(self.first, self.first + self.days - 1, Interval.HALF_HOUR, TZ)
        open_ = DAILY.mask(grid)
        base = np.where(open_, self.level * (1 + 0.4 * np.sin(np.pi * (grid.slot - 16) / 20)), 0.0)
        bursts = self._bursts(rng)
        other = bursts if self.related else self._bursts(rng)
        with_calls = self._excess(grid, other, self.calls, shift=self.ahead)
        calls = rng.poisson(base + np.where(open_, with_calls, 0.0)).astype(np.float64)
        posts = rng.poisson(2.0 + self._excess(grid, bursts, self.posts, shift=0.0)).astype(np.float64)
        ended = grid.ds + 30 * MINUTE
        queue = Series(
            "calls", Interval.HALF_HOUR, TZ, Versions.of(grid.ds, calls, ended), queue="calls", hours=DAILY
        )
        signal = Signal("posts", Interval.HALF_HOUR, TZ, Versions.of(grid.ds, posts, ended))
        return archive(queue, signals=(signal,))

    def _bursts(self, rng: np.random.Generator) -> Floats:
        """Begin of each burst, minutes since the first midnight: between 8 and 16 o'clock."""
        count = rng.poisson(self.a_week * self.days / 7)
        day = rng.integers(0, self.days, count)
        return np.asarray(day * 1440 + rng.uniform(8 * 60, 16 * 60, count))

    def _excess(self, grid: Grid, bursts: Floats, size: float, *, shift: float) -> Floats:
        """Contacts beyond the base per bucket: each burst fades with an e-folding time of 50 minutes."""
        begin = (grid.day - self.first) * 1440.0 + grid.slot * 30.0
        total = np.zeros(len(grid))
        for burst in bursts + shift:
            came = [1 - np.exp(-np.maximum(edge - burst, 0) / 50.0) for edge in (begin, begin + 30.0)]
            total += size * (came[1] - came[0])
        return total


def letters(values: Versions) -> Driver:
    """A driver known ahead."""
    return Driver("letters", values)
