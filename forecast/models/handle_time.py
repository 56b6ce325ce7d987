"""Handling time: how long a contact takes on average in each future bucket, with its band.

    AHT = usual length x weekday x slot of the day x level of the day

Times of single calls are close to lognormal (Brown et al. 2005, J. Am. Stat. Assoc. 100:36-50); their mean moves over the
months and is alike on days close together (Ibrahim, L'Ecuyer, Shen & Thiongane 2016, Eur. J. Oper. Res. 250:480-492). So
the mean of n contacts is drawn lognormal, with the spread of one contact over n as its variance, around an expectation
with a day effect and a level that walks (`handle_level.py`). Everything is weighted by contacts.

Slots and weekdays are shrunk towards no difference by empirical Bayes with a moment estimate of how much they differ
(DerSimonian & Laird 1986, Control. Clin. Trials 7:177-188), and a bucket counts for at most LARGEST standard deviations
above its expectation: an interval of a single contact of 3,000 seconds does not shout.

Given the volume paths, AHT is drawn on its own: only n links them. On the simulated company (five queues, four seeds, 300
days each) a day's volume and its AHT correlate by -0.11 to -0.16 a queue, because thin intervals last longer there by the
way they are drawn (by exp(0.18 / n)); without that by -0.02 to 0.06. It would move the mean workload by less than 0.2 %.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid
from forecast.models.handle_level import Level
from forecast.vintage import History, by_day

TAUGHT_DAYS = 365  # what is older weighs nothing
FADE_DAYS = 56.0  # half-life of what slots and weekdays teach
USUAL_DAYS = 90  # days whose mean is the usual length
AROUND_DAYS = 15  # window of the level against which slots and weekdays are measured
ROUNDS = 4
LEAST_CONTACTS = 20.0  # with fewer there is no handling time to speak of
LARGEST = 6.0
PRIOR_SPREAD = 1.0  # squared coefficient of variation of one contact, unseen, worth PRIOR_BUCKETS buckets
PRIOR_BUCKETS = 10.0


@dataclass(frozen=True)
class Spent:
    """Days in a row up to the cutoff's own: days int64[d]; seconds, contacts float[d, slots], 0 where none is known."""

    days: Ns
    seconds: Floats
    contacts: Floats

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @property
    def weight(self) -> Floats:
        """float[d]: how much a day teaches about slots and weekdays."""
        return np.asarray(0.5 ** ((self.days[-1] - self.days) / FADE_DAYS))

    @classmethod
    def of(cls, history: History) -> Spent | None:
        """What a history knows; None where that is nothing or next to nothing."""
        if history.series.handling is None or len(history.grid) == 0:
            return None
        found = history.series.handling.on(history.grid.ds)
        first = max(history.first_day, history.today - TAUGHT_DAYS)
        seconds, contacts = (
            np.nan_to_num(by_day(history.grid, values, first=first, last=history.today))
            for values in (found.seconds, found.contacts)
        )
        days = np.arange(first, history.today + 1)
        kept = ~np.isin(days, list(history.calendar.once)) | (days == history.today)
        seconds, contacts = seconds * kept[:, None], contacts * kept[:, None]
        if contacts.sum() < LEAST_CONTACTS:
            return None
        return cls(days, seconds, contacts)


@dataclass(frozen=True)
class Factors:
    """What is usual: seconds, times weekday float[7], times slot float[slots]; spread: squared variation of one contact."""

    seconds: float
    weekday: Floats
    slot: Floats
    spread: float

    @classmethod
    def of(cls, spent: Spent) -> Factors:
        """Estimated in a few rounds, each dividing by what the others explain."""
        late = slice(-USUAL_DAYS, None) if spent.contacts[-USUAL_DAYS:].sum() > 0 else slice(None)
        usual = float(spent.seconds[late].sum() / spent.contacts[late].sum())
        found = cls(usual, np.ones(7), np.ones(spent.contacts.shape[1]), PRIOR_SPREAD)
        for _ in range(ROUNDS):
            found = found._again(spent)
        return found

    def expected(self, spent: Spent) -> Floats:
        """Seconds expected of the contacts that came, at the usual level, float[d, slots]."""
        return np.asarray(
            spent.contacts * self.seconds * self.weekday[spent.weekday][:, None] * self.slot[None, :]
        )

    def tamed(self, spent: Spent, expected: Floats) -> Floats:
        """Seconds spent, at most LARGEST standard deviations above what was expected, float[d, slots]."""
        room = LARGEST * np.sqrt(self.spread / np.maximum(spent.contacts, 1.0))
        return np.minimum(spent.seconds, expected * (1 + room))

    def _again(self, spent: Spent) -> Factors:
        expected = self.expected(spent)
        expected = expected * _around(self.tamed(spent, expected), expected)[:, None]
        seconds = self.tamed(spent, expected)
        spread = _spread(spent, seconds, expected)
        weight = spent.weight[:, None]
        slot = _shrunk(
            (weight * seconds).sum(axis=0),
            (weight * expected / self.slot).sum(axis=0),
            spread * _over((weight**2 * spent.contacts).sum(axis=0), (weight * spent.contacts).sum(axis=0)),
        )
        weekday = self._weekdays(spent, seconds, expected, spread=spread)
        return Factors(self.seconds, weekday, slot, spread)

    def _weekdays(self, spent: Spent, seconds: Floats, expected: Floats, *, spread: float) -> Floats:
        """float[7]: a weekday's handling time against the level, doubted for its contacts and for days' own effects."""
        member = (spent.weekday[:, None] == np.arange(7)) * spent.weight[:, None]
        came, due, contacts = seconds.sum(axis=1), expected.sum(axis=1), spent.contacts.sum(axis=1)
        sums, dues = came @ member, (due / self.weekday[spent.weekday]) @ member
        plain = np.divide(sums, dues, out=np.ones(7), where=dues > 0)[spent.weekday]
        held = (contacts > 0) & (due > 0)
        error = np.where(held, came / np.where(held, due / self.weekday[spent.weekday] * plain, 1.0) - 1, 0.0)
        share = spent.weight * contacts
        effect = (share * (error**2 - spread / np.maximum(contacts, 1.0))).sum() / share.sum()
        weight = contacts @ member
        doubt = spread * _over(contacts @ member**2, weight)
        doubt = doubt + np.minimum(_over(contacts**2 @ member**2, weight), 1.0) * max(0.0, float(effect))
        return _shrunk(sums, dues, doubt)


def _around(seconds: Floats, expected: Floats) -> Floats:
    """Level of each day [d]: spent over expected in a window around it; 1 where nothing is known."""
    came, due = (
        np.convolve(each.sum(axis=1), np.ones(AROUND_DAYS))[AROUND_DAYS // 2 :][: len(each)]
        for each in (seconds, expected)
    )
    return np.where(due > 0, came / np.where(due > 0, due, 1.0), 1.0)


def _over(top: Floats, weight: Floats) -> Floats:
    """Sum of squared weights over the squared sum: the variance of a weighted mean; infinite where nothing is known."""
    return np.where(weight > 0, top / np.where(weight > 0, weight, 1.0) ** 2, np.inf)


def _shrunk(came: Floats, due: Floats, variance: Floats) -> Floats:
    """Ratios came / due [k] with sampling variances [k] -> ratios moved towards 1 by how little they say."""
    known = (due > 0) & np.isfinite(variance)
    ratio = np.where(known, came / np.where(known, due, 1.0), 1.0)
    weight = np.where(known, 1 / np.where(known, variance, 1.0), 0.0)
    surprise = float((weight * (ratio - 1) ** 2).sum()) - known.sum()
    between = max(0.0, surprise / max(float(weight.sum()), 1e-12))
    return np.where(known, 1 + (ratio - 1) * between / (between + np.where(known, variance, 1.0)), 1.0)


def _spread(spent: Spent, seconds: Floats, expected: Floats) -> float:
    """Squared variation of one contact: how far buckets stray from their day's mean, times their contacts.

    Daily data stray from their week's mean; days' own effects are in it then.
    """
    group = np.repeat(spent.days, seconds.shape[1]) if seconds.shape[1] > 1 else spent.days // 7
    held = ((spent.contacts > 0) & (expected > 0)).ravel()
    _, group = np.unique(group[held], return_inverse=True)
    came, due, contacts = (each.ravel()[held] for each in (seconds, expected, spent.contacts))
    mean = (np.bincount(group, weights=came) / np.bincount(group, weights=due))[group]
    surprise = float((contacts * (came / due - mean) ** 2).sum())
    freedom = len(group) - len(np.unique(group))
    return (surprise + PRIOR_BUCKETS * PRIOR_SPREAD) / (freedom + PRIOR_BUCKETS)


@dataclass(frozen=True)
class FittedHandleTime:
    """Expected handling times of one series from a cutoff's local day on. share: contacts handled per contact offered."""

    name: str
    today: int
    factors: Factors
    level: Level
    share: float

    def expected(self, grid: Grid) -> Floats:
        """Seconds per contact in each bucket, float[n] > 0; days before the cutoff's count as its own."""
        return self._usual(grid) * self.level.expected(np.maximum(grid.day - self.today, 0))

    def _usual(self, grid: Grid) -> Floats:
        found = self.factors
        return np.asarray(found.seconds * found.weekday[grid.weekday] * found.slot[grid.slot])

    def draw(self, grid: Grid, contacts: Floats, *, seed: int) -> Floats:
        """Handling times float[n, draw] of buckets with contacts float[n, draw], from the cutoff's day on.

        A draw without a contact has the handling time that a contact would have: its n is one of the other draws'.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode()), zlib.crc32(b"handle time")])
        days, place = np.unique(grid.day, return_inverse=True)
        level = self.level.draw(np.maximum(days - self.today, 0), contacts.shape[1], rng)
        number = np.maximum(self.share * lent(contacts, rng), 1.0)
        variance = np.log1p(self.factors.spread / number)
        noise = np.exp(np.sqrt(variance) * rng.standard_normal(contacts.shape) - variance / 2)
        return np.asarray(self._usual(grid)[:, None] * level[place] * noise)


def lent(contacts: Floats, rng: np.random.Generator) -> Floats:
    """Contacts [n, draw] with every zero replaced by the number of another draw of its bucket that has some; 1 without any."""
    rows = np.flatnonzero((contacts <= 0).any(axis=1))
    if len(rows) == 0:
        return contacts
    some = contacts[rows]
    most_first = -np.sort(-some, axis=1)
    held = (some > 0).sum(axis=1, keepdims=True)
    pick = (rng.random(some.shape) * held).astype(np.int64)
    filled = contacts.copy()
    lender = np.where(held > 0, np.take_along_axis(most_first, pick, axis=1), 1.0)
    filled[rows] = np.where(some > 0, some, lender)
    return filled


def fit_handle_time(history: History) -> FittedHandleTime | None:
    """Learn from one series as known; None where it has no handling times."""
    spent = Spent.of(history)
    if spent is None:
        return None
    factors = Factors.of(spent)
    expected = factors.expected(spent)
    level = _around(factors.tamed(spent, expected), expected)[:, None]
    seconds = factors.tamed(spent, expected * level).sum(axis=1)
    due, contacts = expected.sum(axis=1), spent.contacts.sum(axis=1)
    held = due > 0
    ratio = np.where(held, seconds / np.where(held, due, 1.0), np.nan)
    doubt = factors.spread / np.maximum(contacts, 1.0)
    return FittedHandleTime(
        history.series.name, history.today, factors, Level.of(ratio, doubt), _share(history, spent)
    )


def _share(history: History, spent: Spent) -> float:
    """Contacts with a handling time per contact offered, where one is known."""
    offered = np.nan_to_num(
        by_day(history.grid, np.nan_to_num(history.y), first=int(spent.days[0]), last=history.today)
    )
    there = (spent.contacts > 0) & (offered > 0)
    return min(1.0, float(spent.contacts[there].sum() / max(float(offered[there].sum()), 1e-9)))
