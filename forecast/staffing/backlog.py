"""E-mail and social: work that waits, first in first out, as a fluid; what agents it takes, and what so many agents reach.

Let A(t) be the work come by t (seconds of handling, with what waited at the start), C(t) the work the agents could have
done by then. Answered is S(t) = min over s <= t of A(s) + C(t) - C(s): they do what they can, and nothing before it comes
(Reich 1958; Cruz 1991, "A calculus for network delay"; used for fluid queues as in Newell 1982, "Applications of Queueing
Theory"). The contact whose work ends at A(t) is in time where S(deadline of t) >= A(t). The deadline is so many hours
later by the clock, or in open hours, when the team is there. Erlang's formulae do not apply: they take it that the
interval is long beside the wait, that nothing is carried into it, and that all who come are served by those at work.

Chance is left out, as in Koole (2013), ch. 7: over hours it evens out, as the square root of the contacts of such a window
over their number. The occupancy limit is what is left for it. docs/benchmarks/staffing.md has a simulation beside it.

After the span of the question its last week (or the days there are) comes again, so that those who came on the last day
have their deadline too. Nothing that comes then changes what becomes of those before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, local_ns
from forecast.staffing.needs import ROUNDING, Targets

PARTS = 4  # steps an interval is cut into; within one, work is taken to be done evenly
WAITED = 24  # steps of what waits at the start
HOUR = 3600.0
WEEK = 7  # days
PLENTY = 1e9  # agents who leave nothing waiting where it is open
Shape: TypeAlias = Literal["level", "late"]
Room: TypeAlias = Callable[[Floats], Floats]
"""Agents in each row of an inbox, with those that go on after it [m] -> seconds of work they have for it [m]."""


@dataclass(frozen=True)
class Inbox:
    """What comes in to be answered later, in intervals [n] in a row; between two of them it is closed and nothing comes.

    ds: ns; seconds: length; contacts: number, NaN where not known; work: seconds it takes, NaN where not known
    open: is the team at work? waiting: contacts that wait at the start, taking waiting_work seconds, the oldest of them for
    age seconds, open_age of them in open hours (None: all); they are taken to have come evenly over that time
    """

    ds: Ns
    seconds: Floats
    contacts: Floats
    work: Floats
    open: Flags
    tz: str
    waiting: float = 0.0
    waiting_work: float = 0.0
    age: float = 0.0
    open_age: float | None = None

    @cached_property
    def known(self) -> int:
        """Rows before the first of which something is not known; all, if none. What comes later changes nothing for them."""
        if np.isnan(self.waiting + self.waiting_work):
            return 0
        lost = np.flatnonzero(np.isnan(self.contacts + self.work))
        return int(lost[0]) if len(lost) else len(self.ds)

    @cached_property
    def day(self) -> Ns:
        """int64[n]: the local day."""
        return np.asarray(local_ns(self.ds, self.tz) // DAY, dtype=np.int64)


@dataclass(frozen=True)
class Worked:
    """What becomes of an inbox, per interval [n]; NaN where it is not known.

    waiting: contacts open at its end; oldest_hours: what the oldest of them has waited by the clock; answered: contacts
    in_time: share of the contacts that COME in it that are answered within the target; NaN where none comes
    done: seconds of work done in it
    """

    waiting: Floats
    oldest_hours: Floats
    answered: Floats
    in_time: Floats
    done: Floats


@dataclass(frozen=True)
class Course:
    """An inbox and the days that go on after it, cut fine: rows [m], moments [k] = what waited, then 5 a row; steps [s] between.

    source: the row of the inbox that each row stands for; day: int64[m]; t, z: seconds of each moment, by the wall clock and
    by that of the promise; came, number: work and contacts come by then; left, right: the moments that bound each step;
    row: the row it is in, -1 for what waited
    """

    inbox: Inbox
    wait: float
    source: Ns
    day: Ns
    t: Floats
    z: Floats
    came: Floats
    number: Floats
    left: Ns
    right: Ns
    row: Ns

    @property
    def rows(self) -> int:
        """m."""
        return len(self.source)

    @cached_property
    def open(self) -> Flags:
        """bool[m]."""
        return np.asarray(self.inbox.open[self.source])

    @cached_property
    def sizes(self) -> Floats:
        """Contacts in each step [s]."""
        return np.asarray(self.number[self.right] - self.number[self.left])

    def begin(self, row: int) -> int:
        """The moment at which a row begins."""
        return WAITED + 1 + row * (PARTS + 1)

    def done(
        self, room: Floats, before: float = 0.0, span: slice | None = None, most: float = np.inf
    ) -> Floats:
        """S [k] with so many seconds of work in each row [m]; on a span of moments at whose beginning `before` was done, of the first `most`."""
        could = np.concatenate([np.zeros(WAITED + 1), _laid(np.cumsum(room) - room, room)])
        part = slice(None) if span is None else span
        lack = np.minimum(self.came[part], most) - could[part]
        lack[0] = before - could[part][0]
        return np.asarray(could[part] + np.minimum.accumulate(lack))

    def in_time(self, done: Floats, span: slice, steps: slice) -> Floats:
        """S on a span of moments -> share of each of some steps that is answered within the promise."""
        left, right = (
            np.interp(self.z[ends[steps]] + self.wait, self.z[span], done) - self.came[ends[steps]]
            for ends in (self.left, self.right)
        )
        least = 1e-10 * max(float(self.came[-1]), 1.0)
        left, right = left + least, right + least
        size = np.abs(left) + np.abs(right)
        above = np.maximum(left, 0.0) + np.maximum(right, 0.0)
        return np.asarray(np.where(size > 0, above / np.where(size > 0, size, 1.0), 1.0))


def course(inbox: Inbox, targets: Targets) -> Course:
    """The course of an inbox, and of a time after it as long as the last that comes may wait, and a week at least.

    What is not known comes to nothing here, and is taken out of the figures later.
    """
    wait = targets.response_hours * HOUR
    by_clock = targets.response_clock == "clock"
    source, start, day = _carried_on(inbox, wait, by_clock)
    told = np.maximum.accumulate(source >= inbox.known) == 0
    length = inbox.seconds[source]
    opened = length * inbox.open[source]
    t = _laid(start, length)
    z = t if by_clock else _laid(np.cumsum(opened) - opened, opened)
    by_promise = inbox.age if by_clock or inbox.open_age is None else inbox.open_age
    ago, before_z = (np.linspace(-np.nan_to_num(age), 0.0, WAITED + 1) for age in (inbox.age, by_promise))
    share = np.linspace(0.0, 1.0, WAITED + 1)
    came, number = (
        np.concatenate([had * share, had + _laid(np.cumsum(new) - new, new)])
        for had, new in (
            (np.nan_to_num(had), np.where(told, np.nan_to_num(values)[source], 0.0))
            for had, values in ((inbox.waiting_work, inbox.work), (inbox.waiting, inbox.contacts))
        )
    )
    row = np.repeat(np.arange(len(source)), PARTS)
    left = WAITED + 1 + row * (PARTS + 1) + np.tile(np.arange(PARTS), len(source))
    before = np.arange(WAITED)
    return Course(
        inbox,
        wait,
        source,
        day,
        np.concatenate([ago, t]),
        np.concatenate([before_z, z]),
        came,
        number,
        np.concatenate([before, left]).astype(np.int64),
        np.concatenate([before, left]).astype(np.int64) + 1,
        np.concatenate([np.full(WAITED, -1), row]).astype(np.int64),
    )


def _laid(begin: Floats, grown: Floats) -> Floats:
    """Values at the beginning of rows [m] and by how much they grow in each -> at all moments of all rows, in a row."""
    step = np.arange(PARTS + 1) / PARTS
    return np.asarray((begin[:, None] + grown[:, None] * step).ravel())


def _carried_on(inbox: Inbox, wait: float, by_clock: bool) -> tuple[Ns, Floats, Ns]:
    """(source, seconds from the start, local day) of the rows, and of as many copies of the last week as the promise takes."""
    count = len(inbox.ds)
    own = np.arange(count)
    if count == 0:
        return own, np.zeros(0), own
    start = (inbox.ds - inbox.ds[0]) / SECOND
    days = min(WEEK, int(inbox.day[-1] - inbox.day[0]) + 1)
    last = own[inbox.day > inbox.day[-1] - days]
    span = max(days * DAY / SECOND, float(start[-1] + inbox.seconds[-1] - start[last[0]]))
    passes = span if by_clock else float((inbox.seconds * inbox.open)[last].sum())
    copies = 1 + max(int(wait // passes) + 1 if passes > 0 else 0, WEEK // days)
    source, starts, day = ([one] for one in (own, start, inbox.day))
    for at in range(1, copies + 1):
        source.append(last)
        starts.append(start[last] + at * span)
        day.append(inbox.day[last] + at * days)
    return np.concatenate(source), np.concatenate(starts), np.concatenate(day)


def warmed(inbox: Inbox, targets: Targets) -> tuple[Inbox, Ns]:
    """An inbox of which nobody tells what waits (NaN) -> with its first week (or the days there are) before it, from nothing on.

    The row that each row stands for comes with it; the inbox's own are the last ones.
    """
    own = np.arange(len(inbox.ds))
    if len(own) == 0 or not np.isnan(inbox.waiting):
        return inbox, own
    days = min(WEEK, int(inbox.day[-1] - inbox.day[0]) + 1)
    first = own[inbox.day < inbox.day[0] + days]
    length = int(inbox.ds[first[-1]] - inbox.ds[0]) + round(float(inbox.seconds[first[-1]]) * SECOND)
    span = max(days * DAY, length)
    copies = max(WEEK // days, 1 + int(2 * targets.response_hours * HOUR * SECOND // span))
    source = np.concatenate([np.tile(first, copies), own])
    back = np.concatenate(
        [np.repeat(np.arange(copies, 0, -1), len(first)), np.zeros(len(own), dtype=np.int64)]
    )
    return Inbox(
        inbox.ds[source] - back * span,
        inbox.seconds[source],
        inbox.contacts[source],
        inbox.work[source],
        inbox.open[source],
        inbox.tz,
    ), source


def worked(course: Course, room: Floats) -> Worked:
    """What becomes of an inbox with so many seconds of work in each of its rows, with those that go on after it [m]."""
    box, told = course.inbox, course.inbox.known
    kept = len(box.ds)
    every = slice(0, len(course.t))
    done = course.done(np.where(np.isnan(room), 0.0, room))
    ends = course.begin(0) + np.arange(kept) * (PARTS + 1) + PARTS
    begins = ends - PARTS
    unknown = np.arange(kept) >= told
    lost = np.flatnonzero(np.isnan(room[:kept]))
    unknown[int(lost[0]) if len(lost) else kept :] = True
    number = np.interp(done, course.came, course.number)
    left = np.maximum(course.number[ends] - number[ends], 0.0)
    steps = slice(WAITED, WAITED + kept * PARTS)
    late = course.in_time(done, every, steps) * course.sizes[steps]
    fine = late.reshape(kept, PARTS).sum(axis=1)
    came = course.sizes[steps].reshape(kept, PARTS).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(came > 0, fine / came, np.nan)
    found = (
        np.where(left > ROUNDING * max(1.0, float(course.number[-1])), left, 0.0),
        _oldest(course, done, ends) / HOUR,
        number[ends] - number[begins],
        share,
        done[ends] - done[begins],
    )
    return Worked(*(np.where(unknown, np.nan, one) for one in found))


def _oldest(course: Course, done: Floats, ends: Ns) -> Floats:
    """Seconds [n] that the first one not answered has waited by the clock."""
    so_far, least = done[ends], 1e-9 * max(float(course.came[-1]), 1.0)
    after = np.clip(np.searchsorted(course.came, so_far + least, side="right"), 1, len(course.came) - 1)
    low, high = course.came[after - 1], course.came[after]
    part = np.clip((so_far - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    since = course.t[after - 1] + part * (course.t[after] - course.t[after - 1])
    return np.where(course.came[ends] - so_far > least, course.t[ends] - since, 0.0)
