"""Peak warnings: when one is worth raising, telling anew and ending, what can still be done, and what became of it.

    surge (what the first posts of a burst let expect) ─► raised ─► told anew where it changed ─► ended ─► judged

Moments are int64 nanoseconds. Everything here is a function of its arguments; keeping and sending is for others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, end, from_ns
from forecast.social.rising import rising
from forecast.vintage import History

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
ALL = "all"
PICKED_UP, RESULT = "picked_up", "result"  # acts that are no measure
THIRD = 1 / 3  # of the size told: a larger change is told anew
LATER = HOUR  # so much earlier or later is told anew
PATIENCE = 30 * MINUTE  # a surge the detector no longer sees may be back; then its warning ends
USUAL_WEEKS = 8
BY_CHANCE = 1.2816  # standard deviations that a count passes one time in ten
Outcome: TypeAlias = Literal["hit", "false alarm", "too small", "acted on", "not known yet"]


@dataclass(frozen=True)
class Surge:
    """What a burst of posts lets expect of one queue.

    series: the queue; onset: first posts of the burst (ns); start, stop: when the extra contacts are expected (ns)
    extra, low, high: contacts beyond the usual that are still to come, with an 80 % band; times_usual: posts so far over the usual number
    Both are told for the case that contacts follow; sureness: posterior probability that they do; over: the storm has ended
    already: contacts beyond the usual that have come by now, as the detector sees it
    """

    series: str
    topic: str
    signal: str
    onset: int
    start: int
    stop: int
    extra: float
    low: float
    high: float
    times_usual: float
    posts: int
    sureness: float
    over: bool
    already: float = 0.0

    @property
    def whole(self) -> float:
        """Contacts beyond the usual, those that came with those still to come."""
        return self.already + self.extra

    @property
    def key(self) -> tuple[str, str]:
        """What one warning is about: of several signals that tell of it the surest speaks."""
        return self.series, self.topic


@dataclass(frozen=True)
class Measure:
    """Something that can be done about a peak, and how many minutes before it works."""

    name: str
    minutes: int


@dataclass(frozen=True)
class Rules:
    """From which size (contacts) and sureness (0-1) on a surge is worth a warning."""

    least_extra: float = 10.0
    least_sure: float = 0.25


@dataclass(frozen=True)
class Act:
    """What somebody did about a warning. act: `picked_up`, the name of a measure, or `result`; at in ns."""

    at: int
    who: str
    act: str
    note: str


@dataclass(frozen=True)
class Came:
    """Contacts of the time that was warned of: beyond the usual, and the usual."""

    extra: float
    usual: float


@dataclass(frozen=True)
class Alert:
    """A peak warning as it is kept.

    surge:    as it stands now;  told: as it was last told
    promise:  as it was last told before its contacts began; by this it is judged, and shown once it ended
    updates:  how often it was told anew
    missing:  since when the detector no longer sees it (ns), None while it does
    why:      over (the storm ended), passed (its time is over) or gone (no longer seen); '' while live
    came:     what came, once known
    """

    id: int
    surge: Surge
    told: Surge
    promise: Surge
    raised_at: int
    updated_at: int
    ended_at: int | None = None
    updates: int = 0
    missing: int | None = None
    why: str = ""
    came: Came | None = None
    acts: tuple[Act, ...] = ()

    @property
    def live(self) -> bool:
        return self.ended_at is None

    @property
    def shown(self) -> Surge:
        """The surge to tell of: as it stands, and what was promised once it is over."""
        return self.surge if self.live else self.promise

    @property
    def occasion(self) -> str:
        """What there is to tell now; a message is sent once per occasion and target."""
        if not self.live:
            return f"ended-{self.updates}"
        return f"update-{self.updates}" if self.updates else "raised"

    @property
    def outcome(self) -> Outcome | None:
        """None while it is live. Whoever acted changed what came, so that an incident with an act is neither hit nor miss."""
        if self.live:
            return None
        return judge(self.promise, self.came, acted=bool(self.acts))


def coming(surge: Surge, now: int) -> bool:
    """Does the storm go on, with contacts still to come?"""
    return not surge.over and surge.stop > now


def worth_raising(surge: Surge, now: int, rules: Rules) -> bool:
    """Large and sure enough, and not past."""
    return coming(surge, now) and surge.extra >= rules.least_extra and surge.sureness >= rules.least_sure


def worth_telling(told: Surge, new: Surge, now: int) -> bool:
    """Did the size change by more than a third of what was told, or the time by an hour?

    The size is the whole of it, so that what has come since does not count as less. Once contacts come, only more of them, or
    later ones, are news.
    """
    grown, longer = new.whole - told.whole, new.stop - told.stop
    if now >= told.start:
        return grown > THIRD * abs(told.whole) or longer >= LATER
    moved = max(abs(new.start - told.start), abs(longer))
    return abs(grown) > THIRD * abs(told.whole) or moved >= LATER


def promised(surge: Surge, now: int) -> Surge:
    """What a warning given `now` promises: what came before is none of it."""
    return replace(surge, start=min(max(surge.start, now), surge.stop))


def follow(alert: Alert, surge: Surge | None, now: int) -> Alert:
    """A live warning one look later; the same object where there is nothing new. surge: None where none is seen.

    It ends when the storm does, when its time is over, or when no surge was seen for half an hour: a detector that
    hesitates must not end and raise a warning in turn.
    """
    if surge is not None and surge.over:
        return _ended(alert, now, "over")
    if (alert.surge if surge is None else surge).stop <= now:
        return _ended(alert, now, "passed")
    if surge is None:
        if alert.missing is None:
            return replace(alert, missing=now)
        return _ended(alert, now, "gone") if now - alert.missing >= PATIENCE else alert
    if surge == alert.surge and alert.missing is None:
        return alert
    seen = replace(alert, surge=surge, missing=None, updated_at=now)
    return _told_anew(seen, surge, now) if worth_telling(alert.told, surge, now) else seen


def same_burst(ended: Alert, surge: Surge) -> bool:
    """Is a surge of the same queue and reason one that was warned of and ended too early? Then that warning lives on."""
    return ended.ended_at is not None and surge.onset <= ended.ended_at


def reopened(ended: Alert, surge: Surge, now: int) -> Alert:
    """A warning that lives on; it is told as an update."""
    alive = replace(ended, surge=surge, ended_at=None, why="", missing=None, came=None, updated_at=now)
    return _told_anew(alive, surge, now)


def _told_anew(alert: Alert, surge: Surge, now: int) -> Alert:
    promise = promised(surge, now) if now < alert.promise.start else alert.promise
    return replace(alert, told=surge, promise=promise, updates=alert.updates + 1)


def _ended(alert: Alert, now: int, why: str) -> Alert:
    return replace(alert, ended_at=now, updated_at=now, why=why)


def in_time(measures: Iterable[Measure], start: int, now: int) -> tuple[Measure, ...]:
    """The measures that, begun at `now`, work before the extra contacts begin at `start`; the quickest first."""
    left = (start - now) / MINUTE
    return tuple(sorted((one for one in measures if one.minutes <= left), key=lambda one: one.minutes))


def judge(promise: Surge, came: Came | None, *, acted: bool) -> Outcome:
    """What became of a warning that ended.

    acted on:    somebody did something, so nobody knows what would have come
    false alarm: no more came than chance brings one time in ten, taking counts as Poisson
    too small:   more came than chance, but less than the band said
    hit:         at least the lower end of the band came
    """
    if acted:
        return "acted on"
    if came is None:
        return "not known yet"
    if came.extra <= BY_CHANCE * np.sqrt(came.usual):
        return "false alarm"
    return "hit" if came.extra >= promise.low else "too small"


def what_came(history: History, surge: Surge) -> Came | None:
    """Contacts between start and stop against the median of the same time on the same weekday of the eight weeks before.

    None while part of that time is unknown, or where no week before is known.
    """
    if history.cutoff < surge.stop or len(history.grid) == 0:
        return None
    grid, series = history.grid, history.series
    inside = (grid.ds < surge.stop) & (end(grid.ds, series.interval, series.tz) > surge.start)
    asked = np.flatnonzero(inside & history.open)
    contacts = history.y[asked]
    if not inside.any() or np.isnan(contacts).any():
        return None
    usual = _usual(history, asked, surge.onset)
    if np.isnan(usual).any():
        return None
    return Came(float(contacts.sum() - usual.sum()), float(usual.sum()))


def _usual(history: History, rows: Ns, onset: int) -> Floats:
    """float[k]: the usual contacts of buckets `rows` [k], from days before the onset; NaN where none is known."""
    grid = history.grid
    before = history.usable & (grid.ds < onset)
    usual = np.full(len(rows), np.nan)
    for place, row in enumerate(rows.tolist()):
        age = grid.day[row] - grid.day
        like = before & (grid.slot == grid.slot[row]) & (grid.weekday == grid.weekday[row])
        like &= (age > 0) & (age <= 7 * USUAL_WEEKS)
        if like.any():
            usual[place] = np.median(history.y[like])
    return usual


def phrases(posts: pd.DataFrame, surge: Surge, *, now: dt.datetime, tz: str, least: int) -> tuple[str, ...]:
    """posts[...] as `rising` takes them -> up to three stripped phrases of the burst, none of fewer than `least` voices."""
    lasted = (from_ns(surge.onset), pd.Timestamp(now))
    hours = int(np.clip(np.ceil((lasted[1] - lasted[0]) / pd.Timedelta(hours=1)), 1, 24))
    rose = rising(posts, now=now, hours=hours, tz=tz, least=least)
    mine = [one for one in rose if surge.topic in (ALL, one.reason)]
    return tuple(dict.fromkeys(example for one in mine for example in one.examples[:2]))[:3]


def choose(surges: Sequence[Surge]) -> dict[tuple[str, str], Surge]:
    """The surge that speaks for each queue and reason: one that goes on before one that is over, then the surest."""
    ranked = sorted(surges, key=lambda one: (one.over, -one.sureness, -one.extra, one.signal))
    best: dict[tuple[str, str], Surge] = {}
    for one in ranked:
        best.setdefault(one.key, one)
    return best
