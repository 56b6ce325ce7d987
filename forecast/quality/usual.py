"""What is usual for a queue: contacts per day and slot as the same weekdays around them have it, and how far they stray.

Looking back over what is held, so from both sides: the same weekday of four weeks before and four after, the day itself
left out, trimmed of the highest and the lowest. Special days, empty days and days that another finding speaks of
teach nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.quality.record import Record

NEAR = 4  # weeks to either side
WIDE = 8
LEAST_SPREAD = 0.05
SLOT_SPREAD = 0.3  # beyond Poisson; half hours stray more than days
IMPROBABLE = 1e-6


@dataclass(frozen=True)
class Usual:
    """expected: float[d, slots]; before, after: float[d] day totals by the five weeks before and after alone, NaN unknown

    left: bool[d] days that teach nothing; spread: how far days stray beyond Poisson (standard deviation of the log)
    """

    record: Record
    expected: Floats
    before: Floats
    after: Floats
    left: Flags
    spread: float

    @classmethod
    def of(cls, record: Record, left: Flags) -> Usual:
        """left: bool[d], special days and those claimed by other findings."""
        left = left | (record.totals == 0)
        table = _weekly(np.where(left[:, None], np.nan, record.came), record)
        expected = _days(_filled(_neighbours(table)), record) * _works(record)[:, None]
        if record.opens is not None:
            expected = expected * record.opens
        totals = _weekly(np.where(left, np.nan, record.totals)[:, None], record)
        before, after = (_days(_one_side(totals, side), record)[:, 0] for side in (-1, 1))
        spread = _spread(record.totals, expected.sum(axis=1), left)
        return cls(record, expected, before, after, left, spread)

    @cached_property
    def totals(self) -> Floats:
        """float[d]: expected contacts of each day."""
        return np.asarray(self.expected.sum(axis=1))

    def empty_by_chance(self, mean: Floats | float) -> Floats:
        """Expected contacts -> the probability that none came: negative binomial, of a rate that strays."""
        variance = max(2 * self.spread, SLOT_SPREAD) ** 2
        return np.asarray((1 + variance * np.asarray(mean, dtype=np.float64)) ** (-1 / variance))

    @cached_property
    def ratios(self) -> Floats:
        """float[d]: log of each day's contacts less what its weekday usually adds; NaN for days left out."""
        record = self.record
        log = np.where(self.left | (self.totals <= 0), np.nan, np.log(np.maximum(record.totals, 0.5)))
        return without_weekday(log, record.first_day)


def without_weekday(values: Floats, first_day: int) -> Floats:
    """values[d] per local day, NaN unknown -> less the median that each weekday lies above the days around it."""
    level = rolling_median(values, 14)
    weekday = (first_day + np.arange(len(values)) + 3) % 7
    out = values.copy()
    for each in range(7):
        mine = (weekday == each) & ~np.isnan(values) & ~np.isnan(level)
        if mine.sum() >= 3:
            out[mine] -= np.median((values - level)[mine])
        else:
            out[weekday == each] = np.nan  # too few to tell what is usual
    return out


def rolling_median(values: Floats, reach: int) -> Floats:
    """values[d] -> [d] the median of the days within `reach` to either side, NaN left out."""
    if len(values) == 0:
        return values
    padded = np.concatenate([np.full(reach, np.nan), values, np.full(reach, np.nan)])
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    count = (~np.isnan(windows)).sum(axis=1)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, 2 * reach)
    rows = np.arange(len(values))
    return np.asarray((windows[rows, low] + windows[rows, high]) / 2)


def mad(values: Floats) -> float:
    """The standard deviation of a normal law of this median absolute deviation; 0 of nothing."""
    held = values[~np.isnan(values)]
    return 0.0 if len(held) == 0 else float(1.4826 * np.median(np.abs(held - np.median(held))))


def _weekly(table: Floats, record: Record) -> Floats:
    """float[d, k] -> float[weeks, 7, k] from the Monday on or before the first day; NaN outside."""
    lead = (record.first_day + 3) % 7
    weeks = -(-(lead + len(table)) // 7)
    out = np.full((weeks * 7, table.shape[1]), np.nan)
    out[lead : lead + len(table)] = table
    return out.reshape(weeks, 7, table.shape[1])


def _days(weekly: Floats, record: Record) -> Floats:
    """float[weeks, 7, k] -> float[d, k]."""
    lead = (record.first_day + 3) % 7
    flat = weekly.reshape(-1, weekly.shape[2])
    return flat[lead : lead + len(record.days)]


def _shifted(weekly: Floats, by: int) -> Floats:
    """The week `by` weeks on in the place of each; NaN beyond the ends."""
    out = np.full_like(weekly, np.nan)
    if 0 < by < len(weekly):
        out[:-by] = weekly[by:]
    elif by < 0 and -by < len(weekly):
        out[-by:] = weekly[:by]
    return out


def _neighbours(weekly: Floats) -> Floats:
    """float[weeks, 7, k]: mean of the same weekdays around, without the highest and lowest; NaN below two of them."""
    total, count = np.zeros_like(weekly), np.zeros_like(weekly)
    high, low = np.full_like(weekly, -np.inf), np.full_like(weekly, np.inf)
    for by in [*range(-NEAR, 0), *range(1, NEAR + 1)]:
        each = _shifted(weekly, by)
        there = ~np.isnan(each)
        value = np.where(there, each, 0.0)
        total, count = total + value, count + there
        high = np.where(there, np.maximum(high, value), high)
        low = np.where(there, np.minimum(low, value), low)
    trimmed = count >= 4
    total = total - np.where(trimmed, high, 0.0) - np.where(trimmed, low, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= 2, total / np.where(trimmed, count - 2, count), np.nan)


def _filled(weekly: Floats) -> Floats:
    """NaN becomes the nearest earlier week's value, else the nearest later one's, else 0."""
    for _ in range(2):  # forwards, then the same backwards
        there = ~np.isnan(weekly)
        at = np.maximum.accumulate(
            np.where(there, np.arange(len(weekly))[:, None, None], 0).astype(np.int64), axis=0
        )
        weekly = np.take_along_axis(weekly, at, axis=0)[::-1]
    return np.nan_to_num(weekly)


def _works(record: Record) -> Flags:
    """bool[d]: a weekday that is mostly not empty in the eight weeks around; weeks without any contact do not count."""
    some = _weekly(np.where(record.totals > 0, 1.0, 0.0)[:, None], record)[:, :, 0]
    alive = np.nansum(some, axis=1) > 0
    known = np.where(np.isnan(some) | ~alive[:, None], np.nan, some)
    near, all_ = np.zeros_like(known), np.zeros_like(known)
    for by in range(-WIDE, WIDE + 1):
        each = known if by == 0 else _shifted(known[:, :, None], by)[:, :, 0]
        near, all_ = near + np.nan_to_num(each), all_ + ~np.isnan(each)
    share = np.divide(near, all_, out=np.full_like(near, np.nan), where=all_ > 0)
    return np.asarray(_days(_filled(share[:, :, None]), record)[:, 0] > 0.6)


def _one_side(totals: Floats, side: int) -> Floats:
    """float[weeks, 7, 1]: median of the same weekday in the five weeks before (-1) or after (1); NaN below two."""
    stack = np.sort(np.stack([_shifted(totals, side * by) for by in range(1, 6)]), axis=0)
    count = (~np.isnan(stack)).sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, 4)
    middle = (np.take_along_axis(stack, low[None], 0) + np.take_along_axis(stack, high[None], 0))[0] / 2
    return np.where(count >= 2, middle, np.nan)


def _spread(totals: Floats, expected: Floats, left: Flags) -> float:
    held = ~left & (expected > 0)
    if held.sum() < 10:
        return 0.3
    mean = float(np.mean(expected[held]))
    return max(LEAST_SPREAD, float(np.sqrt(max(0.0, mad(_log(totals, expected)[held]) ** 2 - 1 / mean))))


def _log(totals: Floats, expected: Floats) -> Floats:
    return np.asarray(np.log((totals + 0.5) / (expected + 0.5)))
