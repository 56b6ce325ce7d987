"""The time a company is simulated over: half hours of the local calendar, its holidays, and one random stream per part."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import SECOND, Grid, Interval, local_day, to_ns
from forecast.days import Calendar
from forecast.errors import InputError
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats
from forecast.simulate.laws import Profile

Flags = npt.NDArray[np.bool_]
MINUTE = 60 * SECOND
HALF_HOUR = 30 * MINUTE
AFTER = 3  # days simulated beyond the end, so that what has begun is known to its end
AHEAD = 90  # days beyond the end for which the calendar is known


@dataclass(frozen=True)
class Timeline:
    """Half hours and days of a simulation.

    grid:     half hours [n] from the first local midnight to AFTER days beyond the end
    days:     int64[d] local days, from the first to AHEAD days beyond the end; `row` maps half hours to them
    holiday:  bool[d]; after: bool[d] working day after a holiday; working: bool[d] Monday to Friday, no holiday
    end_ns:   the end: nothing later is known
    """

    grid: Grid
    days: Ns
    row: Ns
    holiday: Flags
    after: Flags
    working: Flags
    end_ns: int
    history_days: int
    seed: int

    @classmethod
    def of(cls, company: Company, *, days: int, end: pd.Timestamp, seed: int) -> Timeline:
        """`days` whole local days before the day of `end` (aware), and that day up to `end`."""
        if days < 1:
            raise InputError(
                f"A company cannot be simulated over {days} days.", remedy="Give 1 or more.", field="days"
            )
        end_ns = to_ns(end)
        last = local_day(end_ns, company.zone)
        span = np.arange(last - days, last + AHEAD + 1, dtype=np.int64)
        grid = Grid.days(last - days, last + AFTER, Interval.HALF_HOUR, company.zone)
        holiday = Calendar.of(country=company.country).special(span)
        weekend = (span + 3) % 7 >= 5
        working = ~holiday & ~weekend
        return cls(
            grid, span, grid.day - span[0], holiday, _after(holiday, working), working, end_ns, days, seed
        )

    @property
    def weekday(self) -> Ns:
        """[d] Monday = 0."""
        return (self.days + 3) % 7

    def stream(self, part: str) -> np.random.Generator:
        """The random numbers of one part; another part draws from another stream."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(crc32(part.encode()),)))

    def factor(self, profile: Profile) -> Floats:
        """profile by local hour -> [n] its value in the middle of each half hour."""
        return curve(profile, (self.grid.slot + 0.5) / 2)

    def span(self) -> tuple[int, int]:
        """First moment and end, in ns."""
        return int(self.grid.ds[0]), self.end_ns

    def bucket(self, moments: Ns) -> Ns:
        """Moments ns[m] -> index of the half hour each lies in [m]."""
        return np.asarray((moments - self.grid.ds[0]) // HALF_HOUR, dtype=np.int64)


def curve(profile: Profile, hour: Floats) -> Floats:
    """profile by hour, hours[m] -> [m], linear between the given hours."""
    hours = sorted(profile)
    return np.interp(hour, hours, [profile[key] for key in hours])


def walk(rng: np.random.Generator, size: int, *, sd: float, phi: float) -> Floats:
    """-> [size] an AR(1) with innovations of `sd`, begun at 0 if phi is nearly 1, else in its stationary law."""
    steps = rng.normal(0.0, sd, size)
    if size and phi < 0.99:
        steps[0] /= np.sqrt(1 - phi**2)
    return recursive(steps, phi)


def recursive(steps: Floats, phi: float) -> Floats:
    """steps[n] -> [n] y with y[i] = phi * y[i - 1] + steps[i], begun at 0."""
    return np.array(
        list(accumulate(steps.tolist(), lambda before, step: phi * before + step)), dtype=np.float64
    )


def positive(rng: np.random.Generator, size: int, *, cv: float, law: str = "gamma") -> Floats:
    """-> [size] factors with mean 1 and coefficient of variation `cv`, gamma or lognormal."""
    if cv <= 0:
        return np.ones(size)
    if law == "lognormal":
        sigma = np.sqrt(np.log1p(cv**2))
        return rng.lognormal(-(sigma**2) / 2, sigma, size)
    return rng.gamma(1 / cv**2, cv**2, size)


def _after(holiday: Flags, working: Flags) -> Flags:
    """The first working day after a holiday, weekends in between or not."""
    after = np.zeros(len(holiday), dtype=bool)
    pending = False
    for number in range(len(holiday)):
        if working[number]:
            after[number], pending = pending, False
        pending = pending or bool(holiday[number])
    return after
