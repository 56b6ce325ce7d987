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
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.features import deviations
from forecast.models.base import bands
from forecast.models.head_start import HeadStart
from forecast.models.hindcasts import Hindcasts
from forecast.models.noise import Noise
from forecast.vintage import Series, Signal, Snapshot

REACH_SECONDS = 7 * 86_400  # beyond a week no burst is known to speak
RIDGES = (np.inf, 3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0)  # what no effect is worth, in days of evidence
FIRST_FIT_DAYS = 28
ADDITIVE = ("0-1h", "1-4h")  # here an effect is a number of contacts a bucket, further on a share of the rate
OWN_SECONDS = (0, 1800, 5400, 14_400)  # ages between which the contacts' own excess is summed up
OWN = len(OWN_SECONDS) - 1
NEAR = 4  # windows within four hours, of intraday signals (`features.EDGES_INTRADAY`)


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
    loud: bool[r] whether the signal stands out; head_start: how long it runs ahead (both None where not asked)
    problem: why not to listen to the signal now, or ''
    """

    rows: Rows
    without: Floats
    with_signal: Floats
    valid: Flags
    loud: Flags | None = None
    head_start: HeadStart | None = None
    problem: str = ""


@dataclass(frozen=True)
class Effect:
    """A band's effect: coefficients on the features, and how unsure it is.

    doubt: standard deviation of the effect relative to its size
    """

    band: str
    coefficients: Floats
    doubt: float

    def excess(self, features: Floats) -> float:
        """Own excess and windows [f] at the cutoff -> contacts beyond the rate, per bucket (ADDITIVE) or per contact expected."""
        return float(spoken(self.band, features) @ self.coefficients)

    def shrunk(self, weight: float) -> Effect:
        """The effect at a weight between 0, none, and 1."""
        return replace(self, coefficients=weight * self.coefficients)


def spoken(band: str, features: Floats) -> Floats:
    """float[..., OWN + windows] -> what a band listens to: float[..., f]; a daily signal's windows all count."""
    own, windows = features[..., :OWN], features[..., OWN:]
    if windows.shape[-1] > NEAR:
        near = windows[..., :NEAR]
        late = np.concatenate([near.sum(axis=-1, keepdims=True), windows[..., NEAR:]], axis=-1)
        windows = near if band in ADDITIVE else late
    return np.concatenate([own, windows], axis=-1)


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
            rate[:, 0] *= np.exp(noise.condition(rate[:, 0], hindcasts.came[:, 0], int(seen)).adjustment)
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
    found = [_in_order(band, pieces) for band, pieces in parts.items()]
    return [rows for rows in found if len(rows.day)]


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
    """Weighted regression of a band: x float[r, f], y float[r]; week, ready int64[r]: of the origin, of its target."""

    x: Floats
    y: Floats
    unit: Floats
    week: Ns
    ready: Ns


def _problem(rows: Rows, features: Floats, enough: Flags) -> _Problem:
    """Rows over the standard deviation of a quiet row's excess, taken from the weeks that no row is predicted from."""
    unit = rows.buckets if rows.band in ADDITIVE else rows.expected
    first = rows.day < rows.day[0] + FIRST_FIT_DAYS
    spread = np.abs(rows.excess[first]) / np.sqrt(rows.expected[first] + 1)
    typical = max(1.0, float(np.median(spread)) / 0.6745)
    weight = enough / (typical * np.sqrt(rows.expected + 1))
    monday_of, known_by = (
        (rows.day + 3) // 7,
        (rows.matured + 9) // 7,
    )  # a target is ready on the Monday it is known by
    return _Problem(features * (unit * weight)[:, None], rows.excess * weight, unit, monday_of, known_by)


class Forward(NamedTuple):
    """predicted: float[r] excess by fits on earlier weeks; valid: bool[r]; effect: as fitted last."""

    predicted: Floats
    valid: Flags
    effect: Effect


def score_forward(rows: Rows, features: Floats, enough: Flags) -> Forward:
    """Weekly refits on what had matured by the week's Monday -> forward predictions, and the effect fitted last."""
    problem = _problem(rows, features, enough)
    ridge = _Ridge.empty(features.shape[1])
    begin, stop = int(problem.week[0]), int(problem.week[-1]) + 2
    losses, doubt = np.zeros(len(RIDGES)), np.zeros(2)
    predicted, valid = np.zeros(len(rows.day)), np.zeros(len(rows.day), dtype=bool)
    betas = np.zeros((len(RIDGES), features.shape[1]))
    for week in range(begin, stop):
        ridge = ridge.learn(problem, problem.ready == week, rows.day)
        betas = ridge.solve()
        mine = np.flatnonzero(problem.week == week)
        if week < begin + FIRST_FIT_DAYS // 7 or len(mine) == 0:
            continue
        chosen = int(np.argmin(losses))
        guesses = problem.x[mine] @ betas.T
        predicted[mine] = (features[mine] @ betas[chosen]) * problem.unit[mine] * enough[mine]
        valid[mine] = enough[mine]
        losses += np.abs(guesses - problem.y[mine, None]).sum(axis=0)
        doubt += _doubt(guesses[:, chosen], problem.y[mine])
    size = float(np.clip(np.sqrt(doubt[0] / doubt[1]), 0.2, 1.0)) if doubt[1] > 0 else 0.5
    return Forward(predicted, valid, Effect(rows.band, betas[int(np.argmin(losses))], size))


def _doubt(guess: Floats, actual: Floats) -> Floats:
    """Squared error and squared size of the guesses that say something, float[2]."""
    large = np.abs(guess) > np.abs(actual).mean()
    return np.array([((actual - guess)[large] ** 2).sum(), (guess[large] ** 2).sum()])


@dataclass(frozen=True)
class _Ridge:
    """Sums of a ridge regression that grows by weeks; its penalty is scaled by what was seen so far."""

    gram: Floats
    moment: Floats
    days: int

    @classmethod
    def empty(cls, width: int) -> _Ridge:
        return cls(np.zeros((width, width)), np.zeros(width), 0)

    def learn(self, problem: _Problem, rows: Flags, day: Ns) -> _Ridge:
        x, y = problem.x[rows], problem.y[rows]
        return _Ridge(self.gram + x.T @ x, self.moment + x.T @ y, self.days + len(np.unique(day[rows])))

    def solve(self) -> Floats:
        """float[ridges, f]: coefficients at each strength; infinity is no effect."""
        betas = np.zeros((len(RIDGES), len(self.moment)))
        a_day = np.diag(self.gram) / max(self.days, 1) + 1e-9
        for row, worth in enumerate(RIDGES):
            if np.isfinite(worth):
                betas[row] = np.linalg.solve(self.gram + worth * np.diag(a_day), self.moment)
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
        size = effect.excess(features) if effect else 0.0
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
