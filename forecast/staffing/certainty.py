"""How often agents hold what is promised: the share of the forecast's distribution under which a target is kept.

    contacts at the kept quantiles [13, n] ─► between: [49, n] ─► what is reached with the agents, less the promise: margins
    ─► share_kept: the highest probability up to which the margin is not negative ─► often: words

More contacts never make a promise easier to keep, so that the contacts up to which it is kept, read off the forecast's
distribution, are the chance to keep it: P(kept) = F(the most contacts with which it is kept). F is known at the kept
quantiles, and taken as a straight line between them. Beyond the outermost, 0.025 and 0.975, nothing is known: there it is
said that it holds less than 1 time in 40, or more than 39, and never 0 or 1.

Within a day the intervals rise and fall together (comonotone): a day at its quantile tau is the day's usual shape times the
tau-quantile of its total over the mean of that. This leaves out that within a day some intervals are busier than others by
chance; their own distributions, which hold that chance too, are those of single intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.models.base import QUANTILES

STEPS = 4  # probabilities looked at between one kept quantile and the next
KEPT: Floats = np.array(QUANTILES)
FINE: Floats = np.interp(
    np.arange(STEPS * (len(QUANTILES) - 1) + 1) / STEPS, np.arange(len(QUANTILES)), QUANTILES
)
ROUNDING = 1e-9
Bound = Literal["less", "more"] | None


@dataclass(frozen=True)
class Held:
    """share[n]: the chance that the target is kept, 0.025 .. 0.975, NaN where it is not known.

    less: bool[n], not kept even at the lowest quantile; more: bool[n], kept even at the highest
    """

    share: Floats
    less: Flags
    more: Flags

    def bound(self, at: int) -> Bound:
        """`less`: it is less than the share says, `more`: it is more; None: it is as it says."""
        return "less" if self.less[at] else "more" if self.more[at] else None


def between(levels: Floats) -> Floats:
    """Contacts at the kept quantiles [k, n] -> at the probabilities FINE [f, n], on straight lines between them."""
    place = np.searchsorted(KEPT, FINE, side="right") - 1
    low = np.minimum(place, len(KEPT) - 2)
    weight = ((FINE - KEPT[low]) / (KEPT[low + 1] - KEPT[low]))[:, None]
    return np.asarray((1 - weight) * levels[low] + weight * levels[low + 1])


def of_days(usual: Floats, levels: Floats, factor: Floats) -> Floats:
    """Contacts at the kept quantiles of the day [k, n]: those usual in each interval [n], times the quantiles of its day
    over the day's mean [k, n]; where days are not forecast (NaN), the interval's own quantiles [k, n]."""
    return np.asarray(np.where(np.isnan(factor), levels, usual * factor))


def share_kept(margins: Floats) -> Held:
    """Margins at the probabilities FINE [f, n], not negative where the target is kept -> Held [n].

    Between two of them the margin is a straight line. A margin that recovers further up does not count again.
    """
    unknown = np.isnan(margins).any(axis=0)
    kept = np.logical_and.accumulate(np.nan_to_num(margins, nan=-1.0) >= -ROUNDING, axis=0)
    count = kept.sum(axis=0)
    less, more = (count == 0) & ~unknown, (count == len(FINE)) & ~unknown
    last = np.clip(count - 1, 0, len(FINE) - 2)
    column = np.arange(margins.shape[1])
    high, low = np.nan_to_num(margins[last, column]), np.nan_to_num(margins[last + 1, column])
    fall = np.maximum(high, 0.0) - low
    part = np.clip(np.maximum(high, 0.0) / np.where(fall > 0, fall, 1.0), 0.0, 1.0)
    found = FINE[last] + part * (FINE[last + 1] - FINE[last])
    found = np.where(less, FINE[0], np.where(more, FINE[-1], found))
    return Held(np.where(unknown, np.nan, found), less, more)


def often(share: float, bound: Bound, one: str = "day", many: str = "days") -> str:
    """A chance in words: `9 days of 10`; of what is rarer or more often, in fortieths; never none and never all."""
    if share != share:
        return "not known"
    if bound == "less":
        return f"less than 1 {one} in 40"
    if bound == "more":
        return f"more than 39 {many} in 40"
    whole = 10 if 0.1 <= share <= 0.9 else 40
    count = min(max(round(share * whole), 1), whole - 1)
    return f"about {count} {one if count == 1 else many} of {whole}"
