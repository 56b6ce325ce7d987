"""One group for calls, chats and work that waits: who waits comes first, and idle time works the rest off.

E-mail is put aside as soon as a call comes and taken up again after it, so that callers meet what Erlang C or A says, as if
there were no mail: Koole (2013), "Call Center Optimization", ch. 7 (call blending). What n agents have left for mail is

    max(0, n x max_occupancy - busy) x seconds,   busy = agents on calls and callbacks, on average

More agents for mail either fill up the valleys between the peaks of the phone, or are there on top of it all day, which is
less where mail may not wait until a valley; the group takes what comes to fewer agent hours. Where callers hang up, more
agents also answer more calls, before any mail.

Calls and chats are not shared out over the same agents: who is on a call holds no chat. The group is taken in two, by what
each needs, which asks for a little more than agents who change between them. Who holds no chat at all is free for mail.

An agent who finishes the mail first lets callers wait for up to half its handling time more; where that is the rule, have a
higher service level for the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.arrays import Flags, Floats, Ns
from forecast.staffing.backlog import Course, Worked, worked
from forecast.staffing.chat import share_idle
from forecast.staffing.needs import ROUNDING, Calls, Targets, agents_needed


@dataclass(frozen=True)
class Front:
    """Calls and chats that one group takes, in cells [n]; need: net agents of each part, one float[n] per part."""

    parts: tuple[Calls, ...]
    need: tuple[Floats, ...]

    @classmethod
    def of(cls, parts: Sequence[Calls], expected: Sequence[Flags]) -> Front:
        """With the least agents of each part; expected: bool[n] of each, where `min_agents` are there in any case."""
        need = [
            np.maximum(
                agents_needed(one.load, one.aht, one.targets, callbacks=one.callbacks, chats=one.chats),
                np.where(some, np.ceil(one.targets.min_agents - ROUNDING), 0.0),
            )
            for one, some in zip(parts, expected, strict=True)
        ]
        return cls(tuple(parts), tuple(need))

    def take(self, rows: npt.NDArray[np.intp] | Ns) -> Front:
        """The chosen cells, in that order."""
        return Front(tuple(one.take(rows) for one in self.parts), tuple(one[rows] for one in self.need))

    def needed(self, count: int) -> Floats:
        """Net agents of all parts together [count]."""
        return np.sum(self.need, axis=0) if self.need else np.zeros(count)

    def split(self, agents: Floats) -> tuple[Floats, ...]:
        """Agents [n] -> those of each part, by what the parts need; all on the first where none needs any."""
        total = self.needed(len(agents))
        some = total > 0
        return tuple(
            agents * np.where(some, need / np.where(some, total, 1.0), float(at == 0))
            for at, need in enumerate(self.need)
        )

    def busy(self, agents: Floats) -> Floats:
        """Agents [n] who on average cannot take up work that waits."""
        out = np.zeros(len(agents))
        for one, mine in zip(self.parts, self.split(agents), strict=True):
            if one.chats and one.held > 1:
                own = one.targets
                idle = share_idle(
                    one.load,
                    one.aht,
                    mine,
                    own.patience_seconds,
                    concurrency=one.held,
                    slowdown=own.slowdown,
                )
                out = out + np.minimum(mine * (1 - idle) + one.callbacks, mine)
            else:
                out = out + mine * one.occupancy(mine)
        return out


def spare_room(front: Front, seconds: Floats, targets: Targets) -> Callable[[Floats], Floats]:
    """-> what turns agents [m] into the seconds of work they have for what waits [m], beside calls and chats."""

    def room(agents: Floats) -> Floats:
        free = agents * targets.max_occupancy - (front.busy(agents) if front.parts else 0.0)
        return np.asarray(np.maximum(free, 0.0) * seconds)

    return room


@dataclass(frozen=True)
class Joined:
    """Team B helps team A. lent: agents of B on A's line [n]; before, after: what becomes of B's inbox without and with it."""

    lent: Floats
    before: Worked
    after: Worked

    @property
    def backlog_cost(self) -> Floats:
        """Contacts more that wait in B's inbox [n]."""
        return np.asarray(self.after.waiting - self.before.waiting)


def join(
    needed: Floats, agents: Floats, above: float, course: Course, targets: Targets, *, share: float = 1.0
) -> Joined:
    """B joins where A needs more than `above` agents: as many as are missing, of the `share` of B that can.

    needed: A's net agents [n]; agents: B's [n], on the rows of B's inbox. NaN needed lends nobody.
    """
    missing = np.nan_to_num(np.maximum(needed - above, 0.0))
    lent = np.minimum(missing, np.maximum(agents, 0.0) * share)
    seconds = course.inbox.seconds
    before, after = (
        worked(course, _of_all(left * targets.max_occupancy * seconds, course))
        for left in (agents, agents - lent)
    )
    return Joined(lent, before, after)


def _of_all(room: Floats, course: Course) -> Floats:
    """Room on the inbox's rows [n] -> on all of its course [m], where it is open."""
    return np.where(course.open, room[course.source], 0.0)
