"""Does a signal help? Head start, gain with its interval, and the gate, per series and lead band.

    snapshot ─► hindcasts ─► forward predictions with and without the signal ─► Finding(lead, lift, gate, why)

The two sides differ only in the signal: same rates, same learning from the day so far, same cutoffs (every open half
hour for bands under a day, every day for longer ones), refitted weekly on what was known by then. The interval comes
from a moving-block bootstrap over days (Künsch 1989, Ann. Stat. 17:1217-1241), since a storm's hours share their luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import SECOND, Grid
from forecast.errors import NotEnoughHistory
from forecast.features import deviations
from forecast.models.base import RateModel, bands
from forecast.models.hindcasts import Hindcasts
from forecast.models.past import EVIDENCE_DAYS, LEAST_ORIGINS, candidate_signals, forward_scores, past_of
from forecast.models.signal_effect import REACH_SECONDS, Scored
from forecast.vintage import Snapshot

LEAST_CUTOFFS = 200
LEAST_DAYS = 56
RESAMPLES = 1000
BLOCK_DAYS = 5
WORTH_IT = 0.005  # a gain below half a percent is proof of nothing a planner could use
DECISION_DAYS = 7
LAGS_INTRADAY = 24
LAGS_DAILY = 7
SURE_CORRELATION = 4.0  # in standard errors: the largest of fifty lags is above 3 by chance one time in ten

OPEN, SHUT, NOT_YET = "open", "shut", "not enough history"


@dataclass(frozen=True)
class Decision:
    """Gain of one signal in one band at one date: 1 - loss with / loss without, its 5th and 95th percentile, cutoffs."""

    lift: float
    lower: float
    upper: float
    n: int
    days: int

    @property
    def verdict(self) -> str:
        if self.n < LEAST_CUTOFFS or self.days < LEAST_DAYS:
            return NOT_YET
        return OPEN if self.lower > 0 and self.lift >= WORTH_IT else SHUT


@dataclass(frozen=True)
class Finding:
    """A row of evidence, as `forecall evaluate` and the API give it.

    leads_by_minutes: how long the signal runs ahead (negative: behind); None where no lag stands out
    """

    series: str
    signal: str
    lead_band: str
    leads_by_minutes: int | None
    lift: float
    lower: float
    upper: float
    gate: str
    n: int
    why: str

    def row(self) -> dict[str, object]:
        return asdict(self)


def gate(scored: Scored) -> float:
    """Weight 1 where the signal earned it on two successive weekly decisions, else 0."""
    return 1.0 if all(decision.verdict == OPEN for decision in decisions(scored)) else 0.0


def decisions(scored: Scored) -> tuple[Decision, Decision]:
    """The decision now and the one a week before, each from the rows matured by then."""
    if not scored.valid.any():
        return _nothing(), _nothing()
    last = int(scored.rows.matured[scored.valid].max())
    return decide(scored, until=last), decide(scored, until=last - DECISION_DAYS)


def _nothing() -> Decision:
    return Decision(0.0, 0.0, 0.0, 0, 0)


def decide(scored: Scored, *, until: int) -> Decision:
    """Lift over all valid rows matured by a local day, with a moving-block bootstrap over days (5th, 95th percentile)."""
    rows = scored.valid & (scored.rows.matured <= until)
    if not rows.any():
        return _nothing()
    excess, day = scored.rows.excess[rows], scored.rows.day[rows]
    place = day - day.min()
    without = np.bincount(place, weights=np.abs(excess - scored.without[rows])).astype(np.float64)
    with_signal = np.bincount(place, weights=np.abs(excess - scored.with_signal[rows])).astype(np.float64)
    if without.sum() <= 0:
        return _nothing()
    lifts = _resampled(with_signal, without, block=_block(scored))
    lower, upper = np.quantile(lifts, [0.05, 0.95])
    lift = 1 - float(with_signal.sum() / without.sum())
    return Decision(lift, float(lower), float(upper), int(rows.sum()), len(np.unique(day)))


def _block(scored: Scored) -> int:
    """Days in a block: at least as long as a row's target reaches."""
    reach = int((scored.rows.matured - scored.rows.day).max())
    return max(BLOCK_DAYS, reach + 1)


def _resampled(with_signal: Floats, without: Floats, *, block: int) -> Floats:
    """float[resamples]: lifts over days drawn in blocks; seeded by the length, so that a decision can be repeated."""
    days = len(without)
    block = min(block, days)
    rng = np.random.default_rng(days)
    starts = rng.integers(0, days - block + 1, size=(RESAMPLES, -(-days // block)))
    sums = [np.concatenate([[0.0], np.cumsum(loss)]) for loss in (with_signal, without)]
    top, bottom = ((total[starts + block] - total[starts]).sum(axis=1) for total in sums)
    return np.asarray(1 - top / np.maximum(bottom, 1e-9))


def findings(snapshot: Snapshot, name: str, rates: Sequence[RateModel]) -> list[Finding]:
    """Every candidate signal of a series in every lead band within reach."""
    signals = candidate_signals(snapshot, name)
    if not signals:
        return []
    try:
        past = past_of(tuple(rates), snapshot, name, EVIDENCE_DAYS)
    except NotEnoughHistory:
        return _all_unknown(snapshot, name, signals)
    if len(past.hindcasts) < LEAST_ORIGINS:
        return _all_unknown(snapshot, name, signals)
    leads = {signal: head_start(snapshot, name, signal, past.hindcasts) for signal in signals}
    found = [
        _finding(name, signal, scored, leads[signal])
        for band in forward_scores(snapshot, name, past, signals)
        for signal, scored, _ in band.signals
    ]
    return found or _all_unknown(snapshot, name, signals)


def _all_unknown(snapshot: Snapshot, name: str, signals: Sequence[str]) -> list[Finding]:
    why = f"not enough history: 0 of about {LEAST_CUTOFFS} forecasts to compare"
    return [
        Finding(name, signal, band, None, 0.0, 0.0, 0.0, NOT_YET, 0, why)
        for signal in signals
        for band, begin, _ in bands(snapshot.series(name).interval)
        if begin < REACH_SECONDS
    ]


def _finding(name: str, signal: str, scored: Scored, lead: int | None) -> Finding:
    now, before = decisions(scored)
    verdict = now.verdict
    if verdict == OPEN and before.verdict != OPEN:
        verdict = SHUT
    return Finding(
        name,
        signal,
        scored.rows.band,
        lead,
        now.lift,
        now.lower,
        now.upper,
        verdict,
        now.n,
        _why(now, verdict),
    )


def _why(now: Decision, verdict: str) -> str:
    if verdict == NOT_YET:
        if now.n < LEAST_CUTOFFS:
            return f"not enough history: {now.n} of about {LEAST_CUTOFFS} forecasts to compare"
        return f"not enough history: {now.days} of about {LEAST_DAYS} days to compare"
    gain = f"{100 * now.lift:+.1f} % ({100 * now.lower:+.1f} to {100 * now.upper:+.1f}) on {now.n} forecasts"
    if verdict == OPEN:
        return f"gain {gain}, above zero twice in a row"
    if now.lower > 0 and now.lift < WORTH_IT:
        return f"gain {gain}: too small to be of use"
    if now.lower > 0:
        return f"gain {gain}, but it was not proven a week ago: one more week"
    return f"gain {gain}: its lower end is not above zero"


def head_start(snapshot: Snapshot, name: str, signal: str, hindcasts: Hindcasts) -> int | None:
    """Minutes the signal runs ahead of the contacts beyond expectation; negative: behind; None: no lag stands out.

    Cross-correlation after prewhitening both sides by the signal's own autoregression (Box & Jenkins, ch. 11), on
    signed square roots so that one storm does not decide alone.
    """
    series = snapshot.series(name)
    first, last = int(hindcasts.origins[0]), int(hindcasts.origins[-1])
    grid = Grid.days(first, last, series.interval, series.tz)
    rows = np.searchsorted(hindcasts.origins, grid.day)
    rate, came = hindcasts.rate[rows, 0, grid.slot], hindcasts.came[rows, 0, grid.slot]
    contacts = np.where(hindcasts.origins[rows] == grid.day, (came - rate) / np.sqrt(rate + 0.5), np.nan)
    step = series.interval.seconds * SECOND
    posts, enough = deviations(snapshot.signal(signal), grid.ds + step)
    said = np.where(enough, posts[:, 0], np.nan)
    lags = LAGS_INTRADAY if series.interval.slots > 1 else LAGS_DAILY
    lag = _peak(_root(said), _root(contacts), lags)
    return None if lag is None else int(lag * series.interval.seconds // 60)


def _root(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _peak(leading: Floats, following: Floats, lags: int) -> int | None:
    """Lag (buckets) of the largest positive prewhitened correlation; positive: `leading` comes first."""
    white, filtered = _prewhitened(leading, following)
    best, at = 0.0, None
    for lag in range(-lags, lags + 1):
        early = white[: len(white) - lag] if lag >= 0 else white[-lag:]
        late = filtered[lag:] if lag >= 0 else filtered[:lag]
        both = ~np.isnan(early) & ~np.isnan(late)
        if both.sum() < 60:
            continue
        x, y = early[both] - early[both].mean(), late[both] - late[both].mean()
        size = np.sqrt((x**2).sum() * (y**2).sum())
        score = float((x * y).sum() / size) * np.sqrt(both.sum()) if size > 0 else 0.0
        if score > max(best, SURE_CORRELATION):
            best, at = score, lag
    return at


def _prewhitened(leading: Floats, following: Floats, order: int = 6) -> tuple[Floats, Floats]:
    """Both series filtered by the autoregression of the first; NaN where a lag is missing."""

    def lagged(values: Floats) -> Floats:
        return np.stack(
            [np.concatenate([np.full(lag, np.nan), values[:-lag]]) for lag in range(1, order + 1)], axis=1
        )

    past = lagged(leading)
    good = ~np.isnan(past).any(axis=1) & ~np.isnan(leading)
    if good.sum() < 10 * order:
        return leading, following
    weights = np.linalg.lstsq(past[good], leading[good], rcond=None)[0]
    return leading - past @ weights, following - lagged(following) @ weights
