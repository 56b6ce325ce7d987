"""What changes by hand were worth: the error of the forecast with and without them, on days that are over.

Two measures: the sum over intervals of |contacts - median|, and the sum over days of |contacts - mean| (the median of a day
is not the sum of the medians of its intervals). What counts as evidence is weeks, not days: the days of one change, and the
changes of one week, tend to be right or wrong together, so that the interval comes from whole weeks drawn anew, and three
lucky days prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.resampling import ratio, resampled

LEAST_WEEKS = 8
SEED = 1
Verdict: TypeAlias = Literal["better", "worse", "not enough to tell"]


@dataclass(frozen=True)
class Tried:
    """One change on one queue, in the changed units [n] that are over: what came, and what was forecast.

    day: local days; without, with_: float[n, 2], median and mean of the forecast without and with the change
    """

    override: int
    author: str
    reason: str
    queue: str
    day: Ns
    came: Floats
    without: Floats
    with_: Floats


@dataclass(frozen=True)
class Worth:
    """What some changes were worth. gained: part of the error taken away; low, high: its 90 % interval.

    days: of queues, each once per change; helped: those whose error per interval fell
    """

    name: str
    overrides: int
    days: int
    helped: int
    weeks: int
    contacts: float
    error_without: float
    error_with: float
    gained: float | None
    low: float | None
    high: float | None
    day_error_without: float
    day_error_with: float
    day_gained: float | None

    @property
    def verdict(self) -> Verdict:
        """Only an interval that lies wholly on one side says something."""
        if self.low is not None and self.low > 0:
            return "better"
        return "worse" if self.high is not None and self.high < 0 else "not enough to tell"

    @property
    def sentence(self) -> str:
        """`Helped on 9 of 14 days: 12 % less error; that may be chance (3 weeks of at least 8).`"""
        if self.days == 0 or self.gained is None:
            return "No day of it is over and known, or there was no error to take away."
        change = f"{abs(100 * self.gained):.0f} % {'less' if self.gained >= 0 else 'more'} error"
        said = f"Helped on {self.helped} of {self.days} days: {change}"
        if self.low is None or self.high is None:
            return f"{said}; that may be chance ({self.weeks} weeks of at least {LEAST_WEEKS})."
        span = f"between {100 * self.low:+.0f} and {100 * self.high:+.0f} % less (90 % interval)"
        return f"{said}, {span}: {self.verdict}."


@dataclass(frozen=True)
class Worths:
    """In all, by author, by reason, and per change."""

    total: Worth
    authors: tuple[Worth, ...]
    reasons: tuple[Worth, ...]
    overrides: tuple[Worth, ...]


def value_added(tried: Sequence[Tried]) -> Worths:
    """The worth of changes on the days they were tried."""

    def by(name: str) -> tuple[Worth, ...]:
        keys = sorted({getattr(one, name) for one in tried})
        return tuple(_worth(str(key), [one for one in tried if getattr(one, name) == key]) for key in keys)

    return Worths(_worth("all", tried), by("author"), by("reason"), by("override"))


def _worth(name: str, tried: Sequence[Tried]) -> Worth:
    day = np.concatenate([np.zeros(0, dtype=np.int64), *(_days(one)[0] for one in tried)])
    errors = np.concatenate([np.zeros((0, 4)), *(_days(one)[1] for one in tried)])
    weeks, place = np.unique((day + 3) // 7, return_inverse=True)  # 1970-01-01 was a Thursday
    sums_of = np.zeros((len(weeks), 2))
    np.add.at(sums_of, place, errors[:, :2])
    without, with_ = sums_of.T
    drawn = resampled(len(weeks), 1, seed=SEED) if len(weeks) >= LEAST_WEEKS else None
    bounds = ratio(without - with_, without, drawn)
    sums = errors.sum(axis=0)
    return Worth(
        name=name,
        overrides=len({one.override for one in tried}),
        days=len(day),
        helped=int((errors[:, 1] < errors[:, 0]).sum()),
        weeks=len(weeks),
        contacts=float(sum(one.came.sum() for one in tried)),
        error_without=float(sums[0]),
        error_with=float(sums[1]),
        gained=bounds.value,
        low=bounds.low,
        high=bounds.high,
        day_error_without=float(sums[2]),
        day_error_with=float(sums[3]),
        day_gained=float((sums[2] - sums[3]) / sums[2]) if sums[2] > 0 else None,
    )


def _days(one: Tried) -> tuple[Ns, Floats]:
    """Its days [d], and float[d, 4]: errors of the intervals without and with the change, then of the whole day."""
    days, place = np.unique(one.day, return_inverse=True)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=values, minlength=len(days)), dtype=np.float64)

    came = summed(one.came)
    fine = [summed(np.abs(one.came - said[:, 0])) for said in (one.without, one.with_)]
    whole = [np.abs(came - summed(said[:, 1])) for said in (one.without, one.with_)]
    return days, np.column_stack([*fine, *whole])
