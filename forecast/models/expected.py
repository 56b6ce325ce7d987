"""The rate asked for, after what today has shown so far.

    members' rates ─► combined ─► centred ─► the last day's echo ─► today: closed after all? open after all? ─► its slots

A named day may close the queue or not; where that is unsure both are carried, each with its probability, until the
first hours of the day decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.days import Calendar
from forecast.models.base import FittedRate, RateModel
from forecast.models.combination import combine
from forecast.models.echo import Echo
from forecast.models.exceptional_openings import unusual_days, with_openings
from forecast.models.noise import News, Noise
from forecast.models.signal_effect import OWN_SECONDS, Effect, own_excess
from forecast.models.special_days import SpecialDays
from forecast.queue_map import part_of
from forecast.vintage import History, by_day

NIGHTS = 5  # whose forecasts of far days are averaged: a plan should not sway with every stormy day
SETTLING = 7  # days ahead from which on they are, fully from twice as many
FURTHEST = 28  # days within which an ordinary day of the same weekday is looked for
OPEN_AFTER_ALL = 0.1  # of what an ordinary day has by now, and
LEAST_SEEN = 20.0  # contacts that should have come by now before their absence means closed
CLOSED_AFTER_ALL = 0.9  # how sure that makes us: the feed may be broken as well


@dataclass(frozen=True)
class Learnt:
    """What was learnt about one series.

    members: the rates in use, with their fits; weights: float[members, ahead]
    effects: (signal, effect) per lead band in which a gate is open
    """

    members: tuple[RateModel, ...]
    fits: tuple[FittedRate, ...]
    weights: Floats
    noise: Noise
    echo: Echo
    special: SpecialDays
    effects: tuple[tuple[str, Effect], ...] = ()

    @property
    def unsure(self) -> float:
        """Standard deviation of the log size of signal effects, by which paths differ; 0 without any."""
        return max((effect.doubt for _, effect in self.effects), default=0.0)

    def plain(self) -> Learnt:
        """With the noise alone: no moved middle, no echo, no special day that the rates do not know themselves."""
        special = SpecialDays(Calendar(), self.special.works, {})
        return replace(self, noise=self.noise.centred(), echo=Echo.none(), special=special)


@dataclass(frozen=True)
class Expected:
    """The rate asked for, after today's news.

    rate:   float[n], if the queue opens
    before: float[n] before today's news, days that may be closed in proportion
    closed: float[days] probability that it does not; place: int64[n] row of `days`; days: local days
    news:   what today's slots said of the rest of today; None before the first of them
    own:    float[ages] the contacts' own excess just before the cutoff
    """

    rate: Floats
    before: Floats
    closed: Floats
    place: Ns
    days: Ns
    today: int
    news: News | None
    own: Floats

    @property
    def likely(self) -> Floats:
        """float[n]: the rate as a single number, 0 where closed is the likelier."""
        return np.where(self.closed[self.place] > 0.5, 0.0, self.rate)

    @classmethod
    def of(
        cls,
        learnt: Learnt,
        nights: Sequence[History],
        grid: Grid,
        *,
        intraday: bool,
    ) -> Expected:
        """Combine the members' rates on whole days, then let today's first slots move the rest.

        nights: the history as known now and, where the grid reaches far, as known some nights before
        """
        history, first = nights[0], nights[0].today
        table, closed = foreseen(learnt, nights, grid)
        noise, at = learnt.noise, (grid.day - first, grid.slot)
        before = (table * (1 - closed)[:, None])[at]
        own, news = np.zeros(len(OWN_SECONDS) - 1), None
        seen = slots_seen(history)
        if intraday and seen:
            came = by_day(history.grid, np.where(history.usable, history.y, np.nan), first=first, last=first)
            closed[0] = _closed_after_all(table[0], came[0], seen, float(closed[0]))
            likely = table[:1] * (closed[0] <= 0.5)
            own = own_excess(likely, came, seen, grid.interval.seconds)[0]
            news = noise.condition(likely, came, seen)
            table[0] *= np.exp(np.clip(news.adjustment[0], -2, 2))
            table[1:] *= np.exp(_carried(noise, len(table), float(news.shift[0])))[1:, None]
        days, place = np.unique(grid.day, return_inverse=True)
        return cls(table[at], before, closed[days - first], place, days, first, news, own)


def foreseen(learnt: Learnt, nights: Sequence[History], grid: Grid) -> tuple[Floats, Floats]:
    """Before today's news: rates float[days, slots] from today to the grid's last day, if the queue opens, and the
    probability of each day that it does not."""
    first, last = nights[0].today, int(grid.day[-1])
    table, closed = _if_open(learnt, nights, last, grid)
    count = np.arange(last - first + 1)
    move = learnt.noise.day.middle(count) + learnt.echo.ahead(first, len(count))
    return table * np.exp(move)[:, None], closed


def _if_open(learnt: Learnt, nights: Sequence[History], last: int, grid: Grid) -> tuple[Floats, Floats]:
    """Rates float[days, slots] given that the queue opens, and the probability of each day that it does not."""
    special, first = learnt.special, nights[0].today
    days = np.arange(first, last + 1, dtype=np.int64)
    closed, factor = special.closed(days), special.factor(days)
    unsure = np.flatnonzero((closed > 0) & (closed < 1) | (closed == 1) & (days == first))
    stand_ins = {int(at): _ordinary_like(special.ordinary, int(days[at])) for at in unsure}
    unusual = unusual_days(nights[0], first, last, special.ordinary)
    beyond = [*stand_ins.values(), *(one.like for one in unusual)]
    furthest = max([last, *(day for day in beyond if day is not None)])
    whole = Grid.days(first, furthest, grid.interval, grid.tz)
    tables = [
        with_openings(nights[0], unusual, _combined(learnt, history, whole), first, special.open_factor)
        for history in nights
    ]
    table = tables[0]
    if len(tables) > 1:
        settled = np.clip((np.arange(len(table)) - SETTLING) / SETTLING, 0.0, 1.0)[:, None]
        table = (1 - settled) * table + settled * np.mean(tables, axis=0)
    for at, stand_in in stand_ins.items():
        if factor[at] > 0:
            table[at] /= (1 - closed[at]) if closed[at] > 0.25 else 1.0
        elif stand_in is not None:
            table[at] = table[stand_in - first] * special.open_factor(days[at : at + 1])
    return table[: len(days)], closed


def _combined(learnt: Learnt, history: History, whole: Grid) -> Floats:
    """float[days, slots]: the members' rates on whole days, weighted."""
    part = part_of(history, whole)
    first, last = int(whole.day[0]), int(whole.day[-1])
    rates = [
        np.nan_to_num(by_day(whole, part * fit.rate(history, whole), first=first, last=last))
        for fit in learnt.fits
    ]
    return combine(np.stack(rates), learnt.weights)


def _ordinary_like(ordinary: Callable[[Ns], Flags], day: int) -> int | None:
    """The next ordinary day with the same weekday, None where there is none near."""
    later = np.arange(day + 7, day + FURTHEST + 1, 7, dtype=np.int64)
    found = later[ordinary(later)]
    return int(found[0]) if len(found) else None


def slots_seen(history: History) -> int:
    """How many leading slots of today are known; 0 at midnight and for daily data."""
    grid = history.grid
    mine = (grid.day == history.today) & ~np.isnan(history.y)
    return int(grid.slot[mine].max()) + 1 if mine.any() and grid.slots > 1 else 0


def _closed_after_all(rate: Floats, came: Floats, seen: int, closed: float) -> float:
    """The probability that the queue is closed today, given what came so far and the rates of an open day."""
    known = ~np.isnan(came[:seen])
    expected, counted = float(rate[:seen][known].sum()), float(np.nansum(came[:seen]))
    if counted > 0 and counted >= OPEN_AFTER_ALL * expected:
        return 0.0
    if counted == 0 and expected >= LEAST_SEEN:
        return max(closed, CLOSED_AFTER_ALL)
    return closed


def _carried(noise: Noise, days: int, shift: float) -> Floats:
    """float[days]: how much of today's day effect the days after share, by their correlation with today."""
    ahead = np.arange(days)
    covariance = noise.day.covariance(ahead)[0]
    return np.asarray(np.clip(covariance / covariance[0] * shift * (ahead > 0), -0.5, 0.5))
