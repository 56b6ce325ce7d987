"""What the latest contacts and a signal, as known now, say about those to come: ridge regression, scored forward.

A row is an origin (a day, and a moment in it); its target is how many more contacts came within a lead band than the
rate expected, after the day effect had learnt from the day so far. Its features are the contacts' own excess in the
last slots (a storm that is in the phones already needs no post to be seen) and, beside them, the signal's deviations
as known at that moment (`forecast/features.py`). So a signal is asked only for what the contacts do not tell by
themselves. Bands are fitted apart (direct forecasts), because a burst's meaning changes with the hours.

Every row is predicted from fits on earlier weeks only, and the strength of the shrinkage is the one that would have
lost least so far, "no effect" among the choices. The same forward predictions are the
evidence (`forecast/evidence.py`): what the planner sees as gain is what the model would have gained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.features import deviations
from forecast.models.base import bands
from forecast.models.hindcasts import Hindcasts
from forecast.models.noise import Noise
from forecast.vintage import Series, Signal, Snapshot

REACH_SECONDS = 7 * 86_400  # beyond a week no burst is known to speak
RIDGES = (np.inf, 3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0)
FIRST_FIT_DAYS = 28
ADDITIVE = ("0-1h", "1-4h")  # here an effect is a number of contacts a bucket, further on a share of the rate
OWN_SECONDS = (0, 1800, 5400, 14_400)  # ages between which the contacts' own excess is summed up


@dataclass(frozen=True)
class Rows:
    """One lead band's rows, in order of their moment.

    moment: ns[r]; day: int64[r] local day of the origin; matured: int64[r] local day by which the target is known
    excess: float[r] contacts that came beyond the rate; expected: float[r] the rate's sum; buckets: float[r] open ones
    own: float[r, ages] the contacts' own excess before the moment
    """

    band: str
    moment: Ns
    day: Ns
    matured: Ns
    excess: Floats
    expected: Floats
    buckets: Floats
    own: Floats


@dataclass(frozen=True)
class Scored:
    """Forward predictions of a band: every row from fits on earlier weeks only.

    without, with_signal: float[r] predicted excess; valid: bool[r] rows of weeks after the first fit
    """

    rows: Rows
    without: Floats
    with_signal: Floats
    valid: Flags


@dataclass(frozen=True)
class Effect:
    """A band's effect: coefficients on scaled features, how unsure it is, and the weight the gate gives it.

    doubt: standard deviation of the effect relative to its size
    """

    band: str
    coefficients: Floats
    scale: Floats
    doubt: float
    weight: float = 1.0

    def excess(self, features: Floats) -> float:
        """Features [f] at the cutoff -> contacts beyond the rate per unit of the band (see `build_rows`)."""
        return float(features / self.scale @ self.coefficients)


def origin_slots(hindcasts: Hindcasts, slots: int) -> Ns:
    """Slots of the day from which the rest is forecast: midnight, and every one from an hour before opening on."""
    if slots == 1 or len(hindcasts) == 0:
        return np.zeros(1, dtype=np.int64)
    open_ = np.flatnonzero(
        ~np.isnan(hindcasts.came[:, 0]).all(axis=0) & (hindcasts.rate[:, 0].sum(axis=0) > 0)
    )
    if len(open_) == 0:
        return np.zeros(1, dtype=np.int64)
    first = max(1, int(open_[0]) - slots // 24)
    return np.concatenate([[0], np.arange(first, int(open_[-1]) + 1)])


def own_excess(rate: Floats, came: Floats, seen: int, interval_seconds: int) -> Floats:
    """rate, came float[days, slots] -> float[days, ages]: contacts beyond the rate in the slots just before `seen`."""
    beyond = np.where(np.isnan(came), 0.0, np.nan_to_num(came) - rate)
    edges = [seen - max(position, -(-age // interval_seconds)) for position, age in enumerate(OWN_SECONDS)]
    spans = [(max(0, low), max(0, high)) for high, low in pairwise(edges)]
    return np.stack([beyond[:, low:high].sum(axis=1) for low, high in spans], axis=1)


def build_rows(
    snapshot: Snapshot, name: str, hindcasts: Hindcasts, noise: Noise, *, intraday: bool = True
) -> list[Rows]:
    """Rows per lead band within reach; with `intraday` the rest of the day has learnt from the day's start."""
    series = snapshot.series(name)
    interval = series.interval
    slots, step = interval.slots, interval.seconds
    ahead = min(8, hindcasts.rate.shape[1])
    moments = _moments(hindcasts.origins, slots, series)
    parts: dict[str, list[Rows]] = {}
    for seen in origin_slots(hindcasts, slots):
        rate = hindcasts.rate[:, :ahead].copy()
        own = np.zeros((len(rate), len(OWN_SECONDS) - 1))
        if seen and intraday:
            own = own_excess(rate[:, 0], hindcasts.came[:, 0], int(seen), step)
            log_adjustment, _, _ = noise.condition(rate[:, 0], hindcasts.came[:, 0], int(seen))
            rate[:, 0] *= np.exp(log_adjustment)
        came_flat = hindcasts.came[:, :ahead].reshape(len(rate), -1)[:, seen:]
        rate_flat = rate.reshape(len(rate), -1)[:, seen:]
        lead = np.arange(rate_flat.shape[1]) * step
        for band, begin, stop in bands(interval):
            inside = (lead >= begin) & (lead < stop)
            if begin >= REACH_SECONDS or not inside.any() or (seen == 0 and band in ADDITIVE):
                continue
            came, expected = came_flat[:, inside], rate_flat[:, inside]
            scored = ~np.isnan(came)
            days = (int(seen) + int(np.flatnonzero(inside)[-1])) // slots + 1
            rows = Rows(
                band,
                moments[:, seen],
                hindcasts.origins,
                hindcasts.origins + days,
                np.where(scored, np.nan_to_num(came) - expected, 0.0).sum(axis=1),
                np.where(scored, expected, 0.0).sum(axis=1),
                scored.sum(axis=1).astype(np.float64),
                own,
            )
            parts.setdefault(band, []).append(rows)
    return [_in_order(band, pieces) for band, pieces in parts.items()]


def _moments(origins: Ns, slots: int, series: Series) -> Ns:
    """int64[o, slots]: the moment at which each slot of an origin's day begins; -1 in the hour that a spring skips."""
    grid = Grid.days(int(origins[0]), int(origins[-1]), series.interval, series.tz)
    table = np.full((int(origins[-1] - origins[0]) + 1, slots), -1, dtype=np.int64)
    table[grid.day - origins[0], grid.slot] = grid.ds
    return np.asarray(table[origins - origins[0]])


def _in_order(band: str, pieces: Sequence[Rows]) -> Rows:
    """All origins of a band, in order of their moment, without those that have nothing to compare."""
    joined = {
        key: np.concatenate([getattr(piece, key) for piece in pieces])
        for key in ("moment", "day", "matured", "excess", "expected", "buckets", "own")
    }
    keep = np.flatnonzero((joined["buckets"] > 0) & (joined["expected"] > 0) & (joined["moment"] >= 0))
    order = keep[np.argsort(joined["moment"][keep], kind="stable")]
    return Rows(band, **{key: column[order] for key, column in joined.items()})


def features_at(signals: Sequence[Signal], times: Ns) -> tuple[Floats, Flags]:
    """float[t, signals x windows] deviations at ascending times, and where all signals had enough past bool[t]."""
    unique, place = np.unique(times, return_inverse=True)
    found = [deviations(signal, unique) for signal in signals]
    values = np.concatenate([value for value, _ in found], axis=1)[place]
    return values, np.logical_and.reduce([enough for _, enough in found])[place]


@dataclass(frozen=True)
class _Problem:
    """Weighted, scaled regression of a band: x float[r, f], y float[r], week int64[r], ready int64[r]."""

    x: Floats
    y: Floats
    week: Ns
    ready: Ns
    scale: Floats
    unit: Floats


def _problem(rows: Rows, features: Floats, enough: Flags) -> _Problem:
    unit = rows.buckets if rows.band in ADDITIVE else rows.expected
    spread = np.clip(np.abs(rows.excess) / np.sqrt(rows.expected + 1), None, 50)
    typical = max(1.0, float(np.median(spread)) / 0.6745)
    weight = 1 / (typical * np.sqrt(rows.expected + 1))  # standard deviation of a quiet row's excess
    overlap = np.sqrt(
        max(1.0, len(rows.day) / max(1, len(np.unique(rows.day))))
    )  # rows of one day share their news
    usable = enough.astype(np.float64)
    scale = np.sqrt((features**2 * usable[:, None]).sum(axis=0) / max(usable.sum(), 1.0)) + 1e-9
    x = features / scale * (unit * weight * usable / overlap)[:, None]
    return _Problem(
        x, rows.excess * weight * usable / overlap, (rows.day + 3) // 7, (rows.matured + 3) // 7, scale, unit
    )


class Forward(NamedTuple):
    """predicted: float[r] excess by fits on earlier weeks; valid: bool[r]; effect: as fitted last."""

    predicted: Floats
    valid: Flags
    effect: Effect


def score_forward(rows: Rows, features: Floats, enough: Flags) -> Forward:
    """Weekly refits on what had matured by the week's Monday -> forward predictions, and the effect fitted last."""
    problem = _problem(rows, features, enough)
    width = problem.x.shape[1]
    weeks = np.arange(int(problem.week.min()), int(problem.week.max()) + 2)
    first = int(problem.week.min()) + FIRST_FIT_DAYS // 7
    grams, moments = np.zeros((width, width)), np.zeros(width)
    losses = np.zeros(len(RIDGES))
    forward, valid = np.zeros(len(rows.day)), np.zeros(len(rows.day), dtype=bool)
    betas = np.zeros((len(RIDGES), width))
    doubt_top = doubt_low = 0.0
    for week in weeks:
        matured = problem.ready == week  # the last day of the target lies before this Monday
        grams += problem.x[matured].T @ problem.x[matured]
        moments += problem.x[matured].T @ problem.y[matured]
        betas = _ridge(grams, moments)
        if week < first:
            continue
        mine = problem.week == week
        guesses = problem.x[mine] @ betas.T
        chosen = int(np.argmin(losses))
        factor = np.where(problem.x[mine].any(axis=1), 1.0, 0.0)
        beta = betas[chosen]
        forward[mine] = (features[mine] / problem.scale @ beta) * problem.unit[mine] * factor
        valid[mine] = enough[mine]
        losses += np.abs(guesses - problem.y[mine, None]).sum(axis=0)
        error = problem.y[mine] - guesses[:, chosen]
        large = np.abs(guesses[:, chosen]) > np.abs(problem.y[mine]).mean() if mine.any() else mine[:0]
        doubt_top += float((error[large] ** 2).sum())
        doubt_low += float((guesses[large, chosen] ** 2).sum())
    chosen = int(np.argmin(losses))
    doubt = float(np.clip(np.sqrt(doubt_top / doubt_low) if doubt_low > 0 else 0.5, 0.2, 1.0))
    return Forward(forward, valid, Effect(rows.band, betas[chosen], problem.scale, doubt))


def _ridge(grams: Floats, moments: Floats) -> Floats:
    """float[ridges, f]: coefficients at each strength; infinity is no effect."""
    betas = np.zeros((len(RIDGES), len(moments)))
    for row, ridge in enumerate(RIDGES):
        if np.isfinite(ridge):
            betas[row] = np.linalg.solve(grams + ridge * np.eye(len(moments)), moments)
    return betas


def intensity(
    effects: Sequence[Effect],
    features: Floats,
    lead_seconds: Ns,
    rate: Floats,
    names: Sequence[tuple[str, int, int]],
) -> Floats:
    """Excess contacts per bucket float[n] at the given leads, faded from band to band so that no border shows."""
    middles, values = [], []
    by_band = {effect.band: effect for effect in effects}
    for band, begin, stop in names:
        if begin >= REACH_SECONDS:
            break
        effect = by_band.get(band)
        size = effect.weight * effect.excess(features) if effect else 0.0
        values.append(np.full(len(rate), size) if band in ADDITIVE else size * rate)
        middles.append(np.sqrt(max(begin, 900) * float(stop)))
    middles.append(1.5 * REACH_SECONDS)
    values.append(np.zeros(len(rate)))
    position = np.interp(np.log(np.maximum(lead_seconds, 900)), np.log(middles), np.arange(len(middles)))
    lower = np.minimum(position.astype(np.int64), len(middles) - 2)
    share = position - lower
    stacked = np.stack(values)
    columns = np.arange(len(rate))
    return np.asarray((1 - share) * stacked[lower, columns] + share * stacked[lower + 1, columns])
