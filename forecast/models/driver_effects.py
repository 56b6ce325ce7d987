"""What drivers known ahead do to a queue's day totals: letters, invoice runs, campaigns; customers, bookings.

    driver_effects(history) -> DriverEffects:  cleaned(totals), on(days, base), extra(days), worth()

Two kinds of driver behave differently (`forecast/drivers.py` tells them apart by their amounts):

- a pulse makes so many contacts per unit, spread over the working days from its own day on (`distributed_lag.py`),
  however busy the weekday is otherwise;
- the level goes along with a stock by an elasticity: 0 until the history supports it, then shrunk towards 1.

Weeks with a name (`Driver.period`) move the level while they last, where the past supports it (`period_effect.py`).

A day on which a driver's contacts do not fall (closed, a public holiday, and where the past says so the weekend) passes
them on to the next one: the same wave a week later gives the same bump a week later, unless such a day lies between.

The planner may assume what a unit is worth. It is the prior that waves then correct, and is called an assumption until
they do. The amounts are those known at the cutoff: a wave planned later is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.drivers import Plan
from forecast.models.day_totals import RECENT_DAYS, DayTotals
from forecast.models.distributed_lag import LAGS, Days, Prior, Told, Worths, regress
from forecast.models.driver_clock import LOOK_BACK, QUIET, Clock, looking_back
from forecast.models.driver_worth import PeriodWorth, PulseWorth, StockWorth
from forecast.models.elasticity import Elasticity, elasticity
from forecast.models.period_effect import PeriodEffect, period_effect
from forecast.models.special_days import special_days
from forecast.vintage import History

LATEST = 730  # days that teach
LEAST_DAYS = 28
TELLING = 0.3  # a special day below this factor teaches nothing
SPECIAL_SAY = 0.25  # certainty of a special day or one next to it, of an ordinary day's
ASSUMED_SPREAD = 0.25  # of what a planner assumes
LIKELY = 0.75  # probability that a driver does anything, before any wave: somebody named it
LEAST_LEFT = 0.1  # of a day's total stays when drivers are taken off
LEAST_SPREAD = 0.02  # of an assumed worth, in days
WAVE_SPREAD = 0.1  # of one wave's worth about that of all


class Pulse(NamedTuple):
    """most: what the largest wave known at the fit sends, by which amounts are counted; waves: how many were seen"""

    name: str
    most: float
    waves: int


class Stock(NamedTuple):
    """reference: the amount that the level stands for"""

    name: str
    elasticity: Elasticity
    reference: float


@dataclass(frozen=True)
class DriverEffects:
    """What is known of a queue's drivers.

    day: a present day's contacts, in which worths are counted; told: what the past told of the pulses' worths
    plans, assumed: amounts, and contacts per unit by the planner, as known to the history that is predicted from
    """

    clock: Clock | None = None
    day: float = 0.0
    pulses: tuple[Pulse, ...] = ()
    told: Told = field(default_factory=lambda: Told.nothing(0))
    stocks: tuple[Stock, ...] = ()
    periods: tuple[PeriodEffect, ...] = ()
    plans: Mapping[str, Plan] = field(default_factory=dict)
    assumed: Mapping[str, float] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Is there no driver that is known to do anything?"""
        return not self.pulses and not self.stocks and not any(one.effect for one in self.periods)

    def seen(self, history: History) -> DriverEffects:
        """The same lessons with the amounts and assumptions that a history knows: that of the fit, or a later one."""
        held = _held(history)
        if not held or self.clock is None:
            return self
        plans = {name: Plan.of(*history.driver_days(name), self.clock.works) for name in held}
        assumed = {name: worth for name in held if (worth := history.drivers[name].assumed) is not None}
        known = {one.name for one in self.pulses} | {one.name for one in self.stocks}
        new = [Pulse(name, plans[name].most, 0) for name in assumed if name not in known and plans[name].most]
        return replace(
            self,
            day=self.day or present_day(DayTotals.of(history, latest=RECENT_DAYS)),
            pulses=(*self.pulses, *new),
            told=self.told.with_unseen(len(new)),
            plans=plans,
            assumed=assumed,
        )

    @cached_property
    def worths(self) -> Worths:
        """The law of the pulses' worths, in present days per wave."""
        return self.told.worths([self._prior(one) for one in self.pulses])

    @cached_property
    def covariance(self) -> Floats:
        """float[k, k] of the next wave's worths: we do not know them for sure, and no two waves are alike."""
        owner = np.repeat(np.arange(len(self.pulses)), LAGS)
        alike = np.equal.outer(owner, owner) * np.outer(self.worths.mean, self.worths.mean)
        return np.asarray(self.worths.covariance + WAVE_SPREAD**2 * alike)

    def extra(self, days: Ns) -> tuple[Floats, Floats]:
        """Local days[n] -> contacts that pulses add to each [n], and their standard deviation [n]."""
        columns = self._columns(days) * self.day
        spread = np.einsum("nk,kl,nl->n", columns, self.covariance, columns)
        return columns @ self.worths.mean, np.sqrt(np.maximum(spread, 0.0))

    def cleaned(self, totals: DayTotals) -> DayTotals:
        """Totals as they would have been without pulses and with the reference amount of stocks."""
        if self.idle or len(totals.days) == 0:
            return totals
        left = np.maximum(totals.total - self._bump(totals.days), LEAST_LEFT * totals.total)
        return replace(totals, total=left / self._scale(totals.days))

    def on(self, days: Ns, base: Floats) -> Floats:
        """Local days[n] and totals without drivers [n] -> totals with them [n]."""
        if self.idle or len(days) == 0:
            return base
        return np.maximum(base * self._scale(days) + self._bump(days), 0.0)

    def sway(self, days: Ns, totals: Floats, draws: int, rng: np.random.Generator) -> Floats:
        """Local days[n] with their expected totals -> float[n, draws]: the factor on each, were the worths others.

        One draw of all worths per path, so that a wave that is worth more is so on each of its days.
        """
        size, turn = np.linalg.eigh(self.covariance)
        root = turn * np.sqrt(np.maximum(size, 0.0))
        extra = self._columns(days) @ root @ rng.standard_normal((len(size), draws)) * self.day
        factor = np.maximum(1 + extra / np.maximum(totals, 1e-9)[:, None], LEAST_LEFT)
        for stock in self.stocks:
            log = stock.elasticity.spread * self._growth(stock, days)
            factor *= np.exp(np.outer(log, rng.standard_normal(draws)))
        for period in self.periods:
            log = period.spread * self._inside(period, days)
            factor *= np.exp(np.outer(log, rng.standard_normal(draws))) if period.effect else 1.0
        return np.asarray(factor)

    def worth(self) -> list[PulseWorth | StockWorth | PeriodWorth]:
        """What each driver is worth, in numbers; `sentence` of each is for planners."""
        found: list[PulseWorth | StockWorth | PeriodWorth] = []
        for at, pulse in enumerate(self.pulses):
            rows = slice(at * LAGS, (at + 1) * LAGS)
            of_one = PulseWorth.of(
                pulse.name.split("@")[0],
                pulse.most,
                self.worths.mean[rows] * self.day / pulse.most,
                float(np.sqrt(self.covariance[rows, rows].sum())) * self.day / pulse.most,
                seen=pulse.waves,
                weekly=self.plans[pulse.name].dense,
                likely=float(self.worths.likely[at]),
                assumed=self.assumed.get(pulse.name),
            )
            found.append(of_one)
        for stock in self.stocks:
            name, assumed = stock.name.split("@")[0], stock.name in self.assumed
            found.append(StockWorth(name, *stock.elasticity, assumed))
        found += [
            PeriodWorth(one.name.split("@")[0].removesuffix(" (period)"), *one[1:]) for one in self.periods
        ]
        return found

    def _prior(self, pulse: Pulse) -> Prior:
        """Before any wave: the planner's assumption, else that the largest wave is worth a day's contacts, more or less."""
        assumed = self.assumed.get(pulse.name)
        if assumed is None:
            return Prior(0.0, pulse.most / max(pulse.most, self.plans[pulse.name].most), LIKELY)
        worth = assumed * pulse.most / max(self.day, 1e-9)
        return Prior(worth, max(ASSUMED_SPREAD * abs(worth), LEAST_SPREAD), 1.0)

    def _scale(self, days: Ns) -> Floats:
        """Local days[n] -> by how much stocks raise the level [n]."""
        log = [stock.elasticity.value * self._growth(stock, days) for stock in self.stocks]
        log += [period.effect * self._inside(period, days) for period in self.periods if period.effect]
        return np.exp(np.sum(log, axis=0)) if log else np.ones(len(days))

    def _growth(self, stock: Stock, days: Ns) -> Floats:
        """Local days[n] -> log of the stock over its reference [n]; 0 where nothing is known of it."""
        return np.nan_to_num(np.log(self.plans[stock.name].level(days) / stock.reference))

    def _inside(self, period: PeriodEffect, days: Ns) -> Floats:
        """Local days[n] -> 1 in the period, else 0 [n]."""
        return (self.plans[period.name].on(days) > 0).astype(np.float64)

    def _bump(self, days: Ns) -> Floats:
        return np.asarray(self._columns(days) @ self.worths.mean * self.day)

    def _columns(self, days: Ns, factor: Floats | None = None) -> Floats:
        """Local days[n] -> float[n, lags x pulses], in waves."""
        if self.clock is None or not self.pulses:
            return np.zeros((len(days), 0))
        most = np.repeat([one.most for one in self.pulses], LAGS)
        plans = [self.plans[one.name] for one in self.pulses]
        return np.asarray(self.clock.lagged(plans, days, factor) / most)


def driver_effects(history: History) -> DriverEffects:
    """Learn the effects from one series as known at its cutoff."""
    return history.remember("driver_effects", lambda: _learn(history).seen(history))


def sway(history: History, grid: Grid, rate: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Buckets with their expected contacts [n] -> float[n, draws] factors by the doubt about drivers; [1, 1] without any."""
    effects = driver_effects(history)
    if effects.idle or len(grid) == 0:
        return np.ones((1, 1))
    days, place = np.unique(grid.day, return_inverse=True)
    totals = np.bincount(place, weights=rate).astype(np.float64)
    totals[days == history.today] += np.nansum(history.y[history.grid.day == history.today])
    return effects.sway(days, totals, draws, rng)[place]


def _held(history: History) -> list[str]:
    return [name for name in sorted(history.drivers) if len(history.drivers[name].values)]


def present_day(totals: DayTotals) -> float:
    """Contacts of a day lately."""
    seen = totals.total[totals.usable][-LEAST_DAYS:]
    return float(seen.mean()) if len(seen) else 0.0


def _learn(history: History) -> DriverEffects:
    """Stocks first, then the pulses by what is left; what a planner assumes of drivers never seen is not among it."""
    special = special_days(history)
    clocks = Clock.possible(special)
    nothing = DriverEffects(clocks[0] if clocks else None)
    if not clocks or not _held(history):
        return nothing
    totals = DayTotals.of(history, latest=LATEST)
    around = special.factor(looking_back(totals.days)) if len(totals.days) else np.zeros(0)
    factor = around[LOOK_BACK:]
    rows = totals.usable & (factor > TELLING) & ~np.isin(totals.days, list(history.calendar.once))
    days, y = totals.days[rows], totals.total[rows]
    if len(days) < LEAST_DAYS:
        return nothing
    known = nothing.seen(history)
    if known.day <= 0:
        return nothing
    stocks = _stocks(history, known, days, y / factor[rows])
    known = replace(known, stocks=stocks)
    known = replace(known, periods=_periods(history, known, totals, factor, rows))
    works = totals.days[clocks[0].works[totals.weekday] & (factor >= QUIET)]
    pulses = [
        Pulse(name, plan.most, waves)
        for name, plan in known.plans.items()
        if not plan.stock and not history.drivers[name].period and plan.most and (waves := plan.waves(works))
    ]
    effects = replace(known, pulses=tuple(pulses), told=Told.nothing(len(pulses)))
    if not pulses:
        return effects
    designs = [replace(effects, clock=clock)._columns(totals.days, around)[rows] for clock in clocks]
    certainty = np.where(special.ordinary(days), 1.0, SPECIAL_SAY)
    told = Days(y, factor[rows] * effects._scale(days), days, certainty)
    chosen, lessons = regress(told, designs, [effects._prior(one) for one in pulses], day=effects.day)
    return replace(effects, clock=clocks[chosen], told=lessons)


def _stocks(history: History, effects: DriverEffects, days: Ns, level: Floats) -> tuple[Stock, ...]:
    """Local days[n] and their totals but for special days [n] -> the stocks, each after those before it."""
    stocks: tuple[Stock, ...] = ()
    for name, plan in effects.plans.items():
        if plan.stock and not history.drivers[name].period:
            reference, worth = float(plan.level(days[-1:])[0]), history.drivers[name].assumed
            assumed = None if worth is None else worth * reference / max(effects.day, 1e-9)
            left = level / replace(effects, stocks=stocks)._scale(days)
            stocks += (Stock(name, elasticity(days, left, plan.level(days), assumed), reference),)
    return stocks


def _periods(
    history: History, effects: DriverEffects, totals: DayTotals, factor: Floats, rows: Flags
) -> tuple[PeriodEffect, ...]:
    """Totals with the factor of their special days [d], and which days teach [d] -> the periods, each after those before it."""
    periods: tuple[PeriodEffect, ...] = ()
    ordinary = rows & effects.clock.special.ordinary(totals.days) if effects.clock else rows
    for name, plan in effects.plans.items():
        if history.drivers[name].period:
            left = totals.total / factor.clip(TELLING) / replace(effects, periods=periods)._scale(totals.days)
            inside = plan.on(totals.days) > 0
            periods += (period_effect(name, totals.days, left, ordinary, inside),)
    return periods
