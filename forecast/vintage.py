"""Versions and snapshots: what was known at a cutoff, and nothing else.

Volumes and signals are append-only versions `(ds, value, known_at)`. An `Archive` holds all of them; a `Snapshot` is
the archive seen from a cutoff. A model gets a Snapshot; there is no way from it to anything known later, because
`Snapshot.at` only winds back and every array it hands out is cut by `known_at <= cutoff`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, Interval, day_start, from_ns, local_day, to_ns
from forecast.days import Calendar, Exceptions, OpeningHours
from forecast.drivers import Driver
from forecast.handling import Handling
from forecast.queue_life import Before, contacts_beside, in_short, lived
from forecast.versions import Versions, as_of

T = TypeVar("T")
ALWAYS = np.iinfo(np.int64).min
KEPT_BRIEFLY = 16


@dataclass(frozen=True)
class Series:
    """One series to forecast, with all its versions.

    span: versions of the queue it belongs to (value unused), by which absent rows are told from unknown ones:
          a topic with no row today is zero as soon as its queue has a later row.
    handling: what its contacts cost, where that is known
    ends: local day from which its contacts belong to other queues (`queue_map.py`), None while they are its own
    before: what it is until moves that lie ahead; its versions are as if they had come
    exceptions: of a queue whose weekly hours are not given; those of given hours stand in `hours`
    """

    name: str
    interval: Interval
    tz: str
    offered: Versions
    queue: str = ""
    channel: str = "phone"
    topic: str = "all"
    hours: OpeningHours | None = None
    absent_is_zero: bool = True
    span: Versions | None = None
    handling: Handling | None = None
    ends: int | None = None
    before: tuple[Before, ...] = ()
    exceptions: Exceptions = field(default_factory=Exceptions)

    @property
    def excepted(self) -> Exceptions:
        """The days on which other hours hold than the weekly ones, given or inferred."""
        return self.exceptions if self.hours is None else self.hours.exceptions


@dataclass(frozen=True)
class Signal:
    """One past-only quantity, with all its versions. kind: `count` (absent = 0) or `level` (carried forward).

    counted_every: seconds between two counts of a bucket that runs, silence counts too; None: as its versions tell
    counted_since: ns; buckets from here on were counted so, earlier ones when they were over; None: the one that runs alone
    """

    name: str
    interval: Interval
    tz: str
    values: Versions
    kind: str = "count"
    topic: str = "all"
    counted_every: int | None = None
    counted_since: int | None = None


@dataclass(frozen=True)
class Archive:
    """Everything ever known, by name. Snapshots of it share a memo of results that depend on one snapshot alone.

    beside: contacts of queues that are not held here; only that some came matters, and when it was known
    """

    series: Mapping[str, Series]
    signals: Mapping[str, Signal] = field(default_factory=dict)
    drivers: Mapping[str, Driver] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    beside: Versions = field(default_factory=Versions.none)
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    recent: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def at(self, cutoff: pd.Timestamp | int) -> Snapshot:
        """What was knowable at the cutoff."""
        return Snapshot(self, cutoff if isinstance(cutoff, int) else to_ns(cutoff))

    def others(self, name: str) -> dict[str, Versions]:
        """Contacts of the queues a series is none of; none where its absent rows are unknown, whatever others had."""
        own, all_ = self.series[name], self.series.values()
        queues = {each.name: each.queue or each.name for each in all_ if each.span is None}
        found = {each: self.series[each].offered for each in queues if queues[each] != (own.queue or name)}
        return {**found, "": self.beside} if own.absent_is_zero else {}

    def alone(self, queue: str) -> Archive:
        """One queue with its reasons, and all signals; of other queues only when they had contacts. A memo of its own."""
        kept = {name: each for name, each in self.series.items() if queue in (name, each.queue)}
        name = next(iter(kept))
        beside = in_short(self.others(name), kept[name].tz, self.memo)
        return replace(self, series=kept, beside=beside, memo={}, recent={})


@dataclass(frozen=True)
class History:
    """One series as known at a cutoff, on the whole local days from its first row to the cutoff's day.

    grid:  Grid[n], starts before the cutoff
    y:     float[n] offered contacts; NaN = unknown
    open:  bool[n] open by the hours (given, or inferred from the last eight weeks), and no whole absent day; of past days
           only what is usually open too, because an exceptional opening teaches nothing of usual days
    today: local day of the cutoff
    first_day: local day on which the queue began to live
    dead:  nothing more is expected of the queue: silent for long, or its contacts belong to others by now
    """

    series: Series
    cutoff: int
    grid: Grid
    y: Floats
    open: Flags
    calendar: Calendar
    drivers: Mapping[str, Driver]
    schedule: Flags
    today: int
    first_day: int
    dead: bool = False
    derived: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()` once per key. Only for results that are a function of this history alone."""
        if key not in self.derived:
            self.derived[key] = compute()
        found: T = self.derived[key]
        return found

    @property
    def usable(self) -> Flags:
        """bool[n]: open and known, the rows a level may be learnt from."""
        return self.open & ~np.isnan(self.y)

    def opening(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: will these buckets be open, by what is known at the cutoff? Never again for a dead queue."""
        if self.dead:
            return np.zeros(len(grid), dtype=bool)
        open_, ends = self.scheduled(grid), self.series.ends
        return open_ if ends is None else open_ & (grid.day < ends)

    def scheduled(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: open by the hours alone, given or inferred, whether or not the queue lives."""
        return self.series.excepted.applied(grid, self.usually(grid))

    def usually(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: open by the weekly hours alone, given or inferred, without exceptions."""
        if self.series.hours is not None:
            return self.series.hours.weekly(grid)
        return self.schedule[grid.weekday, grid.slot]

    def driver(self, name: str, days: Ns) -> Floats:
        """The driver's known total on each local day [n]; 0 where nothing is known."""
        held, total = self.driver_days(name)
        if len(held) == 0:
            return np.zeros(len(days))
        place = np.minimum(np.searchsorted(held, days), len(held) - 1)
        return np.where(held[place] == days, total[place], 0.0)

    def driver_days(self, name: str) -> tuple[Ns, Floats]:
        """Local days of which the driver's amount is known, ascending [n], and the amounts [n]."""
        return self.remember(("driver", name), lambda: self.drivers[name].by_day(self.series.tz))

    def table(self, values: npt.NDArray[Any], *, first: int | None = None, last: int | None = None) -> Floats:
        """values[n] -> float[days, slots] from local day `first` to `last`; NaN where there is no bucket.

        The two buckets of the repeated hour share a slot: their mean stands there.
        """
        return by_day(self.grid, values, first=self.first_day if first is None else first, last=last)


def by_day(grid: Grid, values: npt.NDArray[Any], *, first: int, last: int | None = None) -> Floats:
    """values[n] on a grid -> float[last - first + 1, slots]; NaN where there is no bucket, mean of a repeated slot."""
    final = (int(grid.day[-1]) if len(grid) else first - 1) if last is None else last
    shape = (max(0, final - first + 1), grid.slots)
    inside = (grid.day >= first) & (grid.day <= final)
    place = (grid.day[inside] - first) * grid.slots + grid.slot[inside]
    size = shape[0] * shape[1]
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=np.asarray(values, dtype=np.float64)[inside], minlength=size)
    with np.errstate(invalid="ignore"):
        return (total / np.where(count == 0, np.nan, count)).reshape(shape)


@dataclass(frozen=True)
class Snapshot:
    """The archive as known at `cutoff` (ns, UTC). The only thing a model sees."""

    _archive: Archive
    cutoff: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.names:
            object.__setattr__(self, "names", tuple(self._archive.series))

    @property
    def held(self) -> tuple[str, ...]:
        """Names of all series of the archive, also of those this view leaves out."""
        return tuple(self._archive.series)

    @property
    def moment(self) -> pd.Timestamp:
        return from_ns(self.cutoff)

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals that have at least one version known at the cutoff."""
        held = self._archive.signals.items()
        return tuple(
            name for name, signal in held if len(signal.values) and signal.values.known_at[0] <= self.cutoff
        )

    def at(self, earlier: pd.Timestamp | int) -> Snapshot:
        """The same view from an earlier cutoff; a later one is refused."""
        cutoff = earlier if isinstance(earlier, int) else to_ns(earlier)
        if cutoff > self.cutoff:
            raise ValueError(f"a snapshot of {self.moment} cannot look ahead to {from_ns(cutoff)}")
        return replace(self, cutoff=cutoff)

    def only(self, *names: str) -> Snapshot:
        """The same cutoff, fewer series."""
        return replace(self, names=names)

    def series(self, name: str) -> Series:
        """The static facts of a series (its versions are cut at the cutoff)."""
        series = self._archive.series[name]
        span = None if series.span is None else series.span.until(self.cutoff)
        handling = None if series.handling is None else series.handling.until(self.cutoff)
        before = tuple(each.at(self.cutoff) for each in series.before)
        offered = series.offered.until(self.cutoff)
        return replace(series, offered=offered, span=span, handling=handling, before=before)

    def signal(self, name: str) -> Signal:
        """A signal with the versions known at the cutoff."""
        signal = self._archive.signals[name]
        return replace(signal, values=signal.values.until(self.cutoff))

    def remember(self, key: Hashable, compute: Callable[[], T], *, briefly: bool = False) -> T:
        """`compute()` once per (cutoff, key). Only for results that are a function of this snapshot alone.

        briefly: what is large is kept among the latest few only.
        """
        full = (self.cutoff, key)
        memo = self._archive.recent if briefly else self._archive.memo
        if full not in memo:
            made = compute()
            while briefly and len(memo) >= KEPT_BRIEFLY:
                memo.pop(next(iter(memo)))
            memo[full] = made
        found: T = memo[full]
        return found

    def history(self, name: str) -> History:
        """The series on its grid, as known at the cutoff."""
        return self.remember(("history", name), lambda: self._history(name), briefly=True)

    def _history(self, name: str) -> History:
        series = self.series(name)
        span = series.offered if series.span is None else series.span
        if len(span) == 0:
            grid = Grid.of(np.array([], dtype=np.int64), series.interval, series.tz)
            values: Floats = np.array([])
        else:
            grid = _grid(self._archive, name, int(span.ds.min()), self.cutoff)
            values = series.offered.on(grid.ds)
            if series.absent_is_zero:
                inside = (grid.ds >= span.ds.min()) & (grid.ds <= span.ds.max())
                values[inside & np.isnan(values)] = 0.0
        held, today, tz = self._archive, local_day(self.cutoff, series.tz), series.tz
        calendar, ends = replace(held.calendar, opened=series.excepted.opened), series.ends

        def beside(after: int) -> Ns:
            return contacts_beside(held.others(name), tz, self.cutoff, held.memo, after)

        hours = series.hours or series.exceptions
        past = lived(grid, values, hours, calendar, ends=ends, today=today, beside=beside)
        drivers = {
            key: driver.until(self.cutoff)
            for key, driver in self._archive.drivers.items()
            if driver.queue in ("", series.queue, series.name)
        }
        facts = (calendar, drivers, past.schedule, today, past.first_day, past.dead)
        return History(series, self.cutoff, grid, past.y, past.open, *facts)


def _grid(archive: Archive, name: str, first_ds: int, cutoff: int) -> Grid:
    """Buckets of whole local days from the day of `first_ds`, as far as they start before the cutoff.

    Where a bucket lies on the calendar is no news from the future, so the places are worked out once per series.
    """
    series = archive.series[name]
    first = local_day(first_ds, series.tz)
    last = max(first, local_day(cutoff, series.tz))
    key = ("grid", name, first_ds)
    held = archive.memo.get(key)
    if held is None or held.day[-1] < last:
        ahead = max(last, local_day(int(series.offered.ds.max(initial=first_ds)), series.tz))
        archive.memo[key] = held = _whole_days(series, first_ds, first, ahead)
    return held.take(slice(0, int(np.searchsorted(held.ds, cutoff))))


def _whole_days(series: Series, first_ds: int, first: int, last: int) -> Grid:
    if series.interval.slots == 1:
        return Grid.days(first, last, series.interval, series.tz)
    begin, stop = day_start([first, last + 1], series.tz)
    step = series.interval.seconds * SECOND
    offset = (first_ds - int(begin)) % step  # zones with odd offsets keep the grid of their own rows
    return Grid.of(
        np.arange(int(begin) + offset, int(stop), step, dtype=np.int64), series.interval, series.tz
    )


__all__ = [
    "ALWAYS",
    "Archive",
    "Driver",
    "History",
    "Series",
    "Signal",
    "Snapshot",
    "Versions",
    "as_of",
    "by_day",
]
