"""A Model made of rates: combined, moved by today's first hours and by signals, and dressed with noise as paths.

    rates ─► hindcasts ─► weights ─► combined rate ─► + today so far ─► + signal effect ─► noise ─► paths

"Dressing" is the weather services' word for giving a single forecast the spread its own past errors had (Roulston &
Smith 2003, Tellus 55A:16-30).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.errors import NotEnoughHistory
from forecast.models.base import FittedRate, Leads, Paths, RateModel, bands
from forecast.models.combination import combine
from forecast.models.hindcasts import DEAR, fitted
from forecast.models.noise import Noise
from forecast.models.past import (
    EVIDENCE_DAYS,
    LEAST_ORIGINS,
    NOISE_DAYS,
    BandScores,
    candidate_signals,
    forward_scores,
    past_of,
)
from forecast.models.signal_effect import OWN_SECONDS, Effect, Scored, features_at, intensity, own_excess
from forecast.vintage import History, Snapshot, by_day

DEAR_DAYS = 56
OWN = ""
LARGEST_EFFECT = 4.0  # standard deviations of a drawn day effect

Gate = Callable[[Scored], float]
"""From a band's forward predictions to the weight its signal gets there: 0 shut, 1 open."""


def always_open(scored: Scored) -> float:
    """Every signal counts, unproven: for comparison only."""
    return 1.0


@dataclass(frozen=True)
class Dressed:
    """rates: the members; intraday: learn from today so far; gate: who decides on signals (None: they are not used)."""

    name: str
    rates: tuple[RateModel, ...]
    intraday: bool = True
    gate: Gate | None = None

    def fit(self, snapshot: Snapshot) -> FittedDressed:
        """Learn weights, noise and signal effects of every series from hindcasts before the cutoff."""
        return FittedDressed(self, {name: learn(self, snapshot, name) for name in snapshot.names})


@dataclass(frozen=True)
class Learnt:
    """What was learnt about one series.

    members: the rates in use, with their fits; weights: float[members, ahead]
    effects: (signal, effect) per lead band; signal OWN where the contacts speak alone
    """

    members: tuple[RateModel, ...]
    fits: tuple[FittedRate, ...]
    weights: Floats
    noise: Noise
    effects: tuple[tuple[str, Effect], ...] = ()


@dataclass(frozen=True)
class FittedDressed:
    """A dressed model with what it learnt, by series."""

    model: Dressed
    learnt: dict[str, Learnt] = field(default_factory=dict)

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        """Paths of every series of the snapshot on the leads' grid."""
        values = np.stack([self._series(snapshot, name, leads, draws, seed) for name in snapshot.names])
        return Paths(snapshot.names, leads.grid, values)

    def _series(self, snapshot: Snapshot, name: str, leads: Leads, draws: int, seed: int) -> Floats:
        if len(leads.grid) == 0:
            return np.zeros((0, draws))
        learnt, history = self.learnt[name], snapshot.history(name)
        expected = Expected.of(learnt, history, leads.grid, intraday=self.model.intraday)
        extra = self._excess(snapshot, name, leads, expected)
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), zlib.crc32(self.model.name.encode())])
        return draw(learnt, expected, extra, leads.grid, history.opening(leads.grid), draws, rng)

    def _excess(self, snapshot: Snapshot, name: str, leads: Leads, expected: Expected) -> Floats:
        """Contacts beyond the rate that the latest contacts and signals announce, float[n]."""
        effects = self.learnt[name].effects
        total = np.zeros(len(leads.grid))
        for signal in dict.fromkeys(used for used, _ in effects):
            features = expected.own
            if signal != OWN:
                heard = self._heard(snapshot, signal)
                if heard is None:
                    continue
                features = np.concatenate([expected.own, heard])
            mine = [effect for used, effect in effects if used == signal]
            total += intensity(mine, features, leads.seconds, expected.rate, bands(leads.grid.interval))
        return np.maximum(total, -0.7 * expected.rate)

    def _heard(self, snapshot: Snapshot, signal: str) -> Floats | None:
        """Deviations of a signal as known at the cutoff, float[windows]; None where it is gone or too young."""
        if signal not in snapshot.signals:
            return None
        features, enough = features_at([snapshot.signal(signal)], np.array([snapshot.cutoff]))
        return features[0] if enough[0] else None


def learn(model: Dressed, snapshot: Snapshot, name: str) -> Learnt:
    """Everything learnt from hindcasts of one series. A member that cannot fit is left out; none left is an error."""
    usable: list[tuple[RateModel, FittedRate]] = []
    problem: NotEnoughHistory | None = None
    for rate in model.rates:
        try:
            usable.append((rate, fitted(rate, snapshot, name)))
        except NotEnoughHistory as error:
            problem = error
    if not usable:
        raise problem or NotEnoughHistory(f"{name}: no method can be fitted.")
    signals = candidate_signals(snapshot, name) if model.gate else ()
    seen = slots_seen(snapshot.history(name)) if model.intraday else 0
    days = EVIDENCE_DAYS if signals else NOISE_DAYS
    if any(rate.cost >= DEAR for rate, _ in usable):
        days = DEAR_DAYS
    past = past_of(tuple(rate for rate, _ in usable), snapshot, name, days)
    fits = tuple(fit for rate, fit in usable if rate in past.members)
    learnt = Learnt(past.members, fits, past.weights, past.noise)
    if len(past.hindcasts) < LEAST_ORIGINS or not (signals or seen):
        return learnt
    scores = forward_scores(snapshot, name, past, signals, intraday=model.intraday)
    return replace(learnt, effects=_effects(model, scores))


def _effects(model: Dressed, scores: Sequence[BandScores]) -> tuple[tuple[str, Effect], ...]:
    """Per lead band the open signal that lost least, else what the contacts alone say."""
    chosen = []
    for band in scores:
        best, least = (OWN, band.own.effect), 0.0
        for signal, scored, effect in band.signals:
            weight = model.gate(scored) if model.gate else 0.0
            loss = np.abs(scored.rows.excess - scored.with_signal) - np.abs(
                scored.rows.excess - scored.without
            )
            if weight > 0 and float(loss[scored.valid].sum()) < least:
                best, least = (signal, effect), float(loss[scored.valid].sum())
        if model.intraday or best[0] != OWN:
            chosen.append(best)
    return tuple(chosen)


@dataclass(frozen=True)
class Expected:
    """The rate asked for, after today's news.

    rate: float[n]; place: int64[n] row of `days`; days: local days; left: share of today's day variance not yet seen
    own: float[ages] the contacts' own excess just before the cutoff
    """

    rate: Floats
    place: Ns
    days: Ns
    today: int
    left: float
    own: Floats

    @classmethod
    def of(cls, learnt: Learnt, history: History, grid: Grid, *, intraday: bool) -> Expected:
        """Combine the members' rates on whole days, then let today's first slots move the rest."""
        first, last = history.today, int(grid.day[-1])
        whole = Grid.days(first, last, grid.interval, grid.tz)
        rates = [
            np.nan_to_num(by_day(whole, fit.rate(history, whole), first=first, last=last))
            for fit in learnt.fits
        ]
        table = combine(np.stack(rates), learnt.weights)
        left, own = 1.0, np.zeros(len(OWN_SECONDS) - 1)
        seen = slots_seen(history)
        if intraday and seen:
            came = by_day(history.grid, np.where(history.usable, history.y, np.nan), first=first, last=first)
            own = own_excess(table[:1], came, seen, grid.interval.seconds)[0]
            log_adjustment, shift, left = learnt.noise.condition(table[:1], came, seen)
            table[0] *= np.exp(np.clip(log_adjustment[0], -2, 2))
            table[1:] *= np.exp(_carried(learnt.noise, len(table), float(shift[0])))[1:, None]
        days, place = np.unique(grid.day, return_inverse=True)
        return cls(table[grid.day - first, grid.slot], place, days, first, left, own)


def slots_seen(history: History) -> int:
    """How many leading slots of today are known; 0 at midnight and for daily data."""
    grid = history.grid
    mine = (grid.day == history.today) & ~np.isnan(history.y)
    return int(grid.slot[mine].max()) + 1 if mine.any() and grid.slots > 1 else 0


def _carried(noise: Noise, days: int, shift: float) -> Floats:
    """float[days]: how much of today's day effect the days after share, by their correlation with today."""
    ahead = np.arange(days)
    spread = noise.sd(ahead)
    correlation = noise.persistent + 2 * (noise.neighbour - noise.persistent) * 0.5**ahead
    return np.asarray(np.clip(correlation * spread / spread[0] * shift * (ahead > 0), -0.5, 0.5))


def draw(
    learnt: Learnt,
    expected: Expected,
    extra: Floats,
    grid: Grid,
    opening: Flags,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """float[n, draws] counts >= 0, 0 in closed buckets."""
    noise, ahead = learnt.noise, expected.days - expected.today
    day = noise.draw_days(ahead, draws, rng)
    spread = noise.sd(ahead)[:, None]
    day = np.clip(day, -LARGEST_EFFECT * spread, LARGEST_EFFECT * spread)
    day[ahead == 0] *= np.sqrt(expected.left)
    slot = noise.draw_slots(grid.slots, len(expected.days), draws, rng)
    effect = day[expected.place] + slot[expected.place, grid.slot]
    # a rate learnt from means and medians alike lies between the median and the mean of its paths
    effect -= 0.25 * (noise.slot_var + day.var(axis=1)[expected.place])[:, None]
    mean = expected.rate[:, None] * np.exp(effect)
    if np.any(extra != 0):
        doubt = max((effect.doubt for _, effect in learnt.effects), default=0.0)
        size = np.exp(doubt * rng.standard_normal((1, draws)) - doubt**2 / 8)
        mean = np.maximum(mean + extra[:, None] * size, 0.1 * mean)
    mean[~opening] = 0.0
    return noise.counts(mean, rng)
