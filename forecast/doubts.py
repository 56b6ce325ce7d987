"""What an analyst asks of a signal that seems to help: would noise have passed, who follows whom, what do quiet days cost.

None of these decides; the gate does. They stand beside its verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import DAY
from forecast.models.head_start import by_day, by_slot
from forecast.models.hindcasts import Hindcasts
from forecast.models.past import BandScores, score_signal
from forecast.models.signal_effect import Scored
from forecast.vintage import Signal, Snapshot, Versions

SHUFFLES = 3
WEEK = 7 * DAY
LAGS = 4  # buckets, or days, of each side's past in the Granger test
LEAST_ROWS = 100


@dataclass(frozen=True)
class Granger:
    """p-values of an F test: does the past of one help to foretell the other, beyond the other's own past?"""

    signal_first: float
    contacts_first: float


def quiet_lift(scored: Scored) -> float | None:
    """The gain on days on which the signal never stood out: what it costs when nothing happens. None without such a day."""
    if scored.loud is None:
        return None
    rows = scored.rows
    stormy = np.unique(rows.day[scored.valid & scored.loud])
    quiet = scored.valid & ~np.isin(rows.day, stormy)
    without = float(np.abs(rows.excess - scored.without)[quiet].sum())
    with_signal = float(np.abs(rows.excess - scored.with_signal)[quiet].sum())
    return 1 - with_signal / without if without > 0 else None


def shuffled(signal: Signal, turn: float) -> Signal:
    """The same signal, its weeks moved on by a share of the history, none at its place: its storms, at the wrong time."""
    held = signal.values
    if len(held) == 0:
        return signal
    begin = int(held.ds.min())
    week = (held.ds - begin) // WEEK
    whole = int((held.ds.max() - begin) // WEEK)  # what is left of the last week stays
    if whole < 2:
        return signal
    order = np.roll(
        np.arange(whole), min(max(1, round(turn * whole)), whole - 1)
    )  # a rotation moves every week
    moved = np.append(order, np.arange(whole, int(week.max()) + 1))[week]
    shift = (moved - week) * WEEK
    return replace(signal, values=Versions.of(held.ds + shift, held.value, held.known_at + shift))


def placebo(snapshot: Snapshot, signal: str, bands: Sequence[BandScores]) -> dict[str, tuple[float, ...]]:
    """Lead band -> what the signal would have gained with its weeks shuffled, SHUFFLES times."""
    told = snapshot.signal(signal)
    others = [shuffled(told, (turn + 1) / (SHUFFLES + 1)) for turn in range(SHUFFLES)]
    found: dict[str, tuple[float, ...]] = {}
    for band in bands:
        mine = next((scored for name, scored, _ in band.signals if name == signal), None)
        if mine is not None:
            scores = [score_signal(mine.rows, band.own, other) for other in others]
            found[mine.rows.band] = tuple(_lift(one[0]) for one in scores if one is not None)
    return found


def _lift(scored: Scored) -> float:
    rows, valid = scored.rows, scored.valid
    without = float(np.abs(rows.excess - scored.without)[valid].sum())
    return 1 - float(np.abs(rows.excess - scored.with_signal)[valid].sum()) / max(without, 1e-9)


def granger(snapshot: Snapshot, name: str, signal: str, hindcasts: Hindcasts) -> Granger | None:
    """Both directions, over open buckets put end to end (days, where either is daily); None with too few."""
    from statsmodels.regression.linear_model import OLS

    told = snapshot.signal(signal)
    intraday = snapshot.series(name).interval.slots > 1 and told.interval.slots > 1
    said, contacts = (by_slot if intraday else by_day)(snapshot, name, told, hindcasts)
    open_ = ~np.isnan(contacts)
    x, y = said[open_], contacts[open_]
    if len(y) < LEAST_ROWS:
        return None

    def p_value(cause: Floats, effect: Floats) -> float:
        target, own = effect[LAGS:], _past(effect)
        full = OLS(target, np.column_stack([own, _past(cause), np.ones(len(target))])).fit()
        less = OLS(target, np.column_stack([own, np.ones(len(target))])).fit()
        return float(full.compare_f_test(less)[1])

    return Granger(p_value(x, y), p_value(y, x))


def _past(values: Floats) -> Floats:
    """float[n - LAGS, LAGS]: the values before each."""
    return np.column_stack([values[LAGS - lag : len(values) - lag] for lag in range(1, LAGS + 1)])
