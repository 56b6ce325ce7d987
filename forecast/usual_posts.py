"""How many posts are usual at a time of the week, and how far counts stray from that: one storm is no habit.

stormy    a bucket above its hour's expectation by more than `STORMY` standard deviations, with an hour before it and
          three after; left out of all that follows, twice over
expected  the mean of this time of the week, drawn to hour x weekday (the hour lent to by its neighbours) by as many
          weeks as weigh the noise of one against `RHYTHM`, so that 30 posts a day still have a rhythm
level     what the last ten hours were against that, drawn to 1; the last hour may be a burst and are not asked
spread    a in variance = m + a m^2, by moments (Cameron & Trivedi 1998, Regression Analysis of Count Data, 3.4)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns

RHYTHM = 40.0  # 1 / cv^2 of a time of the week about its hour and weekday, a cv of 0.16
WEEKDAY = 20.0  # posts by which a weekday is drawn to the others
WIDTH = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9  # how neighbouring slots lend to a slot, half hours
STORMY = 4.0
BEFORE, AFTER = 1.0, 3.0  # hours about a stormy bucket that are left out
MOST = 1.0  # of the spread
FIRST_GUESS = 0.1
TAMED = 3.0  # standard deviations at which a bucket is cut before it moves the level
LEVEL = 44.0  # 1 / variance of the level: a cv of 0.15
LEVEL_HOURS = 1.0, 10.0  # the level is asked of these hours before
LEAST = 1e-3  # posts per bucket: never so quiet that one post proves a burst


@dataclass(frozen=True)
class Usual:
    """mean: float[n, 7, slots] per bucket by weekday and slot; spread: float[n] overdispersion a; stormy: bool[n, days, slots]."""

    mean: Floats
    spread: Floats
    stormy: Flags


def usual(counts: Floats, weekday: Ns) -> Usual:
    """counts float[n, days, slots] per bucket (NaN: unknown), weekday[days] -> what is usual."""
    known = ~np.isnan(counts)
    calm, held = known, np.nan_to_num(counts)
    stormy, spread = ~known, np.full(len(counts), FIRST_GUESS)
    for _ in range(3):
        mean = _mean(held, calm, weekday, spread)
        expected = mean[:, weekday]
        width = np.sqrt(expected + spread[:, None, None] * expected**2)
        stormy = known & (held > expected + STORMY * width + 1)
        calm = known & ~_about(stormy)
        spread = _spread(held, expected, calm)
    return Usual(_mean(held, calm, weekday, spread), spread, stormy)


def _about(stormy: Flags) -> Flags:
    """stormy[n, days, slots] -> with the hours about each, across midnight."""
    n, _, slots = stormy.shape
    before, after = (int(np.ceil(hours * slots / 24)) for hours in (BEFORE, AFTER))
    flat = stormy.reshape(n, -1)
    total = np.cumsum(np.pad(flat, ((0, 0), (after + 1, before))), axis=1)
    return np.asarray((total[:, after + before + 1 :] - total[:, : -after - before - 1]) > 0).reshape(
        stormy.shape
    )


def _mean(held: Floats, calm: Flags, weekday: Ns, spread: Floats) -> Floats:
    posts, weeks = (np.zeros((len(held), 7, held.shape[2])) for _ in range(2))
    for day in range(7):
        mine = weekday == day
        posts[:, day] = (held[:, mine] * calm[:, mine]).sum(axis=1)
        weeks[:, day] = calm[:, mine].sum(axis=1)
    hour = _smooth(posts.sum(axis=1)) / np.maximum(_smooth(weeks.sum(axis=1)), 1e-9)
    by_hour = (weeks * hour[:, None]).sum(axis=2)
    factor = (posts.sum(axis=2) + WEEKDAY) / (by_hour + WEEKDAY)
    prior = np.maximum(factor[:, :, None] * hour[:, None], LEAST)
    drawn = RHYTHM * (1 / prior + spread[:, None, None])  # weeks
    return np.asarray((posts + drawn * prior) / (weeks + drawn))


def _smooth(slots: Floats) -> Floats:
    """float[n, slots] -> each with its neighbours of the half hours about it, round the clock."""
    if slots.shape[1] < 24:
        return slots
    return np.asarray(
        sum(part * np.roll(slots, step, axis=1) for step, part in zip(range(-2, 3), WIDTH, strict=True))
    )


def _spread(held: Floats, expected: Floats, calm: Flags) -> Floats:
    beyond = ((held - expected) ** 2 - expected) * calm
    return np.asarray(
        np.clip(beyond.sum(axis=(1, 2)) / np.maximum((expected**2 * calm).sum(axis=(1, 2)), 1e-9), 0.0, MOST)
    )


def level(counts: Floats, expected: Floats, spread: Floats, slots: int) -> Floats:
    """counts, expected float[n, buckets], spread[n] -> float[n, buckets] posts over expected as of each bucket's start."""
    width = np.sqrt(expected + spread[:, None] * expected**2)
    tamed = np.minimum(counts, expected + TAMED * width)
    first, last = (max(1, round(hours * slots / 24)) for hours in LEVEL_HOURS)
    beyond, posts, square = (
        _trailing(values, first, last) for values in (tamed - expected, expected, expected**2)
    )
    noise = 1 + spread[:, None] * square / np.maximum(posts, 1e-9)
    return np.asarray(1 + beyond / (posts + LEVEL * noise))


def _trailing(values: Floats, first: int, last: int) -> Floats:
    """float[n, t] -> the sum from `last` to `first` buckets before each; the burst of the moment is outside."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    row = np.arange(values.shape[1])
    return np.asarray(total[:, np.maximum(row - first, 0)] - total[:, np.maximum(row - last, 0)])
