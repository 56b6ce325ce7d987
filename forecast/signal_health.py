"""May a signal be listened to now? Not when it went stale, and not when its source changed its behaviour.

    stale     no new bucket for much longer than its own rhythm, or no post at a time that always had some
    changed   its volume, its lateness or its share left all it did before (`signal_shift.py`)

What is said of a moment depends on nothing known later. `health` tells one moment in words; `health_at` tells
thousands for replays, and the tests hold it to the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, end, from_ns, index, local_ns
from forecast.signal_shift import Shift, median, shifts
from forecast.vintage import Signal

WEEKS = 8
WEEK = 7 * DAY
GAPS, LONG_GAPS = 5, 3  # so many usual gaps, and so many long ones, may pass
LEAST_GAP = 2 * DAY
USUAL, LONG = 0.75, 0.95  # shares of the gaps that are shorter than the usual one, and than a long one
IMPROBABLE = 1e-4
LEAST_WINDOWS = 4  # weeks before the silence that must have been seen
FIRMNESS = (3.0, 20.0)  # bounds of the gamma shape by which a quiet week may differ from others
LONGEST_WAIT = 28
MOST_AT_ONCE = 4096  # moments, to bound what is in memory


@dataclass(frozen=True)
class _Rhythm:
    """When a signal got further, and what was usual by then. All int64[k] ns, ascending.

    known: when a newer bucket became known; reached: the end of that bucket; gap, lateness: usual in the weeks before
    long: a long gap of a thin signal, whose storms make most of its gaps short
    """

    known: Ns
    reached: Ns
    gap: Ns
    long: Ns
    lateness: Ns

    @property
    def limit(self) -> Ns:
        """int64[k]: how old the newest bucket may get before the signal counts as silent."""
        most = np.maximum(GAPS * self.gap, LONG_GAPS * self.long)
        return np.asarray(self.lateness + np.maximum(LEAST_GAP, most))

    @property
    def wait(self) -> Ns:
        """int64[k]: whole days after which a day's number is usually there."""
        return np.asarray(np.clip(-(-(self.gap + self.lateness) // DAY), 1, LONGEST_WAIT))


@dataclass(frozen=True)
class _Silence:
    """Since when nothing was posted, and what was usual for such a time. since: ns[t]; usual, chance: float[t]."""

    since: Ns
    usual: Floats
    chance: Floats


def health(signal: Signal, moment: int, *, whole: Signal | None = None) -> str:
    """'' where the signal may be used at `moment` (ns), else why not, as a sentence that begins `stale:` or `changed:`.

    whole: the signal it is a part of (`posts` of `negative`); with it, a change of its share is seen as well
    """
    moments = np.array([moment], dtype=np.int64)
    rhythm = _rhythm(signal)
    at = np.searchsorted(rhythm.known, moments, side="right") - 1
    if at[0] < 0:
        return "stale: nothing is known of it yet."
    age = moment - int(rhythm.reached[at[0]])
    if age > rhythm.limit[at[0]]:
        usual = _span(int(rhythm.gap[at[0]]))
        return f"stale: nothing new for {_span(age)}; usually something new comes within {usual}."
    silence = _silence(signal, moments, rhythm.lateness[at])
    if silence.chance[0] < IMPROBABLE:
        since = f"{from_ns(int(silence.since[0])):%Y-%m-%d %H:%M} UTC"
        return (
            f"stale: nothing was posted since {since}, a time that usually has about {silence.usual[0]:.0f}."
        )
    for shift in _shifts(signal, moments, rhythm.wait[at], whole):
        if shift.found[0]:
            return _told(shift)
    return ""


def health_at(signal: Signal, moments: Ns, *, whole: Signal | None = None) -> Flags:
    """bool[t]: at each of `moments` (ns, any order), may the signal be used? As `health` says with what was known then."""
    rhythm = _rhythm(signal)
    at = np.searchsorted(rhythm.known, moments, side="right") - 1
    fine = np.asarray(at >= 0)
    if not fine.any():
        return fine
    held = np.maximum(at, 0)
    fine &= moments - rhythm.reached[held] <= rhythm.limit[held]
    for begin in range(0, len(moments), MOST_AT_ONCE):
        part = slice(begin, begin + MOST_AT_ONCE)
        fine[part] &= _silence(signal, moments[part], rhythm.lateness[held[part]]).chance >= IMPROBABLE
    for shift in _shifts(signal, moments, rhythm.wait[held], whole):
        fine &= ~shift.found
    return fine


def _rhythm(signal: Signal) -> _Rhythm:
    """Of what came in one go only its newest bucket counts: a history brought in afterwards is one step."""
    held = signal.values
    front = np.maximum.accumulate(held.ds) if len(held) else held.ds
    newer = np.concatenate([[True], front[1:] > front[:-1]]) if len(held) else np.zeros(0, dtype=bool)
    known, ds = held.known_at[newer], held.ds[newer]
    last = np.concatenate([known[1:] != known[:-1], [True]]) if len(known) else np.zeros(0, dtype=bool)
    known, reached = known[last], end(ds[last], signal.interval, signal.tz)
    gap = np.diff(reached, prepend=reached[:1] - signal.interval.seconds * SECOND)
    lateness = _usual(np.maximum(known - reached, 0), known, USUAL)
    return _Rhythm(known, reached, _usual(gap, known, USUAL), _usual(gap, known, LONG), lateness)


def _usual(spans: Ns, known: Ns, share: float) -> Ns:
    """ns[k] -> ns[k]: what that share of the spans of the eight weeks up to each were below."""
    if len(spans) == 0:
        return spans
    held = pd.Series(spans.astype(np.float64), index=index(known))
    return held.rolling(pd.Timedelta(weeks=WEEKS)).quantile(share).to_numpy().astype(np.int64)


def _silence(signal: Signal, moments: Ns, lateness: Ns) -> _Silence:
    """How probable it is that nothing was posted since the last post known, by the same hours of the weeks before.

    The count of a window is Poisson with a gamma mean (negative binomial), so P(0) = (1 + usual / shape) ** -shape. The
    usual count is the mean of the quieter half of eight windows, so that storms do not make silence look strange.
    """
    since = np.zeros(len(moments), dtype=np.int64)
    nothing = _Silence(since, np.zeros(len(moments)), np.ones(len(moments)))
    if signal.kind != "count" or signal.interval.seconds * SECOND > DAY or len(signal.values) == 0:
        return nothing
    since = _last_post(signal, moments)
    until = moments - lateness - signal.interval.seconds * SECOND
    asked = np.flatnonzero((since > 0) & (until > since))
    usual, chance = nothing.usual, nothing.chance
    windows, there = _same_hours(signal, since[asked], until[asked])
    enough = there.sum(axis=1) >= LEAST_WINDOWS
    windows, there, asked = windows[enough], there[enough], asked[enough]
    if len(asked):
        held = np.where(there, windows, np.nan)
        half = median(held)[:, None]
        usual[asked] = np.nanmean(np.where(held <= half, held, np.nan), axis=1)
        calm = np.minimum(held, 2 * half + 3)
        mean, variance = np.nanmean(calm, axis=1), np.nanvar(calm, axis=1, ddof=1)
        beyond = (variance - mean) / np.maximum(mean, 1e-9) ** 2
        shape = np.clip(1 / np.maximum(beyond, 1e-9), *FIRMNESS)
        chance[asked] = (1 + usual[asked] / shape) ** -shape
    return _Silence(since, usual, chance)


def _last_post(signal: Signal, moments: Ns) -> Ns:
    """ns[t]: the end of the latest bucket known by then to hold anything; 0 where there is none."""
    held = signal.values
    some = held.value > 0
    if not some.any():
        return np.zeros(len(moments), dtype=np.int64)
    reached = np.maximum.accumulate(end(held.ds[some], signal.interval, signal.tz))
    place = np.searchsorted(held.known_at[some], moments, side="right") - 1
    return np.where(place >= 0, reached[np.maximum(place, 0)], 0)


def _same_hours(signal: Signal, since: Ns, until: Ns) -> tuple[Floats, Flags]:
    """Posts in the same hours of the eight weeks before each silence float[t, weeks], and where these were seen.

    Only what was known within a week of its bucket counts: these windows end a week before their moment, or earlier.
    """
    held = signal.values
    timely = (held.known_at <= held.ds + WEEK) & ~np.isnan(held.value)
    ds, value = type(held)(held.ds[timely], held.value[timely], held.known_at[timely]).latest()
    running = np.concatenate([[0.0], np.cumsum(value)])
    first = int(ds[0]) if len(ds) else np.iinfo(np.int64).max
    back = (-(-(until - since) // WEEK))[:, None] * WEEK + np.arange(WEEKS, dtype=np.int64) * WEEK
    begin, stop = since[:, None] - back, until[:, None] - back
    sums = running[np.searchsorted(ds, stop, side="left")] - running[np.searchsorted(ds, begin, side="left")]
    return sums, begin >= first


def _shifts(signal: Signal, moments: Ns, wait: Ns, whole: Signal | None) -> list[Shift]:
    """What changed at each moment, worked out once per local day. A feed that gets slower is judged by its own pace."""
    today = local_ns(moments, signal.tz) // DAY
    found: dict[str, Shift] = {}
    for days in np.unique(wait):
        mine = np.flatnonzero(wait == days)
        unique, place = np.unique(today[mine], return_inverse=True)
        for shift in shifts(signal, unique, int(days), whole):
            held = found.setdefault(shift.what, _no_shift(shift.what, len(moments)))
            for name in ("days", "recent", "before", "found"):
                getattr(held, name)[mine] = getattr(shift, name)[place]
    return list(found.values())


def _no_shift(what: str, count: int) -> Shift:
    return Shift(
        what, np.zeros(count, dtype=np.int64), np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    )


def _span(ns: int) -> str:
    """`40 minutes`, `5 hours`, `3 days`."""
    minutes = ns / (60 * SECOND)
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"


def _told(shift: Shift) -> str:
    recent, before = float(shift.recent[0]), float(shift.before[0])
    span = f"in the last {int(shift.days[0])} days, against the eight weeks before"
    if shift.what == "volume":
        return f"changed: {recent:,.1f} a day {span} with {before:,.1f} (storms apart)."
    if shift.what == "level":
        return f"changed: about {recent:.3g} {span} with {before:.3g}."
    said = "came late" if shift.what == "late" else "of all posts"
    return f"changed: {100 * recent:.0f} % {said} {span} with {100 * before:.0f} %."
