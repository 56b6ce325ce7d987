"""How long a signal runs ahead of the contacts, or behind them, with an interval.

    signal's deviations ┐ prewhitened   cross-correlation     centre of its peak
    contacts beyond rate┘ ───────────► at lags both ways ───► + bootstrap over days ─► lead | together | lag | nothing

Prewhitening by the signal's own autoregression (Box & Jenkins, Time Series Analysis, ch. 11) keeps a burst's own length from
looking like a lag; signed square roots keep one storm from deciding alone. Lags are counted inside a day's open hours: a
night between a post and a call is no head start. Where buckets of the queue show nothing, days are looked at. The centre
of the peak lies between the buckets, so that twenty minutes are told from none with half hours; days are drawn with
replacement (weeks, where the lag is in days) for its spread, robustly: now and then another peak is the larger one of a
drawing. A signal leads where its head start is above zero with nine chances in ten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, end
from forecast.features import deviations
from forecast.models.hindcasts import Hindcasts
from forecast.vintage import Signal, Snapshot, Versions

LEAD, TOGETHER, LAG, NOTHING = "posts lead", "together", "posts lag", "no lag stands out"
REACH_SECONDS = 6 * 3600  # lags that are looked at inside a day
REACH_DAYS = 7
ORDER = 4  # of the autoregression
SURE = (
    3.5  # standard errors: of two dozen lags of noise the largest is above it one time in a hundred and fifty
)
SHARE_OF_PEAK = 0.3  # lags beside the peak that count for its centre
LEAST_PAIRS = 60
RESAMPLES = 300
WIDE, NINE_IN_TEN = (
    1.645,
    1.282,
)  # standard deviations to the ends of a 90 % interval; above which nine in ten lie
QUARTILES = 1.349  # standard deviations between the quartiles of a normal law
WEEK = 7


@dataclass(frozen=True)
class HeadStart:
    """minutes: how long the signal runs ahead (negative: behind); lower, upper: its 90 % interval; score: in standard errors.

    regime: LEAD, TOGETHER, LAG or NOTHING (then there are no minutes); level: `interval` or `day`
    """

    regime: str = NOTHING
    minutes: float | None = None
    lower: float | None = None
    upper: float | None = None
    score: float = 0.0
    level: str = "interval"

    @property
    def leads(self) -> bool:
        """Whether the signal surely runs ahead."""
        return self.regime == LEAD


def head_start(snapshot: Snapshot, name: str, signal: str, hindcasts: Hindcasts) -> HeadStart:
    """By the queue's own buckets and, where these show nothing, by days."""
    series, told = snapshot.series(name), snapshot.signal(signal)
    if len(hindcasts) == 0 or len(told.values) == 0:
        return HeadStart()
    found = HeadStart()
    if series.interval.slots > 1 and told.interval.slots > 1:
        step = max(series.interval.seconds, told.interval.seconds)
        found = _measured(*by_slot(snapshot, name, told, hindcasts), step=step)
    if found.regime == NOTHING:
        days = _measured(*by_day(snapshot, name, told, hindcasts), step=86_400)
        found = days if days.regime != NOTHING else found
    return found


def excess(hindcasts: Hindcasts, together: int = 1) -> tuple[Ns, Floats]:
    """Local days int64[d] without a gap, contacts beyond the rate in standard deviations float[d, slots], NaN where closed.

    together: so many buckets of the queue are one slot
    """
    days = np.arange(hindcasts.origins[0], hindcasts.origins[-1] + 1)
    shape = (len(hindcasts), -1, together)
    came = hindcasts.came[:, 0].reshape(shape)
    rate = np.where(np.isnan(came), 0.0, hindcasts.rate[:, 0].reshape(shape)).sum(axis=2)
    beyond = np.nan_to_num(came).sum(axis=2) - rate
    table = np.full((len(days), rate.shape[1]), np.nan)
    table[hindcasts.origins - days[0]] = np.where(rate > 0, beyond / np.sqrt(rate + 0.5), np.nan)
    return days, table


def by_slot(snapshot: Snapshot, name: str, told: Signal, hindcasts: Hindcasts) -> tuple[Floats, Floats]:
    """Signal's deviations float[d, slots] (0 unknown) and contacts beyond the rate (NaN closed), by the longer of both buckets."""
    series = snapshot.series(name)
    longer = max(series.interval, told.interval, key=lambda one: one.seconds)
    days, contacts = excess(hindcasts, longer.seconds // series.interval.seconds)
    grid = Grid.days(int(days[0]), int(days[-1]), longer, series.tz)
    step = longer.seconds * SECOND
    slack = 300 * SECOND if told.interval is longer else 1
    said, enough = deviations(_as_made(told), grid.ds + step, np.array([0, step + slack], dtype=np.int64))
    table = np.zeros(contacts.shape)
    table[grid.day - days[0], grid.slot] = np.where(enough, said[:, 0], 0.0)
    return _root(table), _root(contacts)


def by_day(snapshot: Snapshot, name: str, told: Signal, hindcasts: Hindcasts) -> tuple[Floats, Floats]:
    """As `by_slot`, of whole days: float[d, 1]."""
    series = snapshot.series(name)
    rate, came = hindcasts.rate[:, 0], hindcasts.came[:, 0]
    scored = ~np.isnan(came)
    days = np.arange(hindcasts.origins[0], hindcasts.origins[-1] + 1)
    contacts = np.full((len(days), 1), np.nan)
    expected = np.where(scored, rate, 0.0).sum(axis=1)
    beyond = np.where(scored, np.nan_to_num(came) - rate, 0.0).sum(axis=1)
    open_ = expected > 0
    contacts[hindcasts.origins[open_] - days[0], 0] = beyond[open_] / np.sqrt(expected[open_] + 0.5)
    grid = Grid.days(int(days[0]), int(days[-1]), Interval.DAY, series.tz)
    slack = 2 * 3600 * SECOND if told.interval.slots == 1 else 1
    said, enough = deviations(_as_made(told), grid.ds + DAY, np.array([0, DAY + slack], dtype=np.int64))
    return _root(np.where(enough, said[:, 0], 0.0)[:, None]), _root(contacts)


def _as_made(told: Signal) -> Signal:
    """The signal as it stands now, each bucket as if known at its end: when it was said, not when it was heard."""
    ds, value = told.values.latest()
    return replace(told, values=Versions.of(ds, value, end(ds, told.interval, told.tz)))


def _root(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _measured(said: Floats, contacts: Floats, *, step: int) -> HeadStart:
    level = "interval" if said.shape[1] > 1 else "day"
    reach = max(1, REACH_SECONDS // step) if level == "interval" else REACH_DAYS
    lags = np.arange(-reach, reach + 1)
    white, filtered = prewhitened(said, contacts)
    products = _products(white, filtered, ~np.isnan(contacts), lags)
    whole = products.sum(axis=1)
    if whole[3].max() < LEAST_PAIRS:
        return HeadStart(level=level)
    correlation = _correlation(whole)
    scores = correlation * np.sqrt(whole[3])
    if scores.max() < SURE:
        return HeadStart(score=float(scores.max()), level=level)
    near = np.abs(lags - lags[int(np.argmax(correlation))]) <= max(2, reach // 3)
    drawn = _drawn(products[:, :, near], 1 if level == "interval" else WEEK)
    low, high = np.quantile([_centre(_correlation(one), lags[near]) for one in drawn], [0.25, 0.75])
    centre, spread = _centre(correlation, lags) * step / 60, float(high - low) / QUARTILES * step / 60
    sure = abs(centre) > NINE_IN_TEN * spread
    regime = TOGETHER if not sure else LEAD if centre > 0 else LAG
    lower, upper = centre - WIDE * spread, centre + WIDE * spread
    return HeadStart(regime, centre, lower, upper, float(scores.max()), level)


def prewhitened(said: Floats, contacts: Floats) -> tuple[Floats, Floats]:
    """Both tables float[d, slots] filtered by the autoregression of the first over ORDER buckets; closed ones count as 0."""
    flat = said.ravel()
    past = _past(flat)
    weights = np.linalg.lstsq(past, flat, rcond=None)[0]
    filtered = np.nan_to_num(contacts).ravel()
    filtered = filtered - _past(filtered) @ weights
    table = np.where(np.isnan(contacts), np.nan, filtered.reshape(contacts.shape))
    return (flat - past @ weights).reshape(said.shape), table


def _past(values: Floats) -> Floats:
    """float[n, ORDER]: the values before each, 0 before the first."""
    padded = np.concatenate([np.zeros(ORDER), values])
    return np.stack([padded[ORDER - lag : len(padded) - lag] for lag in range(1, ORDER + 1)], axis=1)


def _products(said: Floats, contacts: Floats, open_: Flags, lags: Ns) -> Floats:
    """float[4, d, lags]: by day and lag the sums of x*y, x*x, y*y and 1 over pairs with both buckets open."""
    found = np.zeros((4, len(said), len(lags)))
    axis = 1 if said.shape[1] > 1 else 0
    size = said.shape[axis]
    for at, lag in enumerate(lags.tolist()):
        early = (slice(None),) * axis + (slice(max(0, -lag), size - max(0, lag)),)
        late = (slice(None),) * axis + (slice(max(0, lag), size - max(0, -lag)),)
        x, y = said[early], contacts[late]
        both = open_[early] & ~np.isnan(y)
        x, y = np.where(both, x, 0.0), np.where(both, np.nan_to_num(y), 0.0)
        days = slice(0, len(x))
        for row, product in enumerate((x * y, x * x, y * y, both)):
            found[row, days, at] = product.sum(axis=1)
    return found


def _correlation(sums: Floats) -> Floats:
    """float[4, lags] -> float[lags]."""
    return np.asarray(sums[0] / np.sqrt(np.maximum(sums[1] * sums[2], 1e-12)))


def _centre(correlation: Floats, lags: Ns) -> float:
    """The peak's centre of gravity: lags around the largest correlation, as far as they hold a share of it."""
    peak = int(np.argmax(correlation))
    weight = np.where(correlation >= SHARE_OF_PEAK * correlation[peak], correlation, 0.0)
    begin = peak - int(np.argmax(np.append(weight[peak::-1], 0.0) <= 0)) + 1
    stop = peak + int(np.argmax(np.append(weight[peak:], 0.0) <= 0))
    inside = slice(max(begin, 0), stop)
    return float((weight[inside] * lags[inside]).sum() / max(weight[inside].sum(), 1e-12))


def _drawn(products: Floats, block: int) -> Floats:
    """float[resamples, 4, lags]: sums over days drawn in blocks; seeded by the length, so that a result can be repeated."""
    days = products.shape[1]
    rng = np.random.default_rng(days)
    begin = rng.integers(0, max(1, days - block + 1), size=(RESAMPLES, -(-days // block)))
    weights = np.zeros((RESAMPLES, days))
    for ahead in range(block):
        np.add.at(weights, (np.arange(RESAMPLES)[:, None], np.minimum(begin + ahead, days - 1)), 1.0)
    return np.asarray(np.einsum("rd,kdl->rkl", weights, products))
