"""Gradient boosting of day totals, direct over leads, times the usual profile of the day.

A row is a pair of an origin and a day after it. The trees see the lead, the weekday, the place in the month, the
special-day factors of the day and its neighbours, and by how much the last days missed their level at the origin. What
they learn is the log ratio of the day's total, freed of special days and drivers, to the level *around* that day; when
predicting, the level at the origin stands in its place. So a day's habits are learnt from a target that does not carry
the level's own moves: those are one walk, shared by all leads of an origin, and trees taught with them remember the
drift of the past year instead. How long the level's memory is, is chosen by how well it foretold the next two weeks.

- Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 30
- Ben Taieb & Hyndman (2014), A gradient boosting approach to the Kaggle load forecasting competition, Int. J.
  Forecasting 30:382-394 (direct multi-step boosting)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.errors import NotEnoughHistory
from forecast.models.base import require_days
from forecast.models.day_totals import RECENT_DAYS, DayTotals, month_share
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.level_profile import intraday_profile, weekday_factors
from forecast.models.special_days import SpecialDays, special_days
from forecast.vintage import History

if TYPE_CHECKING:
    from lightgbm import Booster

TAUGHT_DAYS = 730
WARM_UP_DAYS = 14  # origins begin so many days after the first
LEAST_DAYS = 14  # days that tell
LEADS = (1, 2, 4, 8, 16, 28)  # days ahead that are trained; beyond the last it holds on
MEMORIES = (3.0, 5.0, 10.0, 20.0, 40.0)  # half-lives of the level, in days that tell
STORM_MEMORY, STORM, THIN = (
    10.0,
    2.5,
    3.0,
)  # a day counts for the level at most so many times it, give or take THIN
MISS_MEMORY = 1.0
SCORED_AHEAD = 14
FORGET = 365.0  # days after which a day counts half
AROUND = 21  # days either side that make the level around a day
FREE = 0.2  # a special day with a smaller factor tells nothing
OFFSET = 0.5  # contacts added before a log is taken
CUT = 3.0  # robust standard deviations at which a target is cut
TREES = 40
SETTINGS = {
    "objective": "l1",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "min_sum_hessian_in_leaf": 1e-3,
    "boost_from_average": False,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbosity": -1,
}
LEAF_DAYS = 3  # a leaf holds at least so many days


@dataclass(frozen=True)
class Boosted:
    """LightGBM on day totals of at most two years, origin by origin, times an intraday profile."""

    name: str = "boosted"
    cost: float = 0.06

    def fit(self, history: History) -> FittedBoosted:
        """NotEnoughHistory below two weeks of days that tell."""
        require_days(history, LEAST_DAYS, self.name)
        drivers, special = driver_effects(history), special_days(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=TAUGHT_DAYS))
        cleaned, tells = _cleaned(history, totals, special)
        if tells.sum() < LEAST_DAYS:
            raise NotEnoughHistory(
                f"{history.series.name}: {self.name} needs {LEAST_DAYS} complete days that are not special; "
                f"{tells.sum()} are known.",
                remedy="Load more history, or choose a simpler method.",
            )
        weekday = weekday_factors(totals, cleaned, tells)
        past = Past.of(totals.days, cleaned, tells, weekday)
        memory = past.best_memory()
        trees = _trained(past, past.level(memory), special)
        return FittedBoosted(special, drivers, weekday, memory, trees, intraday_profile(totals))


@dataclass(frozen=True)
class FittedBoosted:
    """weekday float[7]; memory, the half-life of the level; profile float[7, slots] (rows sum to 1)."""

    special: SpecialDays
    drivers: DriverEffects
    weekday: Floats
    memory: float
    trees: Booster
    profile: Floats

    def rate(self, history: History, grid: Grid) -> Floats:
        """grid[n] -> float[n]; level and latest misses are those of the history's last days."""
        drivers = self.drivers.seen(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=RECENT_DAYS))
        past = Past.of(totals.days, *_cleaned(history, totals, self.special), self.weekday)
        days, place = np.unique(grid.day, return_inverse=True)
        level = past.level(self.memory)
        origin = np.full(len(days), len(past.days) - 1, dtype=np.int64)
        usual = level[-1] * self.weekday[(days + 3) % 7]
        rows = features(origin, days, past.days[origin], past.misses(level), self.special)
        log_ratio = np.asarray(self.trees.predict(rows), dtype=np.float64)
        total = np.maximum((usual + OFFSET) * np.exp(log_ratio) - OFFSET, 0.0)
        per_day = drivers.on(days, total * self.special.factor(days))
        rate = per_day[place] * self.profile[grid.weekday, grid.slot] * history.opening(grid)
        return np.maximum(np.nan_to_num(rate), 0.0)


def _cleaned(history: History, totals: DayTotals, special: SpecialDays) -> tuple[Floats, Flags]:
    """Totals without the effect of special days [d], and the days that tell of level and habits [d]."""
    factor = special.factor(totals.days)
    once = np.isin(totals.days, list(history.calendar.once))
    return totals.total / np.maximum(factor, FREE), totals.usable & ~once & (factor >= FREE)


@dataclass(frozen=True)
class Past:
    """Consecutive local days[d]: totals freed of special days and drivers, as they came and with storms cut.

    usual: the weekday's factor where a day tells, else 0, as are the totals there
    """

    days: Ns
    tells: Flags
    total: Floats
    tame: Floats
    usual: Floats

    @classmethod
    def of(cls, days: Ns, cleaned: Floats, tells: Flags, weekday: Floats) -> Past:
        """Storms are cut by the level of the evening before."""
        total = np.where(tells, cleaned, 0.0)
        usual = np.where(tells, weekday[(days + 3) % 7], 0.0)
        before = np.append(np.nan, _level(total, usual, tells, STORM_MEMORY)[:-1]) * usual
        cut = np.clip(total, np.maximum(before / STORM - THIN, 0.0), before * STORM + THIN)
        return cls(days, tells, total, np.where(tells & ~np.isnan(before), cut, total), usual)

    def level(self, memory: float) -> Floats:
        """float[d]: contacts of a day of factor 1 as of each evening; NaN before the first day that tells."""
        return _level(self.tame, self.usual, self.tells, memory)

    def around(self) -> Floats:
        """float[d]: the level of the days around each."""
        return _window(self.tame, AROUND) / np.maximum(_window(self.usual, AROUND), 1e-9)

    def misses(self, level: Floats) -> Floats:
        """float[d]: by how much the last days missed the level (log), as of each evening, half of it forgotten a day."""
        miss = np.log((self.total + OFFSET) / (self.usual * np.nan_to_num(level) + OFFSET))
        return np.nan_to_num(_level(miss, np.ones(len(miss)), self.tells, MISS_MEMORY))

    def best_memory(self) -> float:
        """The memory whose level would have foretold the next two weeks best, recent origins counting most."""
        loss = []
        for memory in MEMORIES:
            level = self.level(memory)
            missed = 0.0
            for lead in range(1, SCORED_AHEAD + 1):
                error = np.abs(self.total[lead:] - self.usual[lead:] * level[:-lead])[WARM_UP_DAYS:]
                age = np.arange(len(error) - 1, -1, -1)
                missed += float(np.nansum(0.5 ** (age / (FORGET / 2)) * error))
            loss.append(missed)
        return MEMORIES[int(np.argmin(loss))]


def _level(total: Floats, usual: Floats, tells: Flags, memory: float) -> Floats:
    """float[d]: exponentially weighted totals over what is usual for them, of the days that tell up to each day."""
    kept = 0.5 ** (1 / memory)
    top, bottom = (lfilter([1.0], [1.0, -kept], each[tells]) for each in (total, usual))
    last = np.cumsum(tells) - 1
    if not tells.any():
        return np.full(len(tells), np.nan)
    return np.where(last >= 0, (top / np.maximum(bottom, 1e-9))[np.maximum(last, 0)], np.nan)


def _window(values: Floats, reach: int) -> Floats:
    """float[d]: sums over `reach` days either side, fewer at the ends."""
    sums = np.append(0.0, np.cumsum(values))
    at = np.arange(len(values))
    return np.asarray(sums[np.minimum(at + reach + 1, len(values))] - sums[np.maximum(at - reach, 0)])


def _trained(past: Past, level: Floats, special: SpecialDays) -> Booster:
    """All past origins in one pass: origins x leads, as far as the day ahead is known and tells."""
    import lightgbm

    count = len(past.days)
    origins = np.arange(min(WARM_UP_DAYS, count - 1), count - 1)
    origin, lead = (each.ravel() for each in np.meshgrid(origins, np.array(LEADS), indexing="ij"))
    known = origin + lead < count
    origin, target = origin[known], (origin + lead)[known]
    rows = past.tells[target] & ~np.isnan(level[origin])
    origin, target = origin[rows], target[rows]
    expected = past.around()[target] * past.usual[target]
    log_ratio = np.log((past.total[target] + OFFSET) / (expected + OFFSET))
    middle = float(np.median(log_ratio))
    most = CUT * 1.4826 * float(np.median(np.abs(log_ratio - middle))) + 1e-9
    weight = past.usual[target] * 0.5 ** ((count - 1 - target) / FORGET)
    table = features(origin, past.days[target], past.days[origin], past.misses(level), special)
    data = lightgbm.Dataset(
        table, np.clip(log_ratio, middle - most, middle + most), weight=weight / weight.mean() / len(LEADS)
    )
    settings = SETTINGS | {"min_data_in_leaf": LEAF_DAYS * len(LEADS)}
    return lightgbm.train(settings, data, num_boost_round=TREES)


def features(origin: Ns, days: Ns, since: Ns, misses: Floats, special: SpecialDays) -> Floats:
    """Rows [n] of (place of the origin in `misses`, day asked, origin's day) -> float[n, k]; nothing later than the origin.

    The calendar is known ahead.
    """
    span = np.arange(int(days.min()) - 1, int(days.max()) + 2, dtype=np.int64)
    named = np.log(np.maximum(special.factor(span), 0.05))
    at = days - span[0]
    columns = [
        np.minimum(days - since, LEADS[-1]),
        (days + 3) % 7,
        month_share(days),
        named[at],
        named[at - 1],
        named[at + 1],
        misses[origin],
    ]
    return np.column_stack(columns).astype(np.float64)
