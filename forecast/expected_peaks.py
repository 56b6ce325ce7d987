"""The busiest stretch of a day that is still to come: when, how many, against the usual, and why.

Of the hours that have not begun the one with most contacts, and its neighbours as long as they hold nearly as many. What
it is due to are the parts of the forecast (`parts.py`) beyond the usual level and time of the week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.band_sums import shared, together

NEARLY = 0.85  # of the busiest hour: its neighbours belong to the peak
LONGEST = 4  # hours
WHY = ("special_day", "drivers", "social", "adjustment", "intraday")
LEAST = 0.05  # of what is expected: a smaller part is no reason
MORE = 1.1  # times the usual from which on a peak whose whole band lies above it is worth a word


@dataclass(frozen=True)
class Peak:
    """start, stop: ns; expected, low, safe: contacts, the band that of the sum of the hours; usual: NaN unknown.

    why: the part of the forecast it is due to, '' for the usual pattern of the day; share: of what is expected
    """

    queue: str
    day: int
    start: int
    stop: int
    expected: float
    low: float
    safe: float
    usual: float
    why: str = ""
    share: float = 0.0

    @property
    def beyond(self) -> bool:
        """Is more expected than is usual, by more than the band explains?"""
        return bool(self.low > self.usual and self.expected > MORE * self.usual)

    @property
    def against(self) -> float:
        """Expected less usual, as a share of it; NaN where nothing is usual."""
        return self.expected / self.usual - 1 if self.usual > 0 else float("nan")


@dataclass(frozen=True)
class Hours:
    """The open hours of one local day that have not begun [n], ascending: start and stop (ns), contacts, parts by name.

    expected: the middle of what may come; below, above: how far it lies over the low and under the safe end of the day's
        band, NaN where the day is not forecast
    """

    start: Ns
    stop: Ns
    expected: Floats
    low: Floats
    safe: Floats
    usual: Floats
    parts: Mapping[str, Floats]
    below: float = float("nan")
    above: float = float("nan")


def peak_of(queue: str, day: int, hours: Hours) -> Peak | None:
    """The peak of a day; None where nothing is expected any more."""
    mean = np.nan_to_num(hours.expected)
    if len(mean) == 0 or mean.max() < 0.5:
        return None
    first, last = _stretch(mean, hours.start, hours.stop)
    rows = slice(first, last + 1)
    expected = float(mean[rows].sum())
    parts = {name: float(np.nansum(hours.parts[name][rows])) for name in WHY if name in hours.parts}
    why = max(parts, key=lambda name: parts[name], default="")
    share = parts[why] / expected if why else 0.0
    if share < LEAST:
        why, share = "", 0.0
    low = expected - _width(hours.expected - hours.low, rows, hours.below)
    safe = expected + _width(hours.safe - hours.expected, rows, hours.above)
    usual = float(hours.usual[rows].sum())
    return Peak(
        queue, day, int(hours.start[first]), int(hours.stop[last]), expected, low, safe, usual, why, share
    )


def _width(widths: Floats, rows: slice, whole: float) -> float:
    """The width of the band of some hours together. widths: of each hour left of the day [n]; whole: of their sum."""
    common = shared(whole, float(np.nansum(widths)), len(widths))
    return together(common, rows.stop - rows.start) * float(widths[rows].sum())


def _stretch(mean: Floats, start: Ns, stop: Ns) -> tuple[int, int]:
    """First and last row of the busiest hour with its neighbours, the busier one first."""
    first = last = int(np.argmax(mean))
    least = NEARLY * mean[first]
    while last - first + 1 < LONGEST:
        before = mean[first - 1] if first > 0 and stop[first - 1] == start[first] else -1.0
        after = mean[last + 1] if last + 1 < len(mean) and start[last + 1] == stop[last] else -1.0
        if max(before, after) < least:
            break
        first, last = (first - 1, last) if before >= after else (first, last + 1)
    return first, last
