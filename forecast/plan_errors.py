"""How far off was what had been said? Numbers said long before, beside what came, by queue and day or by weekday and hour.

    said, came [n] ─► deviation with its interval, the bar's, unavoidable noise ─► over or under ─► how often within the band
                   ─► by weekday and hour ─► the worst days, and how much of all misses has which reason

Means are scored, as in `plan_scoring.py`: a published number is one a planner adds up. A row of which one side is not known
counts on neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.losses import poisson_floor, wape_interval

WEEKS = 8
LEAST_WEEKS = 4  # of the eight, or there is no average
WEEK_DAYS = 7
HOURS = 24
DAY_HOURS = WEEK_DAYS * HOURS


@dataclass(frozen=True)
class Pairs:
    """Rows [n], NaN where not known: what came and what was said of it, in contacts, seconds or hours.

    place: int64[n], number of the queue; day: local days; low, high: of the band eight in ten lie in
    bar: what the mean of eight weeks said; weight: contacts a handling time held for, else 1
    """

    place: Ns
    day: Ns
    came: Floats
    said: Floats
    low: Floats
    high: Floats
    bar: Floats
    weight: Floats

    def take(self, rows: Flags | Ns) -> Pairs:
        """The chosen rows."""
        return Pairs(*(getattr(self, one.name)[rows] for one in fields(self)))

    @property
    def known(self) -> Flags:
        """bool[n]: are both sides known?"""
        return ~np.isnan(self.came) & ~np.isnan(self.said) & (self.weight > 0)

    @property
    def miss(self) -> Floats:
        """float[n]: said less came, weighted; above 0: too much was said."""
        return np.asarray((self.said - self.came) * self.weight)


@dataclass(frozen=True)
class Figure:
    """Shares of what came; None where nothing tells them. days: local days of which both sides are known.

    deviation: sum of |said - came| over came; low, high: its 90 % interval; bar: of the 8-week average, where there is one
    noise: of one who knows the rate; over: structurally over (above 0) or under; within: how often within the band
    beside: the deviation of the rows that have an average, and no others: what the average's is held against
    """

    days: int
    deviation: float | None
    low: float | None
    high: float | None
    bar: float | None
    noise: float | None
    over: float | None
    within: float | None
    beside: float | None = None

    @property
    def better(self) -> float | None:
        """By how much nearer than the 8-week average, on the rows that have one."""
        mine = self.deviation if self.beside is None else self.beside
        if mine is None or not self.bar:
            return None
        return 1 - mine / self.bar


def figure(pairs: Pairs, *, counts: bool = True) -> Figure:
    """All figures of some rows. counts: are they contacts? Of seconds and hours nobody knows the unavoidable noise."""
    mine = pairs.take(pairs.known)
    days, at = np.unique(mine.day, return_inverse=True)
    total = float((mine.came * mine.weight).sum())
    if total <= 0:
        return Figure(len(days), *(None,) * 7)
    errors, sums = (
        np.bincount(at, weights=each, minlength=len(days)).astype(np.float64)
        for each in (np.abs(mine.miss), mine.came * mine.weight)
    )
    low, high = wape_interval(errors, sums)
    both = ~np.isnan(mine.bar)
    base = float((mine.came * mine.weight)[both].sum())
    bar, beside = (
        float((np.abs(each - mine.came) * mine.weight)[both].sum()) / base if base > 0 else None
        for each in (mine.bar, mine.said)
    )
    banded = ~np.isnan(mine.low) & ~np.isnan(mine.high)
    inside = (mine.low <= mine.came) & (mine.came <= mine.high)
    return Figure(
        days=len(days),
        deviation=float(errors.sum()) / total,
        low=_known(low),
        high=_known(high),
        bar=bar,
        noise=_known(poisson_floor(mine.said)) if counts else None,
        over=float(mine.miss.sum()) / total,
        within=float(inside[banded].mean()) if banded.any() else None,
        beside=beside,
    )


def mean_of_weeks(values: Floats, lead: int, span: int, weight: Floats | None = None) -> Floats:
    """values[..., history + span] by day -> float[..., span]: the mean of the same weekday over the last eight weeks that
    were known so many days before. NaN where fewer than four of them are known, or the history is too short.

    weight: contacts, laid out like the values, where the mean is one of handling times
    """
    first = lead // WEEK_DAYS + 1
    begin = values.shape[-1] - span
    tops, bottoms = [], []
    held = np.ones_like(values) if weight is None else weight
    held = np.where(np.isnan(values) | np.isnan(held), 0.0, held)
    whole = np.nan_to_num(values) * held
    for week in range(first, first + WEEKS):
        start = begin - week * WEEK_DAYS
        cut = slice(max(start, 0), max(start, 0) + span) if start >= 0 else None
        if cut is not None:
            tops.append(whole[..., cut])
            bottoms.append(held[..., cut])
    if len(tops) < LEAST_WEEKS:
        return np.full((*values.shape[:-1], span), np.nan)
    top, bottom = np.sum(tops, axis=0), np.sum(bottoms, axis=0)
    enough = np.sum([one > 0 for one in bottoms], axis=0) >= LEAST_WEEKS
    return np.asarray(np.where(enough, top / np.where(enough, bottom, 1.0), np.nan))


@dataclass(frozen=True)
class Heat:
    """By weekday and hour: float[7, 24], NaN where nothing came or nothing is known. deviation, over: shares."""

    deviation: Floats
    over: Floats
    weekdays: Floats
    hours: Floats


def heat(day: Ns, said: Floats, came: Floats) -> Heat:
    """day[d], said, came [d, 24] by local hour -> where it is wrong; weekdays[7] and hours[24]: the deviation of each."""
    known = ~np.isnan(said) & ~np.isnan(came)
    miss, actual = np.where(known, said - came, 0.0), np.where(known, came, 0.0)
    slot = ((day + 3) % WEEK_DAYS)[:, None] * HOURS + np.arange(HOURS)[None, :]

    def summed(values: Floats) -> Floats:
        found = np.bincount(slot.ravel(), weights=values.ravel(), minlength=DAY_HOURS)
        return np.asarray(found.reshape(WEEK_DAYS, HOURS), dtype=np.float64)

    wrong, over, total = summed(np.abs(miss)), summed(miss), summed(actual)
    rows, columns = ((wrong.sum(axis=axis), total.sum(axis=axis)) for axis in (1, 0))
    return Heat(_over(wrong, total), _over(over, total), _over(*rows), _over(*columns))


def worst(pairs: Pairs, count: int) -> Ns:
    """Places of the rows that missed most, the worst first."""
    known = np.flatnonzero(pairs.known & (np.nan_to_num(np.abs(pairs.miss)) > 0))
    order = np.argsort(-np.abs(pairs.miss[known]), kind="stable")
    return np.asarray(known[order[:count]])


def by_reason(pairs: Pairs, reasons: Mapping[tuple[int, int], str]) -> Sequence[tuple[str, float, int]]:
    """(queue, day) -> reason; -> reason, its share of all that was missed, days; the largest first."""
    mine = pairs.take(pairs.known)
    total = float(np.abs(mine.miss).sum())
    found: dict[str, tuple[float, int]] = {}
    for place, day, miss in zip(
        mine.place.tolist(), mine.day.tolist(), np.abs(mine.miss).tolist(), strict=True
    ):
        name = reasons.get((place, day))
        if name:
            held, days = found.get(name, (0.0, 0))
            found[name] = held + miss, days + 1
    rows = [(name, part / total, days) for name, (part, days) in found.items() if total > 0]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.asarray(np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
