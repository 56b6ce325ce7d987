"""Agents who do the same work: of one channel, or of all of a blended group. What they need, and what they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.staffing.backlog import Course, Inbox, Room, Shape, course, warmed, worked
from forecast.staffing.blended import Front, spare_room
from forecast.staffing.demand import Pooled
from forecast.staffing.erlang import erlangs
from forecast.staffing.levels import least_agents
from forecast.staffing.needs import ROUNDING, Calls, Targets


@dataclass(frozen=True)
class Met:
    """What a team reaches [n]; None for what it does not have. busy: agents at work on average; calls, mails: contacts."""

    busy: Floats
    calls: Floats
    service_level: Floats
    asa: Floats
    abandonment: Floats
    mails: Floats
    in_time: Floats
    backlog: Floats
    oldest_hours: Floats
    kinds: frozenset[str]

    def has(self, kind: Literal["line", "later"]) -> bool:
        """Does it take calls and chats (line), or what waits (later)?"""
        return kind in self.kinds


@dataclass(frozen=True)
class Team:
    """front: its calls and chats on the intervals ds[n]; inbox: its work that waits, on those of `origin` (a warm-up before)."""

    name: str
    seconds: Floats
    front: Front
    calls: tuple[Floats, ...]
    least: Floats
    targets: Targets
    course: Course | None
    origin: Ns

    @classmethod
    def of(
        cls, name: str, ds: Ns, seconds: Floats, channels: Sequence[Pooled], targets: Targets, tz: str
    ) -> Team:
        """A team for some channels; what waits of all of them is one inbox."""
        line = [one for one in channels if one.kind != "backlog"]
        parts = [
            Calls(
                erlangs(one.contacts, one.aht, seconds),
                one.aht,
                one.callbacks / seconds,
                targets,
                one.kind == "chats",
            )
            for one in line
        ]
        later = [one for one in channels if one.kind == "backlog"]
        made, origin, least = None, np.arange(len(ds)), np.zeros(len(ds))
        if later:
            box = _inbox(later, ds, seconds, tz)
            some = np.any([one.expected for one in later], axis=0)
            least = np.where(some & box.open, np.ceil(targets.min_agents - ROUNDING), 0.0)
            box, origin = warmed(box, targets)
            made = course(box, targets)
        return cls(
            name,
            seconds,
            Front.of(parts, [one.expected for one in line]),
            tuple(one.contacts for one in line),
            least,
            targets,
            made,
            origin,
        )

    def needed(self, shape: Shape) -> Floats:
        """Net agents [n]. With calls and mail: a floor under all of them, or so many on top of the calls', whichever is less."""
        count = len(self.seconds)
        base = np.maximum(self.front.needed(count), self.least)
        if self.course is None or count == 0:
            return base
        own, under = self.course, base[self.origin]
        room, own_rows = self._room(own), slice(len(self.origin) - count, None)
        found = least_agents(own, self.targets, room, base=under, shape=shape)[own_rows]
        if not self.front.parts:
            return found
        on_top = least_agents(own, self.targets, lambda more: room(under[own.source] + more), shape=shape)[
            own_rows
        ]
        return found if np.nansum(found) <= np.nansum(base + on_top) else base + on_top

    def _room(self, course: Course) -> Room:
        rows = self.origin[course.source]
        return spare_room(self.front.take(rows), self.seconds[rows], self.targets)

    def reached(self, agents: Floats) -> Met:
        """What net agents [n] reach."""
        count = len(self.seconds)
        nothing = np.full(count, np.nan)
        known = ~np.isnan(agents)
        split = self.front.split(agents)
        met = [one.met(mine) for one, mine in zip(self.front.parts, split, strict=True)]
        busy = np.zeros(count)
        for one, mine in zip(self.front.parts, split, strict=True):
            busy = busy + one.occupancy(mine) * mine
        wait = self.targets.answer_seconds
        levels, asa, lost = (
            [each.service_level(wait) for each in met],
            [each.asa for each in met],
            [each.abandonment for each in met],
        )
        shown = [np.where(known, weighted(one, self.calls, nothing), np.nan) for one in (levels, asa, lost)]
        mails, in_time, backlog, oldest = (nothing,) * 4
        if self.course is not None:
            box = self.course.inbox
            room = np.where(
                self.course.open, self._room(self.course)(agents[self.origin[self.course.source]]), 0.0
            )
            made, own = worked(self.course, room), slice(len(self.origin) - count, None)
            mails, in_time = box.contacts[own], made.in_time[own]
            backlog, oldest = made.waiting[own], made.oldest_hours[own]
            busy = busy + made.done[own] / self.seconds
        kinds = {"line"} if met else set()
        return Met(
            np.where(known, busy, np.nan),
            sum_of(list(self.calls), count),
            shown[0],
            shown[1],
            shown[2],
            mails,
            in_time,
            backlog,
            oldest,
            frozenset(kinds | ({"later"} if self.course is not None else set())),
        )


def _inbox(later: Sequence[Pooled], ds: Ns, seconds: Floats, tz: str) -> Inbox:
    """What waits, of several channels: first in, first out over all of them; callbacks are work among the rest."""
    contacts = sum_of([one.contacts for one in later], len(ds))
    work = sum_of([one.work + one.callbacks for one in later], len(ds))
    open_: Flags = np.any([one.open for one in later], axis=0)
    waiting, took = (float(np.sum([getattr(one, at) for one in later])) for at in ("waiting", "waiting_work"))
    age, open_age = (max(float(getattr(one, at)) for one in later) for at in ("age", "open_age"))
    return Inbox(ds, seconds, contacts, work, open_, tz, waiting, took, age, open_age)


def sum_of(parts: Sequence[Floats], count: int) -> Floats:
    """The sum of some arrays [count]; zeros, if there is none."""
    return np.sum(parts, axis=0, dtype=np.float64) if len(parts) else np.zeros(count)


def weighted(parts: Sequence[Floats], weights: Sequence[Floats], nothing: Floats) -> Floats:
    """The mean of figures by weights [n], of those with a weight; the plain mean where none has one, `nothing` without any."""
    if not len(parts):
        return nothing
    if len(parts) == 1:
        return parts[0]
    values, heavy = np.stack(parts), np.stack(weights)
    total = heavy.sum(axis=0)
    shares = np.where(total > 0, heavy / np.where(total > 0, total, 1.0), 1.0 / len(parts))
    return np.asarray((np.where(shares > 0, values, 0.0) * shares).sum(axis=0))


def shared_out(agents: Floats, needs: Sequence[Floats]) -> list[Floats]:
    """Agents [n] -> those of each team, by what the teams need; all to the first where none needs any.

    Where the need of one is not known (NaN), nobody knows what is left for the others.
    """
    total = np.sum(needs, axis=0)
    some = ~(total <= 0)
    return [
        agents * np.where(some, need / np.where(some, total, 1.0), float(at == 0))
        for at, need in enumerate(needs)
    ]
