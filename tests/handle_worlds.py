"""Queues with handling times of known truth, for the tests of AHT and workload."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, end
from forecast.days import OpeningHours
from forecast.handling import Handling
from forecast.models.base import Paths
from forecast.vintage import Archive, Series, Versions
from tests.worlds import MONDAY, TZ, archive, midnight

OPEN = OpeningHours(tuple((weekday, 8 * 60, 20 * 60, 0) for weekday in range(6)))
SECONDS = 300.0


@dataclass(frozen=True)
class Calls:
    """A queue open 8 to 20 from Monday to Saturday whose contacts last SECONDS on average.

    level: contacts per bucket; slots, weekdays, days: how much these move the handling time (shares of it)
    walk: of its level's step a day; jump: (day, factor) from which on it lasts longer; spread: of one contact, squared
    """

    seed: int = 1
    span: int = 120
    level: float = 20.0
    slots: float = 0.0
    weekdays: float = 0.0
    days: float = 0.0
    walk: float = 0.0
    jump: tuple[int, float] = (10_000, 1.0)
    spread: float = 1.0
    interval: Interval = Interval.HALF_HOUR

    @property
    def grid(self) -> Grid:
        whole = Grid.days(MONDAY, MONDAY + self.span - 1, self.interval, TZ)
        return whole.take(OPEN.mask(whole))

    def truth(self) -> Floats:
        """Mean seconds of a contact in each open bucket."""
        grid, rng = self.grid, np.random.default_rng(self.seed)
        day = grid.day - MONDAY
        level = np.exp(np.cumsum(self.walk * rng.standard_normal(self.span)))
        level *= np.exp(self.days * rng.standard_normal(self.span))
        level[self.jump[0] :] *= self.jump[1]
        hour = grid.slot * self.interval.seconds / 3600
        shape = 1 + self.slots * np.sin((hour - 8) / 12 * 2 * np.pi)
        return SECONDS * level[day] * shape * (1 + self.weekdays * np.where(grid.weekday == 0, 1, -1 / 5))

    def series(self) -> Series:
        """The queue, each bucket known at its end."""
        grid, rng = self.grid, np.random.default_rng(self.seed + 1000)
        contacts = rng.poisson(np.full(len(grid), self.level)).astype(np.float64)
        number = np.maximum(contacts, 1).astype(np.int64)
        sigma = np.sqrt(np.log1p(self.spread))
        single = rng.lognormal(-(sigma**2) / 2, sigma, int(number.sum()))
        mean = np.add.reduceat(single, np.cumsum(number) - number) / number
        return queue(grid, contacts, self.truth() * mean)

    def archive(self) -> Archive:
        return archive(self.series())


def queue(grid: Grid, contacts: Floats, aht: Floats, *, name: str = "calls") -> Series:
    """A series of buckets with contacts and the mean seconds of each, known at their end."""
    known = end(grid.ds, grid.interval, grid.tz)
    seconds = np.where(contacts > 0, contacts * aht, np.nan)
    spent_on = np.where(contacts > 0, contacts, np.nan)
    handling = Handling.of(grid.ds, known, seconds=seconds, contacts=spent_on)
    offered = Versions.of(grid.ds, contacts, known)
    return Series(name, grid.interval, grid.tz, offered, name, hours=OPEN, handling=handling)


def without_handling(held: Archive) -> Archive:
    """The same contacts of which nobody says how long they took."""
    return archive(*(replace(one, handling=None) for one in held.series.values()))


def volume(
    grid: Grid, mean: float | Floats, *, draws: int = 200, seed: int = 3, name: str = "calls"
) -> Paths:
    """Poisson volume paths."""
    rng = np.random.default_rng(seed)
    rate = np.broadcast_to(np.asarray(mean, dtype=np.float64), (len(grid),))
    return Paths((name,), grid, rng.poisson(rate[:, None], (len(grid), draws)).astype(np.float64)[None])


def ahead(held: Archive, day: int, days: int = 7, name: str = "calls") -> Grid:
    """The open buckets of the days from that many days after the first."""
    series = held.series[name]
    whole = Grid.days(MONDAY + day, MONDAY + day + days - 1, series.interval, series.tz)
    return whole.take(OPEN.mask(whole) & (whole.ds >= midnight(day)))
