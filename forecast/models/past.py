"""What rates combined would have said on past days, and what signals would have added: the base of all that is learnt.

    rates ─► hindcasts ─► Past(members, weights, noise) ─► forward scores per lead band, without and with each signal

The dressed model takes its weights, noise and effects from here, the evidence its gains: both see the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.models.base import RateModel
from forecast.models.combination import combine, weigh
from forecast.models.echo import Echo
from forecast.models.head_start import HeadStart, head_start
from forecast.models.hindcasts import Hindcasts, hindcasts
from forecast.models.noise import Noise
from forecast.models.signal_effect import (
    NEAR,
    Effect,
    Forward,
    Rows,
    Scored,
    build_rows,
    features_at,
    score_forward,
    spoken,
)
from forecast.signal_health import health
from forecast.vintage import Signal, Snapshot

NOISE_DAYS = 98
LONG_DAYS, EVERY = 300, 3  # with so long a history every third origin is enough
EVIDENCE_DAYS = 366
LEAST_ORIGINS = 42
LEAST_ROWS = 28
LOUD = 2.0


@dataclass(frozen=True)
class Past:
    """What rates combined would have said on past days, and what that teaches.

    members: the rates that take part; weights: float[members, ahead]; noise: of the latest origins
    """

    members: tuple[RateModel, ...]
    hindcasts: Hindcasts
    weights: Floats
    noise: Noise
    echo: Echo


def past_of(rates: tuple[RateModel, ...], snapshot: Snapshot, name: str, days: int) -> Past:
    """The past of the rates combined, over at most so many days, on the origins that all members have."""
    return snapshot.remember(
        ("past", rates, name, days), lambda: _past(rates, snapshot, name, days), briefly=True
    )


def _past(rates: tuple[RateModel, ...], snapshot: Snapshot, name: str, days: int) -> Past:
    history = snapshot.history(name)
    thinned = days <= NOISE_DAYS and history.today - history.first_day >= LONG_DAYS
    made = hindcasts(rates, snapshot, name, days=days, every=EVERY if thinned else 1)
    most = max(len(each) for each in made)
    kept = [(rate, each) for rate, each in zip(rates, made, strict=True) if len(each) >= 0.6 * most]
    shared = kept[0][1].origins
    for _, each in kept[1:]:
        shared = np.intersect1d(shared, each.origins)
    aligned = [each.at(shared) for _, each in kept]
    once = history.calendar.once  # left out of history: neither weights nor noise are learnt from it
    weights = weigh([each.tail(NOISE_DAYS).without(once) for each in aligned])
    mixed = aligned[0].with_rate(combine(np.stack([each.rate for each in aligned]), weights))
    recent = mixed.tail(NOISE_DAYS).without(once)
    echo = Echo.of(recent, history.today)
    noise = Noise.of(echo.applied(recent), days_known=history.today - history.first_day)
    return Past(tuple(rate for rate, _ in kept), echo.applied(mixed), weights, noise, echo)


def candidate_signals(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    """Signals that may speak about a series: those on its own topic, and those that know no topic.

    A series of all topics hears the totals. Fewer candidates are fewer chances to be fooled.
    """
    topic = snapshot.series(name).topic
    signals = [snapshot.signal(signal) for signal in snapshot.signals]
    split = {signal.name.split(":")[0] for signal in signals if signal.topic != "all"}
    if topic == "all":
        return tuple(signal.name for signal in signals if signal.topic == "all")
    return tuple(
        signal.name
        for signal in signals
        if signal.topic == topic or (signal.topic == "all" and signal.name.split(":")[0] not in split)
    )


@dataclass(frozen=True)
class BandScores:
    """A lead band's forward predictions: by the contacts alone, and with each signal."""

    own: Forward
    signals: tuple[tuple[str, Scored, Effect], ...]


def forward_scores(
    snapshot: Snapshot, name: str, past: Past, signals: tuple[str, ...], *, intraday: bool = True
) -> list[BandScores]:
    """Forward predictions of every lead band within reach, without and with each signal."""
    key = ("forward", past.members, name, len(past.hindcasts), signals, intraday)
    return snapshot.remember(key, lambda: _forward(snapshot, name, past, signals, intraday), briefly=True)


def _forward(
    snapshot: Snapshot, name: str, past: Past, signals: tuple[str, ...], intraday: bool
) -> list[BandScores]:
    heard = {signal: _heard(snapshot, name, signal, past.hindcasts) for signal in signals}
    found = []
    for rows in build_rows(snapshot, name, past.hindcasts, past.noise, intraday=intraday):
        own = score_forward(rows, rows.own, np.ones(len(rows.day), dtype=bool))
        scored = []
        for signal, (ahead, problem) in heard.items():
            both = score_signal(rows, own, snapshot.signal(signal))
            if both is not None:
                mine = replace(both[0], head_start=ahead, problem=problem)
                scored.append((signal, mine, both[1]))
        found.append(BandScores(own, tuple(scored)))
    return found


def score_signal(rows: Rows, own: Forward, signal: Signal) -> tuple[Scored, Effect] | None:
    """Forward predictions with a signal beside those by the contacts alone; None where it is too young."""
    windows, enough = features_at([signal], rows.moment)
    if enough.sum() < LEAST_ROWS:
        return None
    both = score_forward(rows, spoken(rows.band, np.concatenate([rows.own, windows], axis=1)), enough)
    valid = own.valid & both.valid
    return Scored(rows, own.predicted, both.predicted, valid, stands_out(windows)), both.effect


def _heard(snapshot: Snapshot, name: str, signal: str, hindcasts: Hindcasts) -> tuple[HeadStart, str]:
    """How long a signal runs ahead, and why it is not to be listened to now, or ''."""
    ahead = head_start(snapshot, name, signal, hindcasts)
    posts = signal.replace("negative", "posts", 1)
    whole = snapshot.signal(posts) if posts != signal and posts in snapshot.signals else None
    return ahead, health(snapshot.signal(signal), snapshot.cutoff, whole=whole)


def stands_out(windows: Floats) -> Flags:
    """bool[r]: whether the last hours or the last day of a signal [r, w] lie beyond two standard deviations of their own."""
    heard = np.flatnonzero(
        windows.std(axis=0) > 0
    )  # a signal that is always late is silent in its first window
    latest = windows[:, heard[:1]]
    if windows.shape[1] > NEAR:
        hours, day = windows[:, :2].sum(axis=1), windows[:, : NEAR + 1].sum(axis=1)
        latest = np.column_stack([hours, day])
    spread = np.maximum(latest.std(axis=0), 1e-9)
    return np.asarray((np.abs(latest) > LOUD * spread).any(axis=1))
