"""A Model made of rates: combined, moved by today's first hours and by signals, and dressed with noise as paths.

    rates ─► hindcasts ─► weights ─► combined rate ─► + today so far ─► + signal effect ─► noise ─► paths

"Dressing" is the weather services' word for giving a single forecast the spread its own past errors had (Roulston &
Smith 2003, Tellus 55A:16-30).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, day_start
from forecast.errors import NotEnoughHistory
from forecast.models.attribution import attribute
from forecast.models.base import FittedRate, Leads, Paths, RateModel, bands
from forecast.models.driver_effects import sway
from forecast.models.expected import NIGHTS, SETTLING, Expected, Learnt
from forecast.models.hindcasts import DEAR, WARM_UP_DAYS, fitted
from forecast.models.past import (
    EVIDENCE_DAYS,
    LEAST_ORIGINS,
    NOISE_DAYS,
    BandScores,
    candidate_signals,
    forward_scores,
    past_of,
)
from forecast.models.signal_effect import Effect, Scored, features_at, intensity
from forecast.models.special_days import special_days
from forecast.parts import PARTS, adding_up
from forecast.vintage import History, Snapshot

DEAR_DAYS = 56
LARGEST_EFFECT = 4.0  # standard deviations of a drawn day effect

Gate = Callable[[Scored], float]
"""From a band's forward predictions to the weight its signal gets there: from 0, shut, to 1."""


def always_open(scored: Scored) -> float:
    """Every signal counts, unproven: for comparison only."""
    return 1.0


@dataclass(frozen=True)
class Dressed:
    """rates: the members; intraday: learn from today so far; gate: who decides on signals (None: they are not used).

    plain: the rate is the middle of its band as it stands, as planners know an N-week average; noise is all it gets
    """

    name: str
    rates: tuple[RateModel, ...]
    intraday: bool = True
    gate: Gate | None = None
    plain: bool = False

    def fit(self, snapshot: Snapshot) -> FittedDressed:
        """Learn weights, noise and signal effects of every series from hindcasts before the cutoff."""
        return FittedDressed(self, {name: learn(self, snapshot, name) for name in snapshot.names})


class Explained(NamedTuple):
    """Paths of one series; parts: float[n, len(PARTS)] adding up to their mean; social: contacts that each signal adds."""

    paths: Paths
    parts: Floats
    social: dict[str, float]


class _Looked(NamedTuple):
    """What paths are drawn about: the histories, the rate asked for, and by signal the contacts beyond it."""

    nights: list[History]
    expected: Expected
    excess: dict[str, Floats]


@dataclass(frozen=True)
class FittedDressed:
    """A dressed model with what it learnt, by series."""

    model: Dressed
    learnt: dict[str, Learnt] = field(default_factory=dict)

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        """Paths of every series of the snapshot on the leads' grid."""
        values = np.stack([self._series(snapshot, name, leads, draws, seed) for name in snapshot.names])
        return Paths(snapshot.names, leads.grid, values)

    def explain(self, snapshot: Snapshot, name: str, leads: Leads, *, draws: int, seed: int) -> Explained:
        """The paths of one series as `predict` draws them, to the bit, and what their mean is made of."""
        if len(leads.grid) == 0:
            values = np.zeros((0, draws))
            return Explained(Paths((name,), leads.grid, values[None]), np.zeros((0, len(PARTS))), {})
        learnt, looked = self.learnt[name], self._look(snapshot, name, leads)
        values = self._draw(looked, name, leads, draws, seed)
        expected, full = looked.expected, looked.excess
        quiet = self._excess(snapshot, name, leads, expected, silent=True)
        extra = [_bounded(each, expected) for each in (quiet, full)]
        parts = attribute(learnt, looked.nights, leads.grid, expected, *extra)
        ahead = looked.nights[0].opening(leads.grid) & (leads.grid.ds >= leads.cutoff)
        social = {signal: float((each - quiet[signal])[ahead].sum()) for signal, each in full.items()}
        paths = Paths((name,), leads.grid, values[None])
        return Explained(paths, adding_up(parts, values.mean(axis=1)), social)

    def _series(self, snapshot: Snapshot, name: str, leads: Leads, draws: int, seed: int) -> Floats:
        if len(leads.grid) == 0:
            return np.zeros((0, draws))
        return self._draw(self._look(snapshot, name, leads), name, leads, draws, seed)

    def _look(self, snapshot: Snapshot, name: str, leads: Leads) -> _Looked:
        nights = nights_before(snapshot, name, leads, plain=self.model.plain)
        expected = Expected.of(self.learnt[name], nights, leads.grid, intraday=self.model.intraday)
        return _Looked(nights, expected, self._excess(snapshot, name, leads, expected))

    def _draw(self, looked: _Looked, name: str, leads: Leads, draws: int, seed: int) -> Floats:
        learnt, history, expected = self.learnt[name], looked.nights[0], looked.expected
        extra = _bounded(looked.excess, expected)
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), zlib.crc32(self.model.name.encode())])
        doubt = sway(history, leads.grid, expected.rate, draws, rng)
        return draw(learnt, expected, extra, leads.grid, history.opening(leads.grid), draws, rng, doubt=doubt)

    def _excess(
        self, snapshot: Snapshot, name: str, leads: Leads, expected: Expected, *, silent: bool = False
    ) -> dict[str, Floats]:
        """Signal -> contacts beyond the rate float[n] that it and the latest contacts announce; silent: these alone."""
        effects = self.learnt[name].effects
        found: dict[str, Floats] = {}
        for signal in dict.fromkeys(used for used, _ in effects):
            heard = self._heard(snapshot, signal)
            if heard is None:
                continue
            features = np.concatenate([expected.own, np.zeros_like(heard) if silent else heard])
            mine = [effect for used, effect in effects if used == signal]
            likely, spans = expected.likely, bands(leads.grid.interval)
            found[signal] = intensity(mine, features, leads.seconds, likely, spans)
        return found

    def _heard(self, snapshot: Snapshot, signal: str) -> Floats | None:
        """Deviations of a signal as known at the cutoff, float[windows]; None where it is gone or too young."""
        if signal not in snapshot.signals:
            return None
        features, enough = features_at([snapshot.signal(signal)], np.array([snapshot.cutoff]))
        return features[0] if enough[0] else None


def _bounded(excess: Mapping[str, Floats], expected: Expected) -> Floats:
    """By signal the contacts beyond the rate float[n] -> their sum [n]; no news takes away nearly all."""
    total = np.zeros(len(expected.rate))
    for each in excess.values():
        total += each
    return np.maximum(total, -0.7 * expected.likely)


def nights_before(snapshot: Snapshot, name: str, leads: Leads, *, plain: bool = False) -> list[History]:
    """The history as known now and, where the leads reach beyond a week, at the last midnights."""
    history = snapshot.history(name)
    if plain or int(leads.grid.day[-1]) - history.today < SETTLING:
        return [history]
    days = history.today - np.arange(1, NIGHTS)
    midnights = day_start(days[days > history.first_day + WARM_UP_DAYS], history.series.tz)
    nights = [snapshot.at(int(moment)).history(name) for moment in midnights]
    if history.drivers:  # a plan is known as it is now, whatever the level was then
        nights = [replace(night, drivers=history.drivers, derived={}) for night in nights]
    return [history, *nights]


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
    days = EVIDENCE_DAYS if signals else NOISE_DAYS
    if any(rate.cost >= DEAR for rate, _ in usable):
        days = DEAR_DAYS
    past = past_of(tuple(rate for rate, _ in usable), snapshot, name, days)
    fits = tuple(fit for rate, fit in usable if rate in past.members)
    special = special_days(snapshot.history(name))
    learnt = Learnt(past.members, fits, past.weights, past.noise, past.echo, special)
    learnt = learnt.plain() if model.plain else learnt
    if len(past.hindcasts) < LEAST_ORIGINS or not signals:
        return learnt
    scores = forward_scores(snapshot, name, past, signals, intraday=model.intraday)
    return replace(learnt, effects=_effects(model, scores))


def _effects(model: Dressed, scores: Sequence[BandScores]) -> tuple[tuple[str, Effect], ...]:
    """Per lead band the open signal that lost least; none where no gate is open."""
    chosen: list[tuple[str, Effect]] = []
    for band in scores:
        best: tuple[str, Effect] | None = None
        least = 0.0
        for signal, scored, effect in band.signals:
            weight = model.gate(scored) if model.gate else 0.0
            loss = np.abs(scored.rows.excess - scored.with_signal) - np.abs(
                scored.rows.excess - scored.without
            )
            if weight > 0 and float(loss[scored.valid].sum()) < least:
                best, least = (signal, effect.shrunk(weight)), float(loss[scored.valid].sum())
        if best is not None:
            chosen.append(best)
    return tuple(chosen)


def draw(
    learnt: Learnt,
    expected: Expected,
    extra: Floats,
    grid: Grid,
    opening: Flags,
    draws: int,
    rng: np.random.Generator,
    *,
    doubt: Floats,
) -> Floats:
    """float[n, draws] counts >= 0, 0 in closed buckets; doubt: float[n, draws] or [1, 1] factors by what drivers may be."""
    noise, count = learnt.noise, len(expected.days)
    ahead = expected.days - expected.today
    day = noise.day.draw(ahead, draws, rng)
    most = LARGEST_EFFECT * noise.day.size(ahead)[:, None]
    day = np.clip(day, -most, most)
    slot = noise.slot.draw(count, draws, rng)
    for row, rate in enumerate(by_place(expected.rate, expected.place, grid, count)):
        own = noise.slot.share_of_day(rate)  # what the slots bring into the day's total is not counted twice
        total = max(float(noise.day.size(ahead[row : row + 1])[0]) ** 2, 1e-9)
        day[row] *= np.sqrt(max(1 - own / total, 0.1))
    if expected.news is not None and ahead[0] == 0:
        day[0], slot[0] = 0.0, rest_of_day(expected.news.covariance, draws, rng)
    slot += noise.slot.middle
    mean = expected.rate[:, None] * doubt * np.exp(day[expected.place] + slot[expected.place, grid.slot])
    if np.any(extra != 0):
        unsure = learnt.unsure
        size = np.exp(unsure * rng.standard_normal((1, draws)) - unsure**2 / 8)
        mean = np.maximum(mean + extra[:, None] * size, 0.1 * mean)
    shut = rng.random((count, draws)) < expected.closed[:, None]
    mean[shut[expected.place]] = 0.0
    mean[~opening] = 0.0
    return noise.counts(mean, rng)


def by_place(rate: Floats, place: Ns, grid: Grid, days: int) -> Floats:
    """Rates float[n] -> float[days, slots]."""
    table = np.zeros((days, grid.slots))
    table[place, grid.slot] = rate
    return table


def rest_of_day(covariance: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Log effects float[slots, draws] of today's slots, from what is left of their covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(
        (vectors * np.sqrt(np.maximum(values, 0.0))) @ rng.standard_normal((len(values), draws))
    )
