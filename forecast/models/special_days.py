"""What a public holiday, a planner's special day and the days around them do to a day's total.

    special_days(history) -> SpecialDays;  SpecialDays.factor(days[n]) -> float[n]

A factor is relative to the weekday's usual level. Each past special day is compared with the median of the same
weekday's ordinary days in the four weeks before and, as far as known, after it: users of the common tools write
this by hand (facebook/prophet #1463, #2379). Two questions are kept apart, because a queue that closes on holidays
and one that is merely quieter have nothing in between:

- closed or open? The share of closed days of that name, a beta-binomial mean shrunk towards all names of its type.
- how busy when open? The mean log ratio, shrunk by empirical Bayes from name to type and from type to a prior:
  Efron & Morris (1975), Data analysis using Stein's estimator, JASA 70; Gelman et al., Bayesian Data Analysis, ch. 5.

Days of kind `once` teach nothing and are not expected again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.days import Calendar
from forecast.models.day_totals import DayTotals, baseline
from forecast.opening import IMPROBABLE
from forecast.vintage import History

LATEST = 1826  # days that teach: five years
LEAST = 0.02
SURE, SURE_CLOSED = 0.75, 0.95
SEARCH = 10
MORE = 60  # days looked up beyond those asked for
ORDINARY = ""


class Kind(NamedTuple):
    """What a day is: `type` one of TYPES or '' (ordinary), `key` the type with the special day's name."""

    type: str
    key: str


class Prior(NamedTuple):
    """Before any such day was seen: log factor and its spread; the days that the prior shares of closed days are worth.

    A name has its own habit (a bank that opens on Columbus Day does so every year), so `name_days` is small.
    """

    log_factor: float
    spread: float
    type_days: float
    name_days: float


class DayKind(NamedTuple):
    """What a kind of day does: the probability that it closes the queue, and the factor of its total when open."""

    closed: float
    open: float

    @property
    def factor(self) -> float:
        """What to expect: nearly sure is taken as sure, so that the middle of what may come is forecast."""
        if self.closed >= SURE:
            return 0.0
        return self.open * (1.0 if self.closed <= 1 - SURE else 1 - self.closed)


PLAIN = DayKind(0.0, 1.0)
USUAL = Kind(ORDINARY, ORDINARY)
ONCE = Kind("once", "once")
TYPES: Mapping[str, Prior] = {
    "holiday": Prior(np.log(0.6), 0.5, 1.0, 0.3),
    "own": Prior(0.0, 0.5, 0.5, 0.3),
    "bridge": Prior(np.log(0.9), 0.2, 5.0, 1.0),
    "after": Prior(np.log(1.05), 0.15, 5.0, 1.0),
    "before": Prior(0.0, 0.1, 5.0, 1.0),
}


class Span(NamedTuple):
    """Consecutive local days from `first` on: their kinds, and the factors of their totals once these are learnt."""

    first: int
    kinds: list[Kind]
    factors: Floats | None


@dataclass(frozen=True)
class SpecialDays:
    """The effects learnt. works: the weekdays on which the queue is open; effects: by key or type."""

    calendar: Calendar
    works: tuple[bool, ...]
    effects: Mapping[str, DayKind]
    held: dict[str, Span] = field(default_factory=dict, compare=False, repr=False)

    def kinds(self, days: Ns) -> list[Kind]:
        """Local days[n] -> Kind[n]."""
        span = self._span(days)
        return [span.kinds[day - span.first] for day in np.asarray(days).tolist()]

    def ordinary(self, days: Ns) -> Flags:
        """Local days[n] -> bool[n]: no special day, and none next to it."""
        return np.array([kind.type == ORDINARY for kind in self.kinds(days)], dtype=bool)

    def factor(self, days: Ns) -> Floats:
        """Local days[n] -> float[n] >= 0, the day's total relative to its weekday's level; 1 on ordinary days."""
        if len(days) == 0:
            return np.ones(0)
        span = self._span(days)
        factors = span.factors
        if factors is None:  # not before the effects are learnt
            every = np.arange(span.first, span.first + len(span.kinds))
            factors = np.array([effect.factor for effect in self._effects(every)], dtype=np.float64)
            self.held["span"] = span._replace(factors=factors)
        return factors[np.asarray(days, dtype=np.int64) - span.first]

    def _span(self, days: Ns) -> Span:
        """The kinds of all days asked for so far, and of some more."""
        held = self.held.get("span")
        first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
        if held is None or first < held.first or last >= held.first + len(held.kinds):
            if held is not None:
                first, last = min(first, held.first), max(last, held.first + len(held.kinds) - 1)
            every = np.arange(first, last + MORE, dtype=np.int64)
            self.held["span"] = held = Span(first, kinds(self.calendar, self.works, every), None)
        return held

    def closed(self, days: Ns) -> Floats:
        """Local days[n] -> probability float[n] that the day's name closes the queue; 0 or 1 where nearly sure."""
        sure = [effect.closed for effect in self._effects(days)]
        return np.array([0.0 if p < 1 - SURE_CLOSED else 1.0 if p > SURE_CLOSED else p for p in sure])

    def open_factor(self, days: Ns) -> Floats:
        """Local days[n] -> float[n], the factor of the day's total if the queue opens."""
        return np.array([effect.open for effect in self._effects(days)], dtype=np.float64)

    def _effects(self, days: Ns) -> list[DayKind]:
        return [
            self._effect(kind, day in self.calendar.opened)
            for day, kind in zip(np.asarray(days).tolist(), self.kinds(days), strict=True)
        ]

    def _effect(self, kind: Kind, opens: bool) -> DayKind:
        """opens: somebody said so, whatever the name usually does."""
        if kind.type == ORDINARY:
            return PLAIN
        effect = self.effects.get(kind.key, self.effects.get(kind.type, PLAIN))
        return effect._replace(closed=0.0) if opens else effect


def special_days(history: History) -> SpecialDays:
    """Learn the effects from one series as known at its cutoff; priors where nothing was seen."""
    return history.remember("special_days", lambda: _special_days(history))


def _special_days(history: History) -> SpecialDays:
    works = working_weekdays(history)
    totals = DayTotals.of(history, latest=LATEST)
    effects: dict[str, DayKind] = {}
    special = SpecialDays(history.calendar, works, effects)
    found = special.kinds(totals.days)
    usual = np.array([kind.type == ORDINARY for kind in found], dtype=bool)
    base = baseline(np.where(usual & ~totals.absent, totals.total, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(
            base > 0, (totals.total + 0.5) / (base + 0.5), np.nan
        )  # + 0.5: thin days can be empty
    seen = ~np.isnan(ratio)
    noise = _noise(ratio, usual & seen & ~totals.absent, totals.days)
    for name in TYPES:
        rows = [n for n in np.flatnonzero(seen) if found[n].type == name]
        shut = np.array([bool(totals.absent[n]) or _shut(totals.total[n], base[n]) for n in rows], dtype=bool)
        past = Past(
            [found[n].key for n in rows], np.log(np.clip(ratio[rows], LEAST, 1 / LEAST)), shut, noise[rows]
        )
        effects |= _type_effects(
            name, past, expected=(0.1 if works[6] else 0.6) if name == "holiday" else 0.0
        )
    return special


class Past(NamedTuple):
    """The past days of one type [m]: key, log ratio to the baseline, closed, variance of an ordinary log ratio."""

    keys: list[str]
    logs: Floats
    shut: Flags
    noise: Floats


def _type_effects(name: str, past: Past, *, expected: float) -> dict[str, DayKind]:
    """Effects by key, and of the type as a whole; `expected` is the share of closed days before any was seen."""
    prior = TYPES[name]
    closed = (past.shut.sum() + prior.type_days * expected) / (len(past.shut) + prior.type_days)
    named = {
        key: np.array([other == key for other in past.keys], dtype=bool) for key in sorted(set(past.keys))
    }
    seen = {key: _middle(past, rows & ~past.shut) for key, rows in named.items() if (rows & ~past.shut).any()}
    between = _between(list(seen.values()))
    weights = np.array([1 / prior.spread**2, *(1 / (between + variance) for _, variance in seen.values())])
    centres = np.array([prior.log_factor, *(middle for middle, _ in seen.values())])
    centre = float(centres @ weights / weights.sum())
    effects = {name: DayKind(float(closed), float(np.exp(centre)))}
    for key, rows in named.items():
        middle, variance = seen.get(key, (centre, np.inf))
        level = (middle / variance + centre / between) / (1 / variance + 1 / between)
        share = (past.shut[rows].sum() + prior.name_days * closed) / (rows.sum() + prior.name_days)
        effects[key] = DayKind(float(share), float(np.exp(level)))
    return effects


def _middle(past: Past, rows: Flags) -> tuple[float, float]:
    """Robust mean log ratio of these days, and its variance: the weighted median from three days on."""
    logs, certainty = past.logs[rows], 1 / past.noise[rows]
    if len(logs) < 3:
        return float(logs @ certainty / certainty.sum()), float(1 / certainty.sum())
    order = np.argsort(logs, kind="stable")
    share = np.cumsum(certainty[order]) / certainty.sum()
    return float(logs[order][np.searchsorted(share, 0.5)]), float(1.5 / certainty.sum())


def _shut(total: float, base: float) -> bool:
    """Next to nothing on a day that usually has so much that chance does not explain it."""
    return total < LEAST * base and base > -np.log(IMPROBABLE)


def _between(seen: Sequence[tuple[float, float]]) -> float:
    """(mean, variance) of each name -> variance between the names of a type, by moments."""
    if len(seen) < 2:
        return 0.1
    middles, variances = np.array(seen).T
    return max(float(middles.var(ddof=1) - variances.mean()), 0.05**2)


def _noise(ratio: Floats, rows: Flags, days: Ns) -> Floats:
    """float[n]: robust variance of the log ratio to the baseline on ordinary days (`rows`), by the day's weekday."""
    logs = np.log(np.clip(ratio, LEAST, 1 / LEAST))
    weekday = (days + 3) % 7
    noise = np.full(7, 0.2**2)
    for number in range(7):
        some = logs[rows & (weekday == number)]
        if len(some) >= 4:
            noise[number] = max(1.4826 * float(np.median(np.abs(some - np.median(some)))), 0.02) ** 2
    return noise[weekday]


def working_weekdays(history: History) -> tuple[bool, ...]:
    """bool[7], Monday first: has the weekday any open bucket, by what is known at the cutoff?"""
    first = history.today
    week = Grid.days(first, first + 6, history.series.interval, history.series.tz)
    open_ = history.usually(week)
    return tuple(bool(open_[week.weekday == weekday].any()) for weekday in range(7))


def kinds(calendar: Calendar, works: tuple[bool, ...], days: Ns) -> list[Kind]:
    """Local days[n] -> Kind[n]. Neighbours are the open days before and after a named day that would be open.

    A bridge day is the single working day between a named day and a weekend or closed day.
    """
    if len(days) == 0:
        return []
    first = int(days.min()) - SEARCH
    span = np.arange(first, int(days.max()) + SEARCH + 1, dtype=np.int64)
    names = [_plain(name) for name in calendar.names(span)]
    open_ = [works[(day + 3) % 7] for day in span]
    found = [USUAL] * len(span)
    for at, name in enumerate(names):
        if not name or not open_[at]:
            continue
        for step, side in ((1, "after"), (-1, "before")):
            near = at + step
            while 0 <= near < len(span) and not open_[near]:
                near += step
            if 0 <= near < len(span) and not names[near]:
                kind = side if abs(near - at) > 1 or not _gap(span[near], step, works) else "bridge"
                if found[near].type not in ("bridge", "after"):
                    found[near] = Kind(kind, f"{kind}:{name}")
    for at, name in enumerate(names):
        if name:
            day = int(span[at])
            kind = "own" if day in calendar.own else "holiday"
            found[at] = ONCE if day in calendar.once else Kind(kind, f"{kind}:{name}")
    return [found[int(day) - first] for day in days]


def _gap(day: int, step: int, works: tuple[bool, ...]) -> bool:
    """Does a weekend or a closed weekday follow (step 1) or precede (step -1) this working day?"""
    beyond = (int(day) + step + 3) % 7
    return not works[beyond] or beyond == (5 if step == 1 else 6)


def _plain(name: str) -> str:
    """`Christmas Day (observed); Boxing Day` -> `Christmas Day`."""
    return name.split(";")[0].split(" (")[0].strip()
