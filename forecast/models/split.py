"""Contact reasons of a queue: its paths split by how likely each reason is, so that every path adds up.

The queue is forecast as a whole, where it has most to learn from; each of its contacts is then given a reason, by what
the reasons' shares are worth in that bucket (`shares.py`), or by what their own rates are (top-down with forecast
proportions: Athanasopoulos, Ahmed & Hyndman 2009, Int. J. Forecasting 25:146-166). Drawn contact by contact, the split
is exact in every path, whole-numbered, never negative, and thin reasons stay thin. A share also strays from day to day,
and where the evidence lets it, the posts on a reason move its share of the hours to come (`share_effect.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from forecast.arrays import Floats
from forecast.models.base import FittedModel, Leads, Model, Paths
from forecast.models.share_effect import Gate, announced, learn_effects
from forecast.models.shares import Shares, reasons
from forecast.vintage import History, Snapshot

LEAST_SHARE = 1e-9  # of a rate: where nothing lives, something must take what comes


@dataclass(frozen=True)
class Split:
    """`whole` forecasts queues; a series that is one reason of a queue held beside it gets its part of those paths.

    share: how a queue's contacts part into its reasons, learnt from day totals for all reasons at once
    gate: who decides whether the signals on a reason move its share (None: they do not)
    """

    whole: Model
    share: Shares = field(default_factory=Shares)
    gate: Gate | None = None

    @property
    def name(self) -> str:
        return self.whole.name

    def fit(self, snapshot: Snapshot) -> FittedSplit:
        """Fit each queue once; a series without a whole beside it is forecast by itself."""
        wholes: dict[str, FittedModel] = {}
        for name in snapshot.names:
            queue = whole_of(snapshot, name)
            if queue not in wholes:
                alone = snapshot.only(queue)
                wholes[queue] = snapshot.remember(
                    ("whole", self.whole, queue), partial(self.whole.fit, alone)
                )
        return FittedSplit(self, wholes)


def whole_of(snapshot: Snapshot, name: str) -> str:
    """The queue a reason belongs to, where that queue is held as a series of its own; else the series itself."""
    queue = snapshot.series(name).queue
    return queue if queue in snapshot.held else name


@dataclass(frozen=True)
class FittedSplit:
    """The fitted wholes, by queue."""

    model: Split
    wholes: dict[str, FittedModel] = field(default_factory=dict)

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        """Paths of every series of the snapshot; the reasons of a queue add up to the queue in each."""
        values = [self._one(snapshot, name, leads, draws, seed) for name in snapshot.names]
        return Paths(snapshot.names, leads.grid, np.stack(values))

    def _one(self, snapshot: Snapshot, name: str, leads: Leads, draws: int, seed: int) -> Floats:
        queue = whole_of(snapshot, name)
        key = ("parts", self.model, queue, leads.grid.ds.tobytes(), draws, seed)
        if queue == name:
            alone = self.wholes[queue].predict(snapshot.only(name), leads, draws=draws, seed=seed)
            return np.asarray(alone.values[0])
        parts = snapshot.remember(key, lambda: self._parts(snapshot, queue, leads, draws, seed))
        return parts[name]

    def _parts(
        self, snapshot: Snapshot, queue: str, leads: Leads, draws: int, seed: int
    ) -> dict[str, Floats]:
        whole = self.wholes[queue].predict(snapshot.only(queue), leads, draws=draws, seed=seed).values[0]
        return parts_of(
            snapshot, queue, whole, leads, share=self.model.share, gate=self.model.gate, seed=seed
        )


def parts_of(
    snapshot: Snapshot,
    queue: str,
    whole: Floats,
    leads: Leads,
    *,
    share: Shares,
    gate: Gate | None,
    seed: int,
) -> dict[str, Floats]:
    """Counts float[n, draws] of a queue -> its reasons' counts, which add up to them in every bucket and draw."""
    names, draws = reasons(snapshot, queue), whole.shape[1]
    rng = np.random.default_rng([seed, zlib.crc32(queue.encode()), 1])
    weights = share.weights(snapshot, queue, leads, draws, rng)
    if gate is not None:
        weights = _moved(snapshot, queue, whole, leads, weights, share=share, gate=gate, seed=seed)
    weights *= np.stack([_living(snapshot.history(name), leads) for name in names])[:, :, None]
    return dict(zip(names, allot(whole, weights, rng), strict=True))


def _moved(
    snapshot: Snapshot,
    queue: str,
    whole: Floats,
    leads: Leads,
    weights: Floats,
    *,
    share: Shares,
    gate: Gate,
    seed: int,
) -> Floats:
    """Weights float[parts, n, draws] with what the signals on the reasons announce; as they are where that is nothing."""
    effects = snapshot.remember(("share effects", queue, gate), lambda: learn_effects(snapshot, queue, gate))
    if not effects or leads.grid.interval is not snapshot.series(queue).interval:
        return weights
    rate = share.rate(snapshot, queue, leads)
    said = announced(snapshot, queue, leads, rate, whole.mean(axis=1), effects)
    if said is None:
        return weights
    base, extra, doubt = said
    rng = np.random.default_rng([seed, zlib.crc32(queue.encode()), 2])
    size = np.exp(doubt * rng.standard_normal((1, 1, whole.shape[1])) - doubt**2 / 8)
    least = LEAST_SHARE * weights * base[:, None]
    return np.asarray(np.maximum(weights * base[:, None] + extra[:, :, None] * size, least))


def _living(history: History, leads: Leads) -> Floats:
    """float[n]: 1 while the reason lives, LEAST_SHARE of that once it is over or has gone to other queues."""
    ends = history.series.ends
    over = np.full(len(leads.grid), history.dead) | (False if ends is None else leads.grid.day >= ends)
    return np.where(over, LEAST_SHARE, 1.0)


def allot(whole: Floats, rates: Floats, rng: np.random.Generator) -> Sequence[Floats]:
    """Counts float[n, draws] and rates float[parts, n, draws] -> parts of each count, multinomial, adding up exactly.

    What a count has behind the point (days of the long run) is shared out as it is.
    """
    left, weight = whole.astype(np.int64), rates.sum(axis=0)
    rest = whole - left
    each = rest / np.maximum(weight, 1e-300)
    parts = []
    for rate in rates[:-1]:
        share = np.clip(rate / np.maximum(weight, 1e-300), 0.0, 1.0)
        part = rng.binomial(left, share)
        parts.append(part + rate * each)
        left, weight = left - part, weight - rate
    return [*parts, left + rest - sum(rate * each for rate in rates[:-1])]
