"""Queues by day whose drivers have a known truth: waves of letters, customers, and noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start, end
from forecast.days import Calendar, OpeningHours
from forecast.vintage import ALWAYS, Archive, Driver, History, Series, Versions
from tests.worlds import TZ

FIRST = int(np.datetime64("2025-05-05", "D").astype(np.int64))  # a Monday
WEEKDAYS = np.array([1.2, 1.06, 1.0, 0.97, 0.92, 0.4, 0.0])
OPEN = OpeningHours(tuple((weekday, 8 * 60, 18 * 60, 0) for weekday in range(6)))
AHEAD = 70
KERNEL = (0.0, 0.1, 0.15, 0.5, 0.25)  # by working day from the day of sending on: late and uneven


@dataclass(frozen=True)
class Letters:
    """A queue of a thousand calls a day, from Monday to Saturday, with Dutch holidays, a level that moves, and letters.

    waves: letters by day from the first on; their calls fall on the working days of the company, Monday to Friday
    """

    seed: int
    waves: Mapping[int, float] = field(default_factory=dict)
    days: int = 300
    worth: float = 0.03
    noise: float = 0.1
    kernel: tuple[float, ...] = KERNEL

    @property
    def all_days(self) -> Ns:
        return np.arange(FIRST, FIRST + self.days + AHEAD, dtype=np.int64)

    @property
    def working(self) -> Ns:
        """Places of the company's working days."""
        days = self.all_days
        return np.flatnonzero(((days + 3) % 7 < 5) & ~Calendar("NL").special(days))

    def level(self) -> Floats:
        """Expected calls without letters, per day."""
        days = self.all_days
        walk = np.cumsum(np.random.default_rng([self.seed, 1]).normal(0, 0.006, len(days)))
        return 1000 * np.exp(walk) * WEEKDAYS[(days + 3) % 7] * ~Calendar("NL").special(days)

    def extra(self) -> Floats:
        """Expected calls by the letters, per day."""
        total, working = np.zeros(self.days + AHEAD), self.working
        for day, sent in self.waves.items():
            first = int(np.searchsorted(working, day))
            for step, share in enumerate(self.kernel):
                total[working[first + step]] += sent * self.worth * share
        return total

    def calls(self) -> Floats:
        """What came, per day: the letters draw from a stream of their own, so that they move nothing else."""
        rng, level = np.random.default_rng([self.seed, 2]), self.level()
        own = rng.poisson(level * np.exp(rng.normal(0, self.noise, len(level))))
        return (own + np.random.default_rng([self.seed, 3]).poisson(self.extra())).astype(np.float64)

    def archive(self, **drivers: Driver) -> Archive:
        """The queue up to its last day; driver `letters`, always known, unless others are given."""
        grid = Grid.days(FIRST, FIRST + self.days - 1, Interval.DAY, TZ)
        offered = Versions.of(grid.ds, self.calls()[: self.days], end(grid.ds, Interval.DAY, TZ))
        series = Series("calls", Interval.DAY, TZ, offered, "calls", hours=OPEN)
        return Archive(
            {"calls": series}, drivers=drivers or {"letters": plan(self.waves)}, calendar=Calendar("NL")
        )

    def history(self, **drivers: Driver) -> History:
        """The queue as known at the start of the day after its last."""
        return self.archive(**drivers).at(midnight(self.days)).history("calls")


def waves(seed: int, count: int, *, days: int = 300) -> dict[int, float]:
    """Past waves of various sizes about six weeks apart, by working day; the last one ends before the cutoff."""
    rng, working = np.random.default_rng([seed, 4]), Letters(seed, days=days).working
    at = days - 15 - 42 * np.arange(count) + rng.integers(-5, 6, count)
    sizes = np.round(rng.uniform(20_000, 60_000, count), -3)
    return {
        int(working[np.searchsorted(working, day)]): float(size) for day, size in zip(at, sizes, strict=True)
    }


def plan(sent: Mapping[int, float], *, known: int = ALWAYS, worth: float | None = None) -> Driver:
    """Letters by day from the first on, as a driver; worth: what the planner assumes of each row."""
    ds = day_start(FIRST + np.array(sorted(sent), dtype=np.int64), TZ)
    known_at = np.full(len(ds), known, dtype=np.int64)
    values = Versions.of(ds, [sent[day] for day in sorted(sent)], known_at)
    said = Versions.none() if worth is None else Versions.of(ds, np.full(len(ds), worth), known_at)
    return Driver("letters", values, worth=said)


def customers(seed: int, days: int) -> Floats:
    """A stock per day: it swings by a quarter within the year and drifts."""
    rng, place = np.random.default_rng([seed, 5]), np.arange(days + AHEAD)
    return 100_000 * np.exp(
        0.25 * np.sin(2 * np.pi * place / 250) + np.cumsum(rng.normal(0, 0.004, len(place)))
    )


def stock(amounts: Floats) -> Driver:
    """Customers by day from the first on."""
    ds = day_start(FIRST + np.arange(len(amounts), dtype=np.int64), TZ)
    return Driver("customers", Versions.of(ds, amounts, np.full(len(ds), ALWAYS)))


def with_calls(world: Letters, calls: Floats, **drivers: Driver) -> History:
    """The same queue with other calls."""
    held = world.archive(**drivers)
    series = held.series["calls"]
    offered = replace(series.offered, value=calls[: world.days])
    told = replace(held, series={"calls": replace(series, offered=offered)})
    return told.at(midnight(world.days)).history("calls")


def midnight(day: int) -> int:
    """Local midnight that many days after the first day."""
    return int(day_start([FIRST + day], TZ)[0])


def ahead(history: History, days: int = 28) -> Grid:
    """The days from the cutoff on."""
    return Grid.days(history.today, history.today + days - 1, Interval.DAY, TZ)
