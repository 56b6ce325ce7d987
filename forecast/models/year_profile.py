"""Level times weekday times the year: for rates that look months ahead.

    day total = level x weekday x year profile x growth x special day

The year profile is a sum of harmonics of the day of the year. A slow walk of the level can look like a season as long as
only one year speaks, so both are fitted at once: fortnightly log levels are a Gaussian process of a random walk, a shrunk
drift (growth) and shrunk harmonics, and the sizes of walk and wave are averaged by their marginal likelihood. What comes
back each year is believed, what came once is given to the level; below a year and a half nothing is.

- Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 2 (level, slope, season)
- Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, ch. 5 (marginal likelihood)
- Gardner & McKenzie (1985), Forecasting trends in time series, Mgmt Science 31:1237-1246 (damped growth)

The level itself is read off the latest weeks when predicting, with the memory that the walk's share of the noise asks for
(the steady-state gain of a local level model: Harvey, section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.base import require_days
from forecast.models.day_totals import RECENT_DAYS, DayTotals, baseline
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.level_profile import intraday_profile, weekday_factors
from forecast.models.special_days import LATEST, SpecialDays, special_days
from forecast.vintage import History

YEAR = 365.25
YEARLY_DAYS = 548  # a year and a half: below it, no wave can be told from a walk
HARMONICS = 4
BLOCK = 14  # days whose mean is one observation of the level
GROWTH_SPREAD = 0.04  # a year, on the log scale, before anything was seen
DAMPED_YEARS = 1.0  # growth of the years ahead adds up to no more than so many years of it
WAVES = (0.0, 0.04, 0.12, 0.35)  # spread of the first harmonic; the k-th has a k-th of it
WALKS = (0.003, 0.02, 0.12, 0.7)  # variance of a step of the walk, relative to that of an observation
NOISES = (0.3, 1.0)  # variance of an observation, relative to half that of its differences
USUAL_MEMORY = 28.0  # days, where too little is known to measure it
LEAST_MEMORY, LONGEST_MEMORY = 10.0, 90.0
WILDEST = 2.0  # a day counts for at most so many times its neighbours
LEAST_LEFT = 0.3  # a day that its name takes below this share of its total teaches no level


@dataclass(frozen=True)
class YearProfile:
    """Level x weekday x year profile x damped growth x special days, over five years at most."""

    name: str = "year_profile"
    cost: float = 0.02

    def fit(self, history: History) -> FittedYearProfile:
        """NotEnoughHistory below two weeks."""
        require_days(history, 14, "a level")
        drivers, special = driver_effects(history), special_days(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=LATEST))
        cleaned, teaches = _cleaned(history, totals, special)
        recent = totals.telling(RECENT_DAYS)
        weekday = weekday_factors(totals, cleaned, teaches)
        year = Year.of(totals.days, _tamed(cleaned, teaches), weekday[totals.weekday], teaches=teaches)
        return FittedYearProfile(special, drivers, weekday, year, intraday_profile(recent))


@dataclass(frozen=True)
class FittedYearProfile:
    """weekday float[7], year the wave and growth, profile float[7, slots] (rows sum to 1)."""

    special: SpecialDays
    drivers: DriverEffects
    weekday: Floats
    year: Year
    profile: Floats

    def rate(self, history: History, grid: Grid) -> Floats:
        """Expected contacts [n], with the level of the history's latest weeks."""
        days, place = np.unique(grid.day, return_inverse=True)
        drivers = self.drivers.seen(history)
        level = self.level(history, drivers)
        per_day = drivers.on(days, level * self._shape(history, days) * self.special.factor(days))
        rate = per_day[place] * self.profile[grid.weekday, grid.slot] * history.opening(grid)
        return np.maximum(np.nan_to_num(rate), 0.0)

    def level(self, history: History, drivers: DriverEffects) -> float:
        """Latest total relative to weekday, wave and growth, the latest days counting most."""
        totals = drivers.cleaned(DayTotals.of(history, latest=RECENT_DAYS))
        cleaned, teaches = _cleaned(history, totals, self.special)
        if not teaches.any():
            return 0.0
        days, came = totals.days[teaches], _tamed(cleaned, teaches)[teaches]
        weight = 0.5 ** ((days[-1] - days) / self.year.memory)
        return float((weight * came).sum() / (weight * self._shape(history, days)).sum())

    def _shape(self, history: History, days: Ns) -> Floats:
        """Local days[n] -> float[n]: weekday x wave x growth since the history's own day."""
        years = (days - history.today) / YEAR
        ahead = DAMPED_YEARS * (1 - np.exp(-np.maximum(years, 0.0) / DAMPED_YEARS))
        grown = self.year.growth * (np.minimum(years, 0.0) + ahead)
        return np.asarray(self.weekday[(days + 3) % 7] * np.exp(waves(days) @ self.year.wave + grown))


@dataclass(frozen=True)
class Year:
    """wave: float[2 HARMONICS] of the log level; growth: a year, log; memory: half-life in days of the level."""

    wave: Floats
    growth: float
    memory: float

    @classmethod
    def of(cls, days: Ns, came: Floats, expected: Floats, *, teaches: Flags) -> Year:
        """Local days[d], their totals and what a day is relative to the level; flat where too few days teach."""
        block, level = _blocks(days[teaches], came[teaches], expected[teaches])
        if len(block) < YEARLY_DAYS // BLOCK - 2 or block[-1] - block[0] < YEARLY_DAYS // BLOCK - 1:
            return cls(np.zeros(2 * HARMONICS), 0.0, USUAL_MEMORY)
        return _averaged(block, level)


def waves(days: Ns) -> Floats:
    """Local days[n] -> float[n, 2 HARMONICS]."""
    angle = 2 * np.pi * days[:, None] / YEAR * np.arange(1, HARMONICS + 1)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def _cleaned(history: History, totals: DayTotals, special: SpecialDays) -> tuple[Floats, Flags]:
    """Totals without the effect of special days [d], and the days that may teach a level [d]."""
    factor = special.factor(totals.days)
    once = np.isin(totals.days, list(history.calendar.once))
    return totals.total / np.maximum(factor, LEAST_LEFT), totals.usable & ~once & (factor > LEAST_LEFT)


def _tamed(cleaned: Floats, teaches: Flags) -> Floats:
    """Totals [d] within a factor of their weekday's neighbours: a storm is no level."""
    around = baseline(np.where(teaches, cleaned, np.nan))
    wild = np.nan_to_num(around) > 4
    return np.where(wild, np.clip(cleaned, around / WILDEST, around * WILDEST), cleaned)


def _blocks(days: Ns, came: Floats, expected: Floats) -> tuple[Ns, Floats]:
    """Days that teach [d] -> their fortnights int64[b], and the log levels of those [b]."""
    if len(days) == 0 or came.sum() <= 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    block, place = np.unique(days // BLOCK, return_inverse=True)
    top = np.bincount(place, weights=came)
    bottom = np.bincount(place, weights=expected)
    return block, np.log((top + 0.5) / np.maximum(bottom, 1e-9))


def _averaged(block: Ns, level: Floats) -> Year:
    """Wave, growth and memory, averaged over the sizes of wave, walk and noise by their marginal likelihood."""
    usual = (1.4826 * float(np.median(np.abs(np.diff(level)))) / np.sqrt(2)) ** 2 + 1e-5
    sizes = np.array(list(product(WAVES, WALKS, NOISES)))
    noise = usual * sizes[:, 2]
    orders = np.tile(np.arange(1, HARMONICS + 1), 2)
    wave = waves(block * BLOCK + BLOCK // 2) / orders
    steps = (block - block[0]).astype(np.float64)
    years = (block - block[-1]) * BLOCK / YEAR
    walk = np.minimum.outer(steps, steps)
    fixed = 10.0 + GROWTH_SPREAD**2 * np.outer(years, years)
    covariance = fixed + sizes[:, 0, None, None] ** 2 * (wave @ wave.T)
    covariance = covariance + noise[:, None, None] * (sizes[:, 1, None, None] * walk + np.eye(len(block)))
    off = level - np.median(level)
    solved = np.linalg.solve(covariance, np.broadcast_to(off[:, None], (*covariance.shape[:2], 1)))[:, :, 0]
    root = np.diagonal(np.linalg.cholesky(covariance), axis1=1, axis2=2)
    likelihood = -0.5 * (solved @ off) - np.log(root).sum(axis=1)
    share = np.exp(likelihood - likelihood.max())
    share /= share.sum()
    waved = (sizes[:, 0, None] ** 2 * (solved @ wave)) / orders
    growth = GROWTH_SPREAD**2 * (solved @ years)
    gain = (np.sqrt(sizes[:, 1] ** 2 + 4 * sizes[:, 1]) - sizes[:, 1]) / 2
    memory = np.exp(share @ np.log(BLOCK * np.log(0.5) / np.log(1 - gain)))
    return Year(share @ waved, float(share @ growth), float(np.clip(memory, LEAST_MEMORY, LONGEST_MEMORY)))
