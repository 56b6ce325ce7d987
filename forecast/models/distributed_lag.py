"""What quantities sent on some days are worth on the days after: a regression that leaves the level alone.

    day total / usual day = level + weekday + place in the month + sum over drivers and lags of  amount x worth  + noise

The level is a random walk, and it is not estimated first and taken off: the regression is that on totals and columns
both freed of what such a walk can follow (`Walk.free`), which is generalised least squares for this model. So a wave
of letters never teaches the level, and a level that moves is not taken for an effect. How fast the walk may move is
chosen by its likelihood.

The worths of one driver have a normal prior: their sum is 0 but for a spread, their kernel falls from the first
days on, and a lag is like its neighbours. A driver counts by the probability that it does anything at all.

- Shiller (1973), A distributed lag estimator derived from smoothness priors, Econometrica 41:775-788
- Speckman (1988), Kernel smoothing in partial linear models, J. Royal Statistical Society B 50:413-436
- Mitchell & Beauchamp (1988), Bayesian variable selection in linear regression, JASA 83:1023-1036 (odds of no effect)
- Jin et al. (2017), Bayesian methods for media mix modeling with carryover and shape effects, Google Research: with
  few waves the prior decides, so it must be said
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.models.day_totals import month_waves

# usual shape over the working days from the day of sending on; sums to 1
KERNEL = np.array([0.16, 0.22, 0.19, 0.15, 0.11, 0.08, 0.05, 0.04])
LAGS = len(KERNEL)
SHAPE_SPREAD = 0.25  # of a lag's share on the first days, about its usual one
ALIKE = 0.6  # correlation of the deviations of neighbouring lags
STIFF = (1000.0, 300.0, 100.0, 30.0)  # variance of a day's noise over that of a day's step of the level
SLOW = 30_000.0  # of the level that totals are divided by, so slow that no wave bends it
CARE = 2.5  # standard deviations beyond which a day counts less (Huber)
MONTHLY = 3  # waves a month
# spread of weekdays about their medians, and of the waves, the slow ones first
HABITS = np.array([0.1] * 7 + [0.1, 0.1, 0.05, 0.05, 0.033, 0.033])


def _shape() -> Floats:
    """float[lags, lags]: covariance of a kernel's deviations, which add up to nothing."""
    spread = SHAPE_SPREAD * np.minimum(1.0, (KERNEL / KERNEL[3]) ** 0.7)
    apart = np.abs(np.arange(LAGS)[:, None] - np.arange(LAGS)[None, :])
    still = np.eye(LAGS) - np.outer(KERNEL, np.ones(LAGS))
    return np.asarray(still @ (np.outer(spread, spread) * ALIKE**apart) @ still.T)


SHAPE = _shape()


class Prior(NamedTuple):
    """Of one driver's total worth: mean, spread, and the probability that it is worth anything."""

    mean: float
    spread: float
    likely: float

    @property
    def size(self) -> float:
        """What the deviations of the kernel are relative to."""
        return max(abs(self.mean), self.spread)

    def covariance(self) -> Floats:
        """float[lags, lags]."""
        return np.asarray(self.spread**2 * np.outer(KERNEL, KERNEL) + self.size**2 * SHAPE)


@dataclass(frozen=True)
class Worths:
    """Normal law of the worths: mean float[k], covariance float[k, k], k = lags x drivers; likely: float[drivers]."""

    mean: Floats
    covariance: Floats
    likely: Floats
    evidence: float


@dataclass(frozen=True)
class Told:
    """What the days told: precision float[k, k] and pull float[k] of the likelihood exp(-w'Pw / 2 + p'w)."""

    precision: Floats
    pull: Floats

    @classmethod
    def nothing(cls, drivers: int) -> Told:
        """Of drivers never seen at work."""
        size = LAGS * drivers
        return cls(np.zeros((size, size)), np.zeros(size))

    def with_unseen(self, drivers: int) -> Told:
        """The same with further drivers of which nothing is told."""
        more = LAGS * drivers
        return Told(np.pad(self.precision, (0, more)), np.pad(self.pull, (0, more)))

    def worths(self, priors: Sequence[Prior]) -> Worths:
        """The law after the days, each driver weighted by the probability that it does anything."""
        count = len(priors)
        mean, covariance = np.zeros(LAGS * count), np.zeros((LAGS * count, LAGS * count))
        for at, prior in enumerate(priors):
            rows = slice(at * LAGS, (at + 1) * LAGS)
            mean[rows], covariance[rows, rows] = prior.mean * KERNEL, prior.covariance()
        found, spread, evidence = _after(self, mean, covariance)
        likely = np.array([prior.likely for prior in priors])
        for at, prior in enumerate(priors):
            if 0 < prior.likely < 1:
                others = np.arange(LAGS * count) // LAGS != at
                rest = Told(self.precision[np.ix_(others, others)], self.pull[others])
                without = _after(rest, mean[others], covariance[np.ix_(others, others)])[2]
                odds = prior.likely / (1 - prior.likely) * np.exp(np.clip(evidence - without, -50, 50))
                likely[at] = odds / (1 + odds)
        share = np.repeat(likely, LAGS)
        same = np.equal.outer(np.repeat(np.arange(count), LAGS), np.repeat(np.arange(count), LAGS))
        mixed = np.where(same, share[:, None], np.outer(share, share)) * spread
        mixed += np.where(same, (share * (1 - share))[:, None] * np.outer(found, found), 0.0)
        return Worths(share * found, mixed, likely, evidence)


def _after(told: Told, mean: Floats, covariance: Floats) -> tuple[Floats, Floats, float]:
    """Mean and covariance after the days, and the log of how likely the prior made what they told."""
    size = len(mean)
    inner = np.eye(size) + covariance @ told.precision
    spread = np.linalg.solve(inner, covariance)
    news = told.pull - told.precision @ mean
    log = (told.pull + news) @ mean / 2 + news @ spread @ news / 2 - np.linalg.slogdet(inner)[1] / 2
    return mean + spread @ news, (spread + spread.T) / 2, float(log)


@dataclass(frozen=True)
class Walk:
    """A random walk among days of certainty weight[n]; stiff: variance of a day's noise over that of a step.

    diagonal [n], below [n - 1]: the factor L D L' of its precision, which has three bands
    """

    weight: Floats
    stiff: float
    diagonal: Floats
    below: Floats

    @classmethod
    def of(cls, weight: Floats, stiff: float) -> Walk:
        """The walk with a factor ready for any number of columns."""
        from scipy.linalg.lapack import dpttrf

        bands = weight + 2 * stiff
        bands[[0, -1]] -= stiff
        diagonal, below, _ = dpttrf(bands, np.full(len(weight) - 1, -stiff))
        return cls(weight, stiff, diagonal, below)

    def level(self, columns: Floats) -> Floats:
        """What the walk follows of columns[n, k]."""
        from scipy.linalg.lapack import dpttrs

        return np.asarray(dpttrs(self.diagonal, self.below, columns * self.weight[:, None])[0])

    def free(self, columns: Floats) -> Floats:
        """What it does not follow of columns[n, k]."""
        return np.asarray(columns - self.level(columns))

    def likelihood(self, values: Floats) -> float:
        """Log likelihood of values[n] under the walk, but for a constant."""
        count = len(values)
        loss = float((values * self.weight) @ self.free(values[:, None])[:, 0]) / (count - 1)
        size = float(np.log(self.diagonal).sum()) - (count - 1) * np.log(self.stiff)
        return float(-0.5 * ((count - 1) * np.log(max(loss, 1e-12)) + size))


@dataclass(frozen=True)
class Days:
    """Totals y[n] of local days[n], their usual[n] size but for level and habits, certainty weight[n] of 0 .. 1."""

    y: Floats
    usual: Floats
    days: Ns
    weight: Floats

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @cached_property
    def habits(self) -> Floats:
        """float[n, h]: what the days have in common with other days: the weekday, the place in the month."""
        return np.hstack([np.equal.outer(self.weekday, np.arange(7)), month_waves(self.days, MONTHLY)])


@dataclass(frozen=True)
class State:
    """What the second round has that the first had not.

    care: float[n] certainty of each day; base: float[n] > 0 its slow level and weekday, without drivers
    variance: of the noise, relative to base; stiff: of the level
    """

    care: Floats
    base: Floats
    variance: float
    stiff: float = STIFF[1]

    @classmethod
    def begin(cls, days: Days) -> State:
        """Weekday medians and a slow level."""
        plain = days.y / days.usual
        weekday = np.full(7, max(float(plain.mean()), 1e-9))
        for number in range(7):
            some = plain[days.weekday == number]
            if len(some) > 1 and some.any():
                weekday[number] = float(np.median(some)) or float(some.mean())
        usual = weekday[days.weekday]
        ratio = np.clip(plain / usual, 0.5, 2.0)[:, None]
        level = Walk.of(days.weight, SLOW).level(ratio)
        spread = 1.4826 * float(np.median(np.abs(ratio - level)))
        return cls(days.weight, days.usual * usual * level[:, 0], max(spread, 0.01) ** 2)


class Round(NamedTuple):
    """One regression: told and worths[k] of the drivers, errors[n], and habit[n] by which each day deviates."""

    told: Told
    worths: Worths
    errors: Floats
    habit: Floats


def regress(
    days: Days, designs: Sequence[Floats], priors: Sequence[Prior], *, day: float
) -> tuple[int, Told]:
    """Which design (columns[n, k]) explains the totals best, and what it tells; a worth of 1 is `day` contacts."""
    state = State.begin(days)
    scaled = [design * day for design in designs]
    rounds = [_round(days, state, each, priors) for each in scaled]
    chosen = int(np.argmax([each.worths.evidence for each in rounds]))
    state = _improved(days, state, scaled[chosen], rounds[chosen])
    told, _, errors, _ = _round(days, state, scaled[chosen], priors)
    follow = float(errors[1:] @ errors[:-1]) / max(float(errors @ errors), 1e-12)
    follow = float(np.clip(follow, 0.0, 0.6))
    doubt = (1 - follow) / (1 + follow)  # of errors alike from day to day fewer are news
    return chosen, Told(told.precision * doubt, told.pull * doubt)


def _round(days: Days, state: State, design: Floats, priors: Sequence[Prior]) -> Round:
    """Totals and columns, both freed of the level; what is told of the worths whatever the habits are."""
    size = design.shape[1]
    every = np.column_stack([days.y, design, days.habits])
    every[:, : size + 1] /= state.base[:, None]
    free = Walk.of(state.care, state.stiff).free(every)
    gram = (every[:, 1:].T * state.care) @ free / state.variance
    pull, precision = gram[:, 0], gram[:, 1:]
    inner = precision[size:, size:] + np.diag(HABITS**-2)
    gain = np.linalg.solve(inner, np.column_stack([precision[size:, :size], pull[size:]]))
    cross = precision[:size, size:]
    told = Told(precision[:size, :size] - cross @ gain[:, :-1], pull[:size] - cross @ gain[:, -1])
    worths = told.worths(priors)
    habits = gain[:, -1] - gain[:, :-1] @ worths.mean
    errors = free[:, 0] - free[:, 1:] @ np.append(worths.mean, habits)
    return Round(told, worths, errors, days.habits @ habits)


def _improved(days: Days, state: State, design: Floats, found: Round) -> State:
    """Level and habits without the drivers; outliers and the pace of the level by what is left."""
    rest = (days.y - design @ found.worths.mean) / state.base - found.habit
    stiff = max(STIFF, key=lambda one: Walk.of(state.care, one).likelihood(rest))
    spread = max(1.4826 * float(np.median(np.abs(found.errors))), 0.005)
    spread /= np.sqrt(1 - 1 / np.sqrt(1 + 4 * state.stiff))  # the walk follows some of the noise
    care = days.weight * np.minimum(1.0, CARE * spread / np.maximum(np.abs(found.errors), 1e-9))
    level = Walk.of(care, SLOW).level(rest[:, None])[:, 0]
    return State(care, state.base * np.maximum(level + found.habit, 0.1), spread**2, stiff)
