"""Does a signal help? Head start, gain with its interval, and the gate, per series and lead band.

    snapshot ─► hindcasts ─► forward predictions with and without the signal ─► Finding(head start, gain, gate, why)

The two sides differ only in the signal: same rates, same learning from the day so far, same cutoffs (every open half
hour for bands under a day; for longer ones too, but there a day counts once), refitted weekly on what was known by then.
The interval comes from a moving-block bootstrap over days (Künsch 1989, Ann. Stat. 17:1217-1241), since a storm's hours
share their luck.

The gate opens where, on two weekly decisions in a row, the gain is surely above zero and the signal surely runs ahead.
A signal that comes with the contacts or after them may sharpen a forecast by a little, but it foretells nothing, and what
looks like its gain is often a driver both have in common; so it stays shut. It closes when the signal goes stale or its
source changes its behaviour (`signal_health.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND
from forecast.doubts import Granger, granger, placebo, quiet_lift
from forecast.errors import NotEnoughHistory
from forecast.models.base import RateModel, bands
from forecast.models.head_start import LAG, LEAD, NOTHING, TOGETHER, HeadStart
from forecast.models.past import EVIDENCE_DAYS, LEAST_ORIGINS, candidate_signals, forward_scores, past_of
from forecast.models.signal_effect import REACH_SECONDS, Scored
from forecast.vintage import Snapshot

LEAST_CUTOFFS = 200
LEAST_DAYS = 56
LEAST_INCIDENTS = 6
QUIET_HOURS = 6  # between two incidents
RESAMPLES = 1000
BLOCK_DAYS = 5
WORTH_IT = 0.005  # a gain below half a percent is proof of nothing a planner could use
DECISION_DAYS = 7
BY_DAY = ("0-1d", "1-3d", "3-7d")  # bands in which a day counts once, however many moments of it are compared

OPEN, SHUT, NOT_YET = "open", "shut", "not enough history"


@dataclass(frozen=True)
class Decision:
    """Gain of one signal in one band at one date: 1 - loss with / loss without, its 5th and 95th percentile.

    n: cutoffs compared (days in BY_DAY bands); days: of these; incidents: times the signal stood out, None where not asked
    """

    lift: float
    lower: float
    upper: float
    n: int
    days: int
    incidents: int | None = None

    @property
    def missing(self) -> str:
        """What the history lacks for a verdict, or ''."""
        if self.n < LEAST_CUTOFFS:
            return f"{self.n} of about {LEAST_CUTOFFS} forecasts to compare"
        if self.days < LEAST_DAYS:
            return f"{self.days} of about {LEAST_DAYS} days to compare"
        if self.incidents is not None and self.incidents < LEAST_INCIDENTS:
            return f"{self.incidents} of about {LEAST_INCIDENTS} incidents"
        return ""

    @property
    def verdict(self) -> str:
        if self.missing:
            return NOT_YET
        return OPEN if self.lower > 0 and self.lift >= WORTH_IT else SHUT

    @property
    def weight(self) -> float:
        """How far the signal counts: from 0 where the gain's lower end is zero to 1 where it is half the gain or more."""
        return float(np.clip(2 * self.lower / self.lift, 0.0, 1.0)) if self.verdict == OPEN else 0.0


@dataclass(frozen=True)
class Finding:
    """A row of evidence, as `forecall evaluate` and the API give it.

    leads_by_minutes, leads_lower, leads_upper: how long the signal runs ahead (negative: behind) with its 90 % interval;
    None where no lag stands out; regime: `posts lead`, `together`, `posts lag` or `no lag stands out`
    halves: the gain in the first and in the second half of what was compared; weight: how far the signal counts
    quiet_lift: the gain on days without an incident; placebo: gains with its weeks shuffled, where the gate is open
    granger: p-values of `signal first` and `contacts first` (`doubts.py`)
    shut_by: what keeps the gate shut, one of SHUT_BY, or a regime without a lead; '' where it is not shut
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
    leads_lower: int | None = None
    leads_upper: int | None = None
    regime: str = NOTHING
    incidents: int | None = None
    halves: tuple[float, float] = (0.0, 0.0)
    weight: float = 0.0
    quiet_lift: float | None = None
    placebo: tuple[float, ...] | None = None
    granger: Granger | None = None
    shut_by: str = ""

    def row(self) -> dict[str, object]:
        placebo = None if self.placebo is None else list(self.placebo)
        return asdict(self) | {"halves": list(self.halves), "placebo": placebo}


def gate(scored: Scored) -> float:
    """How far a signal counts: 0 unless it earned it on two successive weekly decisions, runs ahead, and is fit to be heard."""
    if scored.problem or (scored.head_start is not None and not scored.head_start.leads):
        return 0.0
    return min(decision.weight for decision in decisions(scored))


def decisions(scored: Scored) -> tuple[Decision, Decision]:
    """The decision now and the one a week before, each from the rows matured by then."""
    if not scored.valid.any():
        return _nothing(), _nothing()
    last = int(scored.rows.day[scored.valid].max()) + 1  # what matures later is not known as a whole yet
    return decide(scored, until=last), decide(scored, until=last - DECISION_DAYS)


def _nothing() -> Decision:
    return Decision(0.0, 0.0, 0.0, 0, 0)


def decide(scored: Scored, *, until: int) -> Decision:
    """Gain over all valid rows matured by a local day, with a moving-block bootstrap over days (5th, 95th percentile)."""
    rows = scored.valid & (scored.rows.matured <= until)
    if not rows.any():
        return _nothing()
    day = scored.rows.day[rows]
    with_signal, without = losses(scored, rows)
    if without.sum() <= 0:
        return _nothing()
    lower, upper = np.quantile(_resampled(with_signal, without, block=_block(scored)), [0.05, 0.95])
    lift = 1 - float(with_signal.sum() / without.sum())
    days = len(np.unique(day))
    n = days if scored.rows.band in BY_DAY else int(rows.sum())
    incidents = None if scored.loud is None else _episodes(scored.rows.moment[rows & scored.loud])
    return Decision(lift, float(lower), float(upper), n, days, incidents)


def losses(scored: Scored, rows: Flags) -> tuple[Floats, Floats]:
    """Sums of absolute errors by local day float[days], with the signal and without; days without a row are zero."""
    excess, day = scored.rows.excess[rows], scored.rows.day[rows]
    sides = (scored.with_signal[rows], scored.without[rows])
    first, second = (np.bincount(day - day.min(), weights=np.abs(excess - side)) for side in sides)
    return first.astype(np.float64), second.astype(np.float64)


def _episodes(moments: Ns) -> int:
    """How many times something happened, where what is less than QUIET_HOURS apart is one."""
    apart = np.diff(np.unique(moments)) > QUIET_HOURS * 3600 * SECOND
    return int(apart.sum()) + 1 if len(moments) else 0


def halves(scored: Scored) -> tuple[float, float]:
    """The gain in the first and in the second half of the days compared."""
    if not scored.valid.any():
        return 0.0, 0.0
    with_signal, without = losses(scored, scored.valid)
    middle = len(without) // 2
    parts = [(with_signal[part], without[part]) for part in (slice(middle), slice(middle, None))]
    first, second = (1 - float(top.sum() / max(bottom.sum(), 1e-9)) for top, bottom in parts)
    return first, second


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
    scores = forward_scores(snapshot, name, past, signals)
    found = [finding(name, signal, scored) for band in scores for signal, scored, _ in band.signals]
    for signal in {one.signal for one in found}:
        order = granger(snapshot, name, signal, past.hindcasts)
        opened = any(one.gate == OPEN for one in found if one.signal == signal)
        noise = placebo(snapshot, signal, scores) if opened else {}
        found = [
            replace(one, granger=order, placebo=noise.get(one.lead_band)) if one.signal == signal else one
            for one in found
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


def finding(name: str, signal: str, scored: Scored) -> Finding:
    """What is found about a signal in one band, and the words for it."""
    now, before = decisions(scored)
    ahead = scored.head_start or HeadStart()
    verdict, shut_by, why = _judged(now, before, scored)
    minutes = [None if value is None else round(value) for value in (ahead.minutes, ahead.lower, ahead.upper)]
    return Finding(
        name,
        signal,
        scored.rows.band,
        minutes[0],
        now.lift,
        now.lower,
        now.upper,
        verdict,
        now.n,
        why,
        minutes[1],
        minutes[2],
        ahead.regime,
        now.incidents,
        halves(scored),
        gate(scored),
        quiet_lift(scored),
        shut_by=shut_by,
    )


def _judged(now: Decision, before: Decision, scored: Scored) -> tuple[str, str, str]:
    """The state of the gate, what keeps it shut, and why in words."""
    if now.missing:
        return NOT_YET, "", f"{NOT_YET}: {now.missing}"
    counted = "days" if scored.rows.band in BY_DAY else "forecasts"
    gain = f"{100 * now.lift:+.1f} % ({100 * now.lower:+.1f} to {100 * now.upper:+.1f}) on {now.n} {counted}"
    if now.lower <= 0:
        return SHUT, NO_GAIN, f"gain {gain}: its lower end is not above zero"
    if now.lift < WORTH_IT:
        return SHUT, SMALL, f"gain {gain}: too small to be of use"
    if scored.head_start is not None and not scored.head_start.leads:
        regime = scored.head_start.regime
        return SHUT, regime, f"gain {gain}, but {NO_LEAD[regime]}"
    if scored.problem:
        return SHUT, UNHEARD, f"gain {gain}, but it cannot be heard now: {scored.problem}"
    if before.verdict != OPEN:
        return SHUT, ONCE, f"gain {gain}, but it was not proven a week ago: one more week"
    return OPEN, "", f"gain {gain}, above zero twice in a row"


NO_GAIN, SMALL, UNHEARD, ONCE = "no gain", "small gain", "unheard", "proven once"
SHUT_BY = (NO_GAIN, SMALL, UNHEARD, ONCE, TOGETHER, LAG, NOTHING)
NO_LEAD = {
    LEAD: "",
    TOGETHER: "it comes together with the contacts: they tell as much",
    LAG: "it comes after the contacts",
    NOTHING: "it does not show that it runs ahead: no lag stands out",
}
