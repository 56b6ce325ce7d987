"""The first posts of a burst: how much likelier the counts are if one began than if all is as usual.

Time runs in ticks of five minutes. Counts are taken per bucket of ticks, and of the bucket that runs as far as it has
come; a *cell* is what lies between two counts. Under "a burst of `size` posts began in tick s", its posts come by
the sum of two exponential times, rise and decay, so that a cell expects m + e instead of m. Per bucket

    log LR(s, h) = sum_i x_i log(1 + e_i / m_i) - (r + N) log(1 + E / (r + M))        N = sum x, M = sum m, E = sum e

which is negative binomial (size r: one gamma factor per bucket) shared out over its cells in proportion, so that a part
of a bucket is judged by the part that was to be expected. The score is the log of the mean over sizes and shapes h, summed over
onsets s with weights of mean one:

    score(t) = log sum_s w(s) sum_h p(h) LR(s, h)

the statistic of Shiryaev and Roberts with a mixture for what is unknown of the burst (Pollak 1987, Ann. Stat. 15:749;
Tartakovsky, Nikiforov & Basseville 2014, Sequential Analysis, ch. 6). Where the law of the quiet is known, exp(score) - t is
a martingale, so the mean time to a false alarm at a limit of log(A) is at least A ticks; with a mixture too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from forecast.arrays import Flags, Floats

TICK = 5  # minutes
A_DAY = 1440 // TICK  # ticks
A_WEEK = 7 * A_DAY
ELSEWHERE = 0.1  # weight of an onset when nobody could call soon: it can wait for more posts
# Posts an hour, and what is added to the limit with a count every tick or at the end of half hours only; measured by
# benchmarks.warnings.calibrate on seeds of its own, as the score that one warning a week reaches.
CORRECTION = np.array([[0.5, 2.0, 20.0], [-1.39, -0.85, -0.57], [-2.35, -1.6, -1.07]])
REACH = 48  # ticks: onsets longer ago than four hours raise no new alarm


def written(minutes: Floats, rise: Floats, decay: Floats) -> Floats:
    """Share of a burst's posts written within `minutes` of its onset; rise differs from decay. Shapes broadcast."""
    after = np.maximum(minutes, 0.0)
    left = decay * np.exp(-after / decay) - rise * np.exp(-after / rise)
    return np.asarray(1 - left / (decay - rise))


@dataclass(frozen=True)
class Law:
    """What a burst may be: hypotheses h with size (posts), rise and decay (minutes), and how likely each is."""

    size: Floats
    rise: Floats
    decay: Floats
    chance: Floats

    @classmethod
    def of(cls, sizes: Floats, rises: tuple[float, ...], decays: tuple[float, ...]) -> Law:
        """All combinations, equally likely."""
        rows = np.array(list(product(sizes, rises, decays)), dtype=np.float64)
        return cls(rows[:, 0], rows[:, 1], rows[:, 2], np.full(len(rows), 1 / len(rows)))

    def share(self, minutes: npt.NDArray[np.floating[Any]]) -> Floats:
        """float[m, h]: share of a burst's posts written within `minutes` [m] of its onset."""
        return written(np.asarray(minutes, dtype=np.float64)[:, None], self.rise, self.decay)

    @cached_property
    def steps(self) -> Floats:
        """float[REACH, h]: posts expected in the k-th tick of a burst that began in the middle of the 0th."""
        edges = (np.arange(REACH + 1) - 0.5) * TICK
        return np.asarray(np.diff(self.share(edges), axis=0) * self.size)


def limit(per_hour: float, a_week: float, *, partly: bool) -> float:
    """Score at which false alarms come `a_week` times a week, at so many posts an hour.

    log(ticks in a week / a_week) is safe by the martingale; CORRECTION is what simulation takes off (see there).
    """
    row = CORRECTION[1 if partly else 2]
    found = np.interp(np.log(max(per_hour, 1e-3)), np.log(CORRECTION[0]), row)
    return float(np.log(A_WEEK / a_week) + found)


def weights(matters: Flags) -> Floats:
    """bool[t] over whole days: would a burst that begins in this tick bring contacts soon? -> weights of mean 1."""
    held = np.where(matters, 1.0, ELSEWHERE)
    return np.asarray(held / held.mean())


def general_law(per_hour: float) -> Law:
    """Bursts a company with so many posts an hour should hear of: from twelve posts, or what shows above the noise, on."""
    least = max(12.0, 3.0 * float(np.sqrt(per_hour)))
    return Law.of(least * np.array([1.0, 2.0, 4.0, 8.0, 20.0]), (25.0,), (50.0, 130.0))


@dataclass(frozen=True)
class Watched:
    """score: float[n, t] at the end of each tick (-inf before the first count); odds: float[n, REACH, h] log LR of a
    burst that began REACH - 1 .. 0 ticks before the last, weights and chances included."""

    score: Floats
    odds: Floats


def watch(
    counts: Floats, expected: Floats, closes: Flags, spread: Floats, law: Law, weight: Floats, *, bucket: int
) -> Watched:
    """Judge every tick in one pass.

    counts:   float[n, t] posts that became known with the count at the end of a tick (0 where closes is false)
    expected: float[n, t] posts expected in each tick
    closes:   bool[t] was there a count at the end of the tick? True at the end of every bucket
    spread:   float[n] overdispersion 1 / r
    weight:   float[n, t] of an onset in each tick, 1 on the mean over a week
    bucket:   ticks of a bucket; the first tick begins one
    """
    n, ticks = counts.shape
    shape = (n, REACH, len(law.size))
    steps = law.steps.astype(np.float32)
    ring = np.concatenate([steps[::-1], steps[::-1]])  # row REACH - 1 - k: k ticks after the onset
    settled, grown = (
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )  # log LR: buckets over, this one
    cell, part = (
        np.zeros(shape[1:], np.float32),
        np.zeros(shape[1:], np.float32),
    )  # posts of the burst: in each
    prior = np.full(shape, -np.inf, np.float32)
    chance, logs = np.log(law.chance), np.log(np.maximum(weight, 1e-12))
    seen, usual, waiting = np.zeros(n), np.zeros(n), np.zeros(n)
    score, r = np.full((n, ticks), -np.inf), 1 / np.maximum(spread, 1e-9)
    for tick in range(ticks):
        place = tick % REACH
        settled[:, place] = grown[:, place] = 0.0
        cell[place] = part[place] = 0.0
        prior[:, place] = chance + logs[:, tick, None]
        cell += ring[REACH - 1 - place : 2 * REACH - 1 - place]  # onset s stands in row s % REACH
        waiting += expected[:, tick]
        if not closes[tick]:
            score[:, tick] = score[:, tick - 1] if tick else -np.inf
            continue
        some = np.flatnonzero(counts[:, tick] > 0)
        grown[some] += _wide(counts[some, tick]) * np.log1p(cell / _wide(waiting[some]))
        part += cell
        seen += counts[:, tick]
        usual += waiting
        cell[:], waiting[:] = 0.0, 0.0
        now = settled + grown - _wide(r + seen) * np.log1p(part / _wide(r + usual))
        score[:, tick] = _log_sum(now + prior)
        if (tick + 1) % bucket == 0:
            settled, grown[:], part[:] = now, 0.0, 0.0
            seen[:], usual[:] = 0.0, 0.0
    last = settled + grown - _wide(r + seen) * np.log1p(part / _wide(r + usual)) + prior
    return Watched(score, _in_order(last.astype(np.float64), ticks))


def _wide(values: Floats) -> npt.NDArray[np.float32]:
    """float[n] -> [n, 1, 1], in half the width: logs of ratios need no more than six digits."""
    return values.astype(np.float32)[:, None, None]


def _log_sum(logs: npt.NDArray[np.float32]) -> Floats:
    """[n, k, h] -> log of the sum over k and h [n]."""
    flat = logs.reshape(len(logs), -1)
    top = flat.max(axis=1)
    return np.asarray(top + np.log(np.exp(flat - top[:, None]).sum(axis=1)), dtype=np.float64)


def _in_order(odds: Floats, ticks: int) -> Floats:
    """Rows of the ring -> oldest onset first."""
    return np.asarray(np.roll(odds, -(ticks % REACH), axis=1))
