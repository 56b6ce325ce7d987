"""Lasting changes of a level: segments of least cost, with a penalty for each (Killick, Fearnhead & Eckley 2012, JASA 107:1590).

The cost of a segment is the sum of squares about its mean, of values brought in to two and a half deviations from the days
around, in units of the variance that a mean of many days has: day after day is alike, so a mean strays more than
independent days would (its variance by four weeks, from the differences of successive ones).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.quality.usual import mad, rolling_median

LEAST = 28  # days of a level before it counts as one
PENALTY = 2.0  # times log(days): measured in docs/benchmarks/quality.md
TAME = 2.5
MONTHS = 0.25
SURE = 4.0
NEAR = 14  # days to either side that must show the change too
ABRUPT = 0.55  # share of the change that is there within those days


@dataclass(frozen=True)
class Change:
    """at: place of the first day on the new level; size: change of the value; sure: deviations of its own kind away from none

    begin, stop: places between which it comes about (equal where at once)
    """

    at: int
    size: float
    sure: float
    begin: int
    stop: int


def changes(values: Floats, *, least_size: float, gradual: bool = False) -> list[Change]:
    """values[d] per day, NaN unknown -> lasting changes of at least that size, in order.

    gradual: also those that take some weeks; else a change must show within two weeks to either side of its day.
    """
    held = np.flatnonzero(~np.isnan(values))
    if len(held) < 2 * LEAST + 14:
        return []
    tame = _tamed(values)[held]
    unit = _variance(tame)
    cuts = _cuts(tame, unit)
    out = []
    edges = [0, *cuts, len(tame)]
    for before, cut, after in zip(edges, edges[1:], edges[2:], strict=False):
        found = _change(values[held], tame, unit, before, cut, after, gradual)
        if found is None or abs(found.size) < least_size:
            continue
        out.append(
            Change(int(held[found.at]), found.size, found.sure, int(held[found.begin]), int(held[found.stop]))
        )
    return out


def _tamed(values: Floats) -> Floats:
    """Values no further than `TAME` deviations from the median of the days around."""
    middle = rolling_median(values, NEAR)
    rest = values - middle
    reach = TAME * max(mad(rest), 1e-3)
    return np.asarray(middle + np.clip(rest, -reach, reach))


def _variance(tame: Floats) -> float:
    """Variance of a day's value, as its means over weeks have it; of months with less weight, since they hold the season."""
    units = [mad(np.diff(tame)) ** 2 / 2]
    for length, weight in ((7, 1.0), (28, MONTHS)):
        whole = len(tame) // length
        if whole >= 6:
            means = tame[-whole * length :].reshape(whole, length).mean(axis=1)
            units.append(weight * length * mad(np.diff(means)) ** 2 / 2)
    return float(max(*units, 1e-6))


def _cuts(tame: Floats, unit: float) -> list[int]:
    """Optimal partition: places at which segments of at least `LEAST` days begin."""
    n = len(tame)
    total, square = np.r_[0.0, np.cumsum(tame)], np.r_[0.0, np.cumsum(tame**2)]
    penalty = PENALTY * unit * np.log(n)
    best, came = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    best[0] = -penalty
    for stop in range(LEAST, n + 1):
        starts = np.arange(0, stop - LEAST + 1)
        length = stop - starts
        cost = square[stop] - square[starts] - (total[stop] - total[starts]) ** 2 / length
        whole = best[starts] + cost + penalty
        pick = int(np.argmin(whole))
        best[stop], came[stop] = whole[pick], starts[pick]
    cuts, at = [], n
    while at > 0:
        at = int(came[at])
        if at > 0:
            cuts.append(at)
    return cuts[::-1]


def _change(
    values: Floats, tame: Floats, unit: float, before: int, cut: int, after: int, gradual: bool
) -> Change | None:
    """What changes at a cut between two segments; None where it is no step, or within what such means stray."""
    begin, stop = max(before, cut - 56), min(after, cut + 56)
    at = _day(values, max(begin, cut - 70), min(stop, cut + 70), cut)
    old, new = (
        tame[begin : at - (21 if gradual and at - begin > 42 else 0)],
        tame[at + (21 if gradual and stop - at > 42 else 0) : stop],
    )
    if len(old) < NEAR or len(new) < NEAR:
        return None
    size = float(np.median(new) - np.median(old))
    sure = abs(size) / np.sqrt(unit * (1 / len(old) + 1 / len(new)))
    near = float(np.median(values[at : at + NEAR]) - np.median(values[max(0, at - NEAR) : at]))
    close = float(np.median(values[at : at + 5]) - np.median(values[max(0, at - 5) : at]))
    abrupt = min(near / size, close / size + 0.1) if size else 0.0
    if sure < SURE or (not gradual and abrupt < ABRUPT):
        return None
    if abrupt >= ABRUPT:
        return Change(at, size, sure, at, at)
    return Change(at, size, sure, *_ramp(tame, begin, stop))


def _day(values: Floats, low: int, high: int, cut: int) -> int:
    """The day of the step within two weeks of the cut: each day goes to the level it is nearer to, by tamed squares."""
    begin, stop = max(low + 7, cut - NEAR), min(high - 7, cut + NEAR)
    if begin >= stop:
        return cut
    one = float(np.median(values[max(low, cut - 42) : max(low + 5, cut - 4)]))
    other = float(np.median(values[min(high - 5, cut + 4) : min(high, cut + 42)]))
    reach = TAME * max(mad(np.diff(values[low:high])) / np.sqrt(2), 1e-3)
    days = values[begin:stop]
    gain = np.minimum(np.abs(days - other), reach) ** 2 - np.minimum(np.abs(days - one), reach) ** 2
    return begin + int(np.argmin(np.r_[0.0, np.cumsum(-gain)]))


def _ramp(tame: Floats, begin: int, stop: int) -> tuple[int, int]:
    """First and last place of the way from one level to the other: of least squares, a line between two levels."""
    days = np.arange(begin, stop)
    best, places = np.inf, (begin, stop - 1)
    for low in range(begin + 7, stop - 14, 3):
        for high in range(low + 3, stop - 7, 3):
            way = np.clip((days - low) / (high - low), 0.0, 1.0)
            one, other = tame[begin:low].mean(), tame[high:stop].mean()
            cost = float(((tame[begin:stop] - one - (other - one) * way) ** 2).sum())
            if cost < best:
                best, places = cost, (low, high)
    return places
