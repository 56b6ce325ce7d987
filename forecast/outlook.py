"""What will they call about: the contact reasons of a day over all queues, against the usual, and why they differ.

    forecasts by reason and queue ─┐
    contacts of the last weeks ────┼─► Outlook: one Reason per topic, the largest first, each with its causes
    posts, special days ───────────┘

A band over several queues adds up the queues' bands: it is right where they stray together, and too wide elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ns

WEEKS = 8
WEEK = 7
LEAST_SHIFT = 0.15  # of the usual week: a smaller one is not worth a word
SURE = 3.0  # standard deviations of a count by which a week has to differ
LEAST_TIMES = 1.5  # as many posts as usual


@dataclass(frozen=True)
class Past:
    """What a reason of a queue got before; None: not known.

    usual: mean of the day's weekday over the last eight weeks; last_week: what came a week before the day
    week, usual_week: contacts of the last seven whole days, and of an average week of the eight before them
    """

    usual: float | None = None
    last_week: float | None = None
    week: float | None = None
    usual_week: float | None = None

    @property
    def late(self) -> bool:
        """Whether contacts of the last seven days are missing."""
        return self.week is None and bool(self.usual_week)


@dataclass(frozen=True)
class Line:
    """A reason in one queue on the day. expected: mean; low, high: 8 in 10 days lie between.

    coverage: part of the queue's contacts whose reason is known, where files tell reasons apart from the totals
    """

    queue: str
    channel: str
    topic: str
    expected: float
    low: float
    high: float
    past: Past = field(default_factory=Past)
    coverage: float | None = None


@dataclass(frozen=True)
class Talk:
    """Posts on a reason. day: in the last 24 hours; since, times: of a burst that goes on, else None."""

    day: float = 0.0
    usual: float | None = None
    since: dt.datetime | None = None
    times: float | None = None


@dataclass(frozen=True)
class Owner:
    """Who looks after a reason, and where its answer stands."""

    name: str = ""
    email: str = ""
    faq: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a reason differs from the usual. kind: posts, special_day or lately; size: times the usual, or change of it."""

    kind: Literal["posts", "special_day", "lately"]
    size: float = 0.0
    since: dt.datetime | None = None
    name: str = ""


@dataclass(frozen=True)
class Reason:
    """A reason over all queues asked for."""

    topic: str
    lines: tuple[Line, ...]
    talk: Talk = field(default_factory=Talk)
    owner: Owner = field(default_factory=Owner)
    causes: tuple[Cause, ...] = ()

    @property
    def expected(self) -> float:
        return sum(line.expected for line in self.lines)

    @property
    def low(self) -> float:
        return sum(line.low for line in self.lines)

    @property
    def high(self) -> float:
        return sum(line.high for line in self.lines)

    @property
    def usual(self) -> float | None:
        return total(line.past.usual for line in self.lines)

    @property
    def last_week(self) -> float | None:
        return total(line.past.last_week for line in self.lines)

    @property
    def change(self) -> float | None:
        """Expected over usual, less one, in the queues whose usual is known; None where nothing is usual."""
        expected, usual = both((line.expected, line.past.usual) for line in self.lines)
        return expected / usual - 1 if usual else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Queues whose last seven days are not all in, though they had contacts before."""
        return tuple(line.queue for line in self.lines if line.past.late)


@dataclass(frozen=True)
class Outlook:
    """The reasons of a local day, the largest first. cutoff: what the forecast knew; None where there is none."""

    day: dt.date
    tz: str
    reasons: tuple[Reason, ...]
    cutoff: dt.datetime | None = None

    @property
    def expected(self) -> float:
        return sum(reason.expected for reason in self.reasons)

    @property
    def low(self) -> float:
        return sum(reason.low for reason in self.reasons)

    @property
    def high(self) -> float:
        return sum(reason.high for reason in self.reasons)

    @property
    def usual(self) -> float | None:
        return total(reason.usual for reason in self.reasons)

    @property
    def last_week(self) -> float | None:
        return total(reason.last_week for reason in self.reasons)


def total(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def both(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[float, float]:
    """The sums of the pairs of which both sides are known: the rest cannot be compared."""
    known = [(left, right) for left, right in pairs if left is not None and right is not None]
    return sum(left for left, _ in known), sum(right for _, right in known)


def outlook(
    day: dt.date,
    lines: Sequence[Line],
    *,
    tz: str,
    talk: Mapping[str, Talk],
    owners: Mapping[str, Owner],
    special: Mapping[str, str],
    cutoff: dt.datetime | None = None,
) -> Outlook:
    """Lines -> reasons, ranked. talk, owners: by topic; special: queue -> name of its special day, where it has one."""
    topics: dict[str, list[Line]] = {}
    for line in lines:
        topics.setdefault(line.topic, []).append(line)
    found = []
    for topic, mine in topics.items():
        said = talk.get(topic, Talk())
        why = causes(mine, said, special_days(mine, special))
        made = Reason(topic, tuple(mine), said, owners.get(topic, Owner()), why)
        found.append(made)
    ranked = sorted(found, key=lambda reason: (-reason.expected, reason.topic))
    return Outlook(day, tz, tuple(ranked), cutoff)


def special_days(lines: Sequence[Line], special: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the special days of a reason's queues, with the queues where it is not a day of all."""
    queues: dict[str, list[str]] = {}
    for line in lines:
        if name := special.get(line.queue, ""):
            queues.setdefault(name, []).append(line.queue)
    return tuple(
        name if len(mine) == len(lines) else f"{name} ({', '.join(mine)})" for name, mine in queues.items()
    )


def causes(lines: Sequence[Line], talk: Talk, special: Sequence[str]) -> tuple[Cause, ...]:
    """What is known that moves a reason: a burst of posts, a special day, a level that changed in the last week."""
    found = []
    if talk.times is not None and talk.times >= LEAST_TIMES:
        found.append(Cause("posts", talk.times, talk.since))
    found += [Cause("special_day", name=name) for name in special]
    week, usual = both((line.past.week, line.past.usual_week) for line in lines)
    if usual:
        shift = week / usual - 1
        if abs(shift) >= LEAST_SHIFT and abs(week - usual) >= SURE * usual**0.5:
            found.append(Cause("lately", shift))
    return tuple(found)


def against(counts: Floats, days: Ns, day: int) -> Past:
    """Contacts float[d] on consecutive local days [d], NaN unknown -> what they say about a local day."""
    if len(days) == 0:
        return Past()
    same = counts[(days - day) % WEEK == 0][-WEEKS:]
    week, before = counts[-WEEK:], _mean(counts[-WEEK * (WEEKS + 1) : -WEEK])
    at = day - WEEK - int(days[0])
    return Past(
        usual=_mean(same),
        last_week=_known(counts[at]) if 0 <= at < len(counts) else None,
        week=_known(week.sum()) if len(week) == WEEK else None,
        usual_week=None if before is None else WEEK * before,
    )


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
