"""Dynamic harmonic regression: a count regression of the day totals times a harmonic profile of the day.

Day total without drivers ~ Poisson with overdispersion, log link: weekday, slowly bending trend, yearly harmonics,
special days as an offset (`special_days.py`); what drivers add (`driver_effects.py`) goes on afterwards. Profile of
the day ~ harmonics of the time of day, common to all days, per kind of day and per weekday. With a Poisson law the
counts of a weekday and slot summed over the weeks say all there is to know about the profile given the totals, so a
year of half hours is a regression on at most 7 x 48 rows. What the regression cannot know, the present level, is read
off the latest days when predicting.

- Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 10.5 (dynamic harmonic regression)
- Rausch, Albrecht & Baier (2022), Beyond the beaten paths of forecasting call center arrivals, J. Business Economics 92
- Taylor (2008), A comparison of univariate time series methods for forecasting intraday arrivals, Mgmt Science 54
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.base import require_days
from forecast.models.count_regression import robust_counts
from forecast.models.day_totals import RECENT_DAYS, DayTotals, month_waves
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.harmonic_profile import profile
from forecast.models.special_days import SpecialDays, special_days
from forecast.vintage import History

LATEST = 730  # days that teach
YEARLY_FROM = 1.5
MONTHLY = 3
MONTHLY_FROM = 92
FORGET = 182.0  # days after which a day counts half in the regression
LEVEL_DAYS = 84
LEVEL_FORGET = (3.0, 5.0, 10.0, 20.0, 40.0)
WORTH = 2.0  # the regression's own level counts as this many days
HORIZON = 10


@dataclass(frozen=True)
class Dhr:
    """Dynamic harmonic regression on day totals, times a harmonic profile; uses at most the last two years."""

    name: str = "dhr"
    cost: float = 0.06

    def fit(self, history: History) -> FittedDhr:
        """NotEnoughHistory below fourteen days with contacts."""
        require_days(history, 14, self.name)
        special = special_days(history)
        drivers = driver_effects(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=LATEST))
        design = Design.of(history, totals)
        factor = special.factor(totals.days)
        rows = _telling(history, special, totals) & (factor > 0)
        if not rows.any():
            require_days(history, len(totals.days) + 1, f"{self.name} (complete days that are not special)")
        X, y, offset = design.columns(totals.days)[rows], totals.total[rows], np.log(factor[rows])
        weight = 0.5 ** ((history.today - totals.days[rows]) / FORGET)
        coefficients, spread = robust_counts(X, y, offset, weight, design.spreads)
        shares = profile(history, special)
        fitted = FittedDhr(special, drivers, design, coefficients, shares, LEVEL_FORGET[-1], spread)
        return replace(fitted, forget=_forget(y, fitted.days(totals.days[rows])))


@dataclass(frozen=True)
class FittedDhr:
    """Coefficients of the day regression, float[7, slots] shares of a day, and how fast the level is forgotten."""

    special: SpecialDays
    drivers: DriverEffects
    design: Design
    coefficients: Floats
    shares: Floats
    forget: float
    dispersion: float

    def rate(self, history: History, grid: Grid) -> Floats:
        """grid[n] -> float[n]: regression x present level x share of the slot."""
        days, place = np.unique(grid.day, return_inverse=True)
        drivers = self.drivers.seen(history)
        total = drivers.on(days, self.days(days) * self.level(history, drivers))
        rate = total[place] * self.shares[grid.weekday, grid.slot]
        return np.where(history.opening(grid), rate, 0.0)

    def days(self, days: Ns) -> Floats:
        """Local days[n] -> expected total [n] by the regression alone, special days included."""
        eta = self.design.columns(days) @ self.coefficients
        return np.asarray(np.exp(np.clip(eta, -20, 20)) * self.special.factor(days))

    def level(self, history: History, drivers: DriverEffects) -> float:
        """Actual / regression over the latest days, exponentially weighted, shrunk towards 1."""
        totals = drivers.cleaned(DayTotals.of(history, latest=RECENT_DAYS).last(LEVEL_DAYS))
        keep = _telling(history, self.special, totals)
        if not keep.any():
            return 1.0
        expected = self.days(totals.days[keep])
        return float(levels(totals.total[keep], expected, self.forget)[-1])


def levels(actual: Floats, expected: Floats, forget: float) -> Floats:
    """actual, expected [n] in order of time -> level [n + 1]: before the first day, ..., after the last.

    Ratios are cut at a factor of two either way before they count: a storm day is not a new level.
    """
    decay = 0.5 ** (1 / forget)
    usual = max(float(expected.mean()), 1e-9)
    cut = np.clip(actual, expected / 2, expected * 2)
    level = np.empty(len(actual) + 1)
    up = down = WORTH * usual
    level[0] = 1.0
    for at in range(len(actual)):
        up = (up - WORTH * usual) * decay + cut[at] + WORTH * usual
        down = (down - WORTH * usual) * decay + expected[at] + WORTH * usual
        level[at + 1] = up / down
    return level


def _forget(actual: Floats, expected: Floats) -> float:
    """The forgetting (in days of half weight) whose level would have foretold the next two weeks of days best."""
    actual, expected = actual[-365:], expected[-365:]
    if len(actual) < 4 * HORIZON:
        return LEVEL_FORGET[2]
    loss = [_loss_ahead(actual, expected, levels(actual, expected, forget)) for forget in LEVEL_FORGET]
    return LEVEL_FORGET[int(np.argmin(loss))]


def _loss_ahead(actual: Floats, expected: Floats, level: Floats) -> float:
    """Sum of absolute errors of level x regression, one to HORIZON days ahead, over all origins."""
    loss = 0.0
    for step in range(HORIZON):
        origins = np.arange(HORIZON, len(actual) - step)
        ahead = origins + step
        loss += float(np.abs(actual[ahead] - expected[ahead] * level[origins]).sum())
    return loss


@dataclass(frozen=True)
class Design:
    """The columns of the day regression. spreads: prior standard deviation of each coefficient."""

    last: int
    knots: tuple[int, ...]
    harmonics: int
    monthly: int

    @classmethod
    def of(cls, history: History, totals: DayTotals) -> Design:
        """What the days known allow to estimate."""
        span = len(totals.total)
        knots = tuple(range(history.today - 91, int(totals.days[0]) + 60, -91))
        harmonics = 3 if span >= YEARLY_FROM * 365 else 0
        monthly = MONTHLY if span >= MONTHLY_FROM else 0
        return cls(int(totals.days[0]) + span, knots, harmonics, monthly)

    @property
    def spreads(self) -> Floats:
        yearly = [0.3 / order for order in range(1, self.harmonics + 1) for _ in range(2)]
        monthly = [0.1 / order for order in range(1, self.monthly + 1) for _ in range(2)]
        return np.array([10.0, *[2.0] * 6, 0.1, *[0.1] * len(self.knots), *yearly, *monthly])

    def columns(self, days: Ns) -> Floats:
        """Local days[n] -> float[n, k]. The trend stops at the fit: beyond it, the level takes over."""
        weekday = (days + 3) % 7
        time = np.minimum(days - self.last, 0) / 91.0
        bends = [np.minimum(time - (knot - self.last) / 91.0, 0.0) for knot in self.knots]
        angle = 2 * np.pi * days / 365.25
        yearly = [wave(order * angle) for order in range(1, self.harmonics + 1) for wave in (np.sin, np.cos)]
        weekdays = [(weekday == number).astype(np.float64) for number in range(1, 7)]
        return np.column_stack(
            [np.ones(len(days)), *weekdays, time, *bends, *yearly, month_waves(days, self.monthly)]
        )


def _telling(history: History, special: SpecialDays, totals: DayTotals) -> Flags:
    """bool[n]: days with a known total on an open weekday, neither absent nor marked `once`."""
    works = np.array(special.works, dtype=bool)[(totals.days + 3) % 7]
    once = np.isin(totals.days, list(history.calendar.once))
    return np.asarray(works & ~once & ~totals.absent & ~np.isnan(totals.total))
