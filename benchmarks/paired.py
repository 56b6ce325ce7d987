"""Two methods at the same cutoffs: what each lost there, the ratio of their losses, and how sure it is.

Each run becomes sums per lead band; all scores are ratios of such sums over the cutoffs. Cutoffs lie closer together than
their horizons reach: blocks of consecutive cutoffs are drawn (`forecast/resampling.py`), at least as long as horizons
overlap and never shorter than n^(1/3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.backtest import Run
from forecast.buckets import Interval, local_day
from forecast.losses import TAILS, TAUS, pinball
from forecast.models.base import band_of, bands
from forecast.resampling import PERCENTILES, Bounds, draws_of, ratio
from forecast.scoring import Scored, scored

MEASURES = (
    "buckets",
    "contacts",
    "error",
    "pinball",
    "drift",
    "open",
    "open_contacts",
    "width",
    "below_low",
    "upto_low",
    "below_high",
    "upto_high",
)
AT = {name: place for place, name in enumerate(MEASURES)}
LOW, HIGH = 0.1, 0.9
TOLERANCE = 0.03
MANY = 100  # from so many cutoffs on the shares themselves are judged, below that their intervals


def losses(runs: Iterable[Run], cutoffs: Sequence[int], interval: Interval) -> dict[str, Floats]:
    """Runs of one series -> model -> float[cutoffs, bands, MEASURES]; NaN at a cutoff where the model failed."""
    found: dict[str, Floats] = {}
    shape = (len(cutoffs), len(bands(interval)), len(MEASURES))
    for run in runs:
        table = found.setdefault(run.model, np.full(shape, np.nan))
        item = scored(run, None)
        if item is not None:
            table[cutoffs.index(run.cutoff)] = band_sums(item, interval)
    return found


def band_sums(item: Scored, interval: Interval) -> Floats:
    """float[bands, MEASURES]: sums over the buckets of each band.

    For the shares below a quantile it is rounded to whole contacts, so that a method that says 0.02 where nothing comes,
    or 5.4 where 5 come, has the leeway that one with whole quantiles has.
    """
    low, high = (np.round(item.tails[:, TAILS.index(tau)]) for tau in (LOW, HIGH))
    y, open_ = item.y, np.asarray(item.open, dtype=np.float64)
    columns = [
        np.ones(len(y)),
        y,
        np.abs(y - item.median),
        2 * pinball(y, item.q, TAUS).mean(axis=1),
        item.mean - y,
        open_,
        open_ * y,
        open_ * (item.tails[:, TAILS.index(HIGH)] - item.tails[:, TAILS.index(LOW)]),
        open_ * (y < low),
        open_ * (y <= low),
        open_ * (y < high),
        open_ * (y <= high),
    ]
    sums = np.zeros((len(bands(interval)), len(MEASURES)))
    np.add.at(sums, band_of(item.lead, interval), np.stack(columns, axis=1))
    return sums


def block_length(cutoffs: Sequence[int], horizon_days: int, tz: str) -> int:
    """Cutoffs in a block: as many as one forecast's horizon holds, n^(1/3) at least."""
    days = np.array([local_day(cutoff, tz) for cutoff in cutoffs])
    overlap = int((np.searchsorted(days, days + horizon_days) - np.arange(len(days))).max(initial=1))
    return max(overlap, int(np.ceil(len(days) ** (1 / 3))))


def geometric_mean(pairs: Sequence[tuple[Floats, Floats, Ns | None]]) -> Bounds:
    """(champion's, peer's losses float[cutoffs], resamples) per series -> geometric mean of the ratios, with interval.

    Series given the same resamples are drawn together: channels of one city share their weeks.
    """
    values = [ratio(top, bottom, None).value for top, bottom, _ in pairs]
    logs = np.log([value for value in values if value])
    if len(logs) == 0 or len(logs) < len(pairs):
        return Bounds(None, None, None)
    value = float(np.exp(logs.mean()))
    drawn = [draws_of(top, bottom, rows) for top, bottom, rows in pairs if rows is not None]
    if len(drawn) < len(pairs):
        return Bounds(value, None, None)
    means = np.exp(np.log(np.stack(drawn)).mean(axis=0))
    low, high = np.quantile(means[np.isfinite(means)], PERCENTILES)
    return Bounds(value, float(low), float(high))


def calibrated(below: Bounds, upto: Bounds, tau: float, cutoffs: int) -> bool | None:
    """Is tau between the share below its quantile and the share at or below it, within the tolerance?

    From MANY cutoffs on by the shares, with fewer only an interval that misses is a failure; None where nothing can be said.
    """
    least, most = (below.value, upto.value) if cutoffs >= MANY else (below.low, upto.high)
    if least is None or most is None:
        return None
    return least - TOLERANCE <= tau <= most + TOLERANCE
