"""The least whole number of agents per local day that answers an inbox in time.

late   The least number in the open hours of a day that answers in time the wanted share of what is due before the next one
       opens and can still be: only what cannot wait is done today. What is late already is done by the end of the day.
level  As even over the days as the deadlines allow, and never less than that. Between all that has come by the end of each
       day and what is due before the next one opens, the cumulated work takes the straightest way, the taut string, which
       has the lowest peak there is (Dantzig 1971, "A control problem of Bellman", Management Science 17(9)); of it the
       first piece is today's. What is late already is done by the end of the next open day.

Where others are at work anyway (`base`: agents the phone needs), the number is a floor under all of them: valleys fill up.
A contact that nobody can answer in time (it came and its time passed while it was closed) is left out of the share, not of
the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.staffing.backlog import PARTS, PLENTY, WAITED, Course, Room, Shape
from forecast.staffing.needs import ROUNDING, Targets

DOUBLINGS = 40
MOST = 1 << DOUBLINGS


def least_agents(
    course: Course, targets: Targets, room: Room, *, base: Floats | None = None, shape: Shape = "level"
) -> Floats:
    """Agents [n] of the inbox's own rows, all that are at work (base [n] among them); NaN from the first day not known on."""
    box = course.inbox
    under = np.zeros(len(box.ds)) if base is None else base
    told = under.copy()
    if box.known < len(box.ds):
        told[box.known :] = np.nan
    if not len(box.ds):
        return told
    days = _Days(course, targets, room, np.nan_to_num(under)[course.source], shape)
    before = 0.0
    for place, day in enumerate(np.unique(box.day).tolist()):
        mine = (box.day == day) & box.open
        if np.isnan(told[box.day == day]).any():
            told[box.day >= day] = np.nan
            break
        level, before = days.decide(place, before)
        told[mine] = np.maximum(told[mine], level)
    return told


@dataclass(frozen=True)
class _Day:
    """rows: first and the one after the last; opens, then: is it open at all, the row at which the next open day opens (m: never);
    came: work come by its end; due: work that is due before the next opens; late: work that is late when it begins."""

    rows: tuple[int, int]
    opens: bool
    then: int
    came: float
    due: float
    late: float


@dataclass
class _Days:
    """Decides on one day after the other; what a number of agents can do is computed once."""

    course: Course
    targets: Targets
    room: Room
    base: Floats
    shape: Shape
    last: int = 1
    rooms: dict[int, Floats] = field(default_factory=dict)
    sums: dict[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        course = self.course
        self.least = 1e-9 * max(1.0, float(course.came[-1]))
        starts = np.flatnonzero(np.r_[True, np.diff(course.day) != 0])
        ends = np.r_[starts[1:], course.rows]
        opened = np.flatnonzero(course.open)
        self.days = [self._day(int(a), int(b), opened) for a, b in zip(starts, ends, strict=True)]

    def _day(self, first: int, stop: int, opened: Ns) -> _Day:
        course, later = self.course, int(np.searchsorted(opened, stop))
        then = int(opened[later]) if later < len(opened) else course.rows
        opens = bool(course.open[first:stop].any())
        came = float(course.came[course.begin(stop - 1) + PARTS])
        if then == course.rows:
            return _Day((first, stop), opens, then, came, came, self._due(course.z[course.begin(first)]))
        due = self._due(course.z[course.begin(then)])
        return _Day(
            (first, stop), opens, then, came, min(due, came), self._due(course.z[course.begin(first)])
        )

    def _due(self, z: float) -> float:
        """Work of those whose time is over at a moment of the promise's clock."""
        course, at = self.course, float(z) - self.course.wait
        place = int(np.searchsorted(course.z, at, side="right")) - 1
        if place < 0:
            return 0.0
        if place + 1 >= len(course.z):
            return float(course.came[-1])
        part = (at - course.z[place]) / (course.z[place + 1] - course.z[place])
        return float(course.came[place] + part * (course.came[place + 1] - course.came[place]))

    def decide(self, place: int, before: float) -> tuple[int, float]:
        """The day at a place, at whose beginning so much work was done -> (its number, work done at its end)."""
        day = self.days[place]
        level = 0
        if day.opens:
            level = self._urgent(day, before)
            level = max(level, self._even(place, before)) if self.shape == "level" else level
            self.last = max(level, 1)
        first, end = self.course.begin(day.rows[0]), self.course.begin(day.rows[1] - 1) + PARTS
        return level, float(self.course.done(self._of(level), before, slice(first, end + 1))[-1])

    def _even(self, place: int, before: float) -> int:
        """The first piece of the taut string, in agents."""
        low, high = 0, MOST
        for at in range(place, len(self.days)):
            day = self.days[at]
            if not day.opens:
                continue
            due = day.due
            if at == place and day.due <= day.late + self.least:
                due = self._late_before(place)
            if at > place:
                due = max(due, self.days[place].late)
            span = (self.days[place].rows[0], day.rows[1])
            least = self._enough(span, due - before, low, MOST)
            most = self._enough(span, day.came - before, 0, high)
            if most > 0 and self._can(most, span) > day.came - before + self.least:
                most -= 1  # who would have nothing to do in the end
            most = max(most, least)
            if least > high:
                return high
            if most < low:
                return low
            low, high = max(low, least), min(high, most)
        return low

    def _late_before(self, place: int) -> float:
        """Work that was late when the last open day before one began; 0 without such a day."""
        return next((day.late for day in reversed(self.days[:place]) if day.opens), 0.0)

    def _enough(self, span: tuple[int, int], work: float, low: int, high: int) -> int:
        """The least number, from low to high, who do so much work on some rows; high if none does."""

        def enough(level: int) -> bool:
            return self._can(level, span) >= work - self.least

        if work <= self.least or enough(low):
            return low
        if high < MOST and not enough(high):
            return high
        step = max(low, self.last)
        while step < high and not enough(step):
            low, step = step, 2 * step
        return _bisected(low, min(step, high), enough)

    def _can(self, level: int, span: tuple[int, int]) -> float:
        """Seconds of work of a number of agents on some rows."""
        self._of(level)
        return float(self.sums[level][span[1]] - self.sums[level][span[0]])

    def _urgent(self, day: _Day, before: float) -> int:
        """The least number for the promises that cannot be kept tomorrow."""
        course = self.course
        start, end = course.begin(day.rows[0]), course.begin(day.rows[1] - 1) + PARTS
        last = course.begin(day.then) + PARTS if day.then < course.rows else len(course.t) - 1
        span = slice(start, last + 1)
        first = int(np.searchsorted(course.came[course.right], before + self.least, side="right"))
        steps = slice(first, WAITED + day.rows[1] * PARTS)
        if first >= steps.stop:
            return 0
        until = course.z[course.begin(day.then)] if day.then < course.rows else np.inf
        sizes = course.sizes[steps] * (course.z[course.right[steps]] + course.wait <= until)
        after = (np.arange(course.rows) >= day.rows[1]) & course.open
        owed = day.late if self.shape == "late" else 0.0

        def met(room: Floats) -> tuple[float, float]:
            done = course.done(np.where(after, PLENTY, room), before, span, day.came)
            fine = course.in_time(done, span, steps) * sizes
            return float(fine.sum()), float(done[end - start])

        wanted = self.targets.response_share * met(np.where(course.open, PLENTY, 0.0))[0] - ROUNDING

        def kept(level: int) -> bool:
            fine, done = met(self._of(level))
            return fine >= wanted and done >= owed - self.least

        low, high = 0, self.last
        if kept(low):
            return low
        while high < MOST and not kept(high):
            low, high = high, 2 * high
        return _bisected(low, high, kept)

    def _of(self, level: int) -> Floats:
        """Seconds of work [m] with so many agents at work at least."""
        if level not in self.rooms:
            agents = np.where(self.course.open, np.maximum(self.base, level), self.base)
            room = np.where(self.course.open, np.nan_to_num(self.room(agents)), 0.0)
            self.rooms[level], self.sums[level] = room, np.concatenate([[0.0], np.cumsum(room)])
        return self.rooms[level]


def _bisected(low: int, high: int, fine: Callable[[int], bool]) -> int:
    """low is not fine, high is -> the least that is."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fine(middle) else (middle, high)
    return high
