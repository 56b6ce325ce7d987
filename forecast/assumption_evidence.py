"""Rules of thumb, scored like signals: the same rows, the same cutoffs, the same gate.

What a rule foretells is taken as it is said and never fitted, bucket by bucket, as far as the queue was open then. The
contacts' own excess is asked only for what the rule leaves unexplained, as a signal's features stand beside it
(`models/signal_effect.py`), so that a storm that is already in the phones is not counted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.arrays import Flags, Ns
from forecast.assumption import MARK, Assumption, coming
from forecast.buckets import DAY, SECOND, local_ns
from forecast.errors import NotEnoughHistory
from forecast.evidence import LEAST_CUTOFFS, NOT_YET, SHUT, Finding, finding
from forecast.models.base import RateModel, bands
from forecast.models.head_start import head_start
from forecast.models.hindcasts import Hindcasts
from forecast.models.past import EVIDENCE_DAYS, LEAST_ORIGINS, LEAST_ROWS, Past, past_of, stands_out
from forecast.models.signal_effect import (
    REACH_SECONDS,
    Rows,
    Scored,
    build_rows,
    features_at,
    score_forward,
)
from forecast.signal_health import health
from forecast.vintage import Series, Snapshot


def findings_of(
    snapshot: Snapshot, name: str, rules: Sequence[Assumption], rates: Sequence[RateModel]
) -> list[Finding]:
    """What the figures say of each rule in every lead band within reach; a rule on a signal that is gone is left out."""
    held = [rule for rule in rules if rule.series == name and rule.signal in snapshot.signals]
    if not held:
        return []
    try:
        past = past_of(tuple(rates), snapshot, name, EVIDENCE_DAYS)
    except NotEnoughHistory:
        return [found for rule in held for found in _unknown(snapshot, name, rule)]
    if len(past.hindcasts) < LEAST_ORIGINS:
        return [found for rule in held for found in _unknown(snapshot, name, rule)]
    return [
        _marked(rule, finding(name, rule.label, scored))
        for rule in held
        for scored in score(snapshot, name, past, rule)
    ]


def score(snapshot: Snapshot, name: str, past: Past, rule: Assumption) -> list[Scored]:
    """Forward predictions of every lead band, without the rule and with it."""
    series, signal = snapshot.series(name), snapshot.signal(rule.signal)
    borders = {band: (begin, stop) for band, begin, stop in bands(series.interval)}
    ahead, problem = head_start(snapshot, name, rule.signal, past.hindcasts), health(signal, snapshot.cutoff)
    found = []
    for rows in build_rows(snapshot, name, past.hindcasts, past.noise):
        begin, stop = borders[rows.band]
        step = series.interval.seconds
        leads = np.arange(-(-begin // step) * step, stop, step, dtype=np.int64)
        open_ = open_buckets(rows, past.hindcasts, leads, series)
        said, enough = coming(rule, signal, rows.moment, leads, series.interval, open_)
        if enough.sum() < LEAST_ROWS:
            continue
        every = np.ones(len(rows.day), dtype=bool)
        own = score_forward(rows, rows.own, every)
        rest = score_forward(replace(rows, excess=rows.excess - said), rows.own, every)
        valid, loud = own.valid & rest.valid & enough, stands_out(features_at([signal], rows.moment)[0])
        found.append(Scored(rows, own.predicted, rest.predicted + said, valid, loud, ahead, problem))
    return found


def open_buckets(rows: Rows, hindcasts: Hindcasts, lead_seconds: Ns, series: Series) -> Flags:
    """bool[r, n]: whether the bucket that begins so long after a row's moment counts in its target: open and known."""
    step = series.interval.seconds
    counted = hindcasts.scored.reshape(len(hindcasts), -1)
    seen = local_ns(rows.moment, series.tz) % DAY // (step * SECOND)
    column = seen[:, None] + lead_seconds // step
    held = column < counted.shape[1]
    origin = np.searchsorted(hindcasts.origins, rows.day)[:, None]
    return np.asarray(held & counted[origin, np.minimum(column, counted.shape[1] - 1)])


def _marked(rule: Assumption, found: Finding) -> Finding:
    """A finding that says whose idea it was, and where it is shut, that nothing comes of it."""
    shut = "; not proven, so it is not used" if found.gate == SHUT else ""
    return replace(found, why=f"{MARK}: {rule}; {found.why}{shut}")


def _unknown(snapshot: Snapshot, name: str, rule: Assumption) -> list[Finding]:
    why = f"{NOT_YET}: 0 of about {LEAST_CUTOFFS} forecasts to compare"
    return [
        _marked(rule, Finding(name, rule.label, band, None, 0.0, 0.0, 0.0, NOT_YET, 0, why))
        for band, begin, _ in bands(snapshot.series(name).interval)
        if begin < REACH_SECONDS
    ]
