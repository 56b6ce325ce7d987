"""What agents a group's contacts take, and what so many agents reach: every channel by its own model.

    demands ─► pooled per channel on one grid ─┬─ phone: Erlang C or A        (`erlang.py`, `needs.py`)
                                               ├─ chat: several held at once   (`chat.py`)
                                               └─ e-mail, social: a backlog    (`backlog.py`, `levels.py`)
    blended: one group for all of them, phone and chat first (`blended.py`)

Queues of one channel in one group are one line: their work adds up, and a contact takes the mean over them. Channels of a
group that is not blended have agents of their own. All numbers are net (at work) unless they are called gross (planned,
before shrinkage is taken off).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval
from forecast.staffing.backlog import Shape
from forecast.staffing.demand import Demand, Pooled, pooled, spread
from forecast.staffing.needs import Targets, gross
from forecast.staffing.team import Team, shared_out, sum_of, weighted

NET = "net: agents at work, after shrinkage"
GROSS = "gross: agents to be planned, before shrinkage is taken off"
TOGETHER = "blended"
__all__ = ["Demand", "Need", "Reached", "Targets", "needed", "reached", "spread"]


@dataclass(frozen=True)
class Reached:
    """What agents reach, per interval [n]; NaN where it is not known, or where the group has no such channel.

    agents: net; service_level, asa (seconds; inf where the line only grows), abandonment: of calls and chats, weighted by
    contacts; occupancy: share of their time at work, all channels; in_time: of the e-mails and posts that come in the
    interval, how many are answered within the promise; backlog, oldest_hours: what waits at its end, and since when
    """

    agents: Floats
    service_level: Floats
    asa: Floats
    occupancy: Floats
    abandonment: Floats
    in_time: Floats
    backlog: Floats
    oldest_hours: Floats


@dataclass(frozen=True)
class Need(Reached):
    """The least agents that keep the targets, and what they reach.

    ds: ns; seconds: length; net, gross: agents; parts: net agents per channel (one part, `blended`, for a blended group)
    methods: how, per channel
    """

    ds: Ns
    seconds: Floats
    contacts: Floats
    aht: Floats
    shrinkage: float
    parts: tuple[tuple[str, Floats], ...]
    methods: tuple[str, ...]
    words: tuple[str, str] = (NET, GROSS)

    @property
    def net(self) -> Floats:
        """Agents at work."""
        return self.agents

    @property
    def gross(self) -> Floats:
        """Agents to be planned."""
        return gross(self.agents, self.shrinkage)


def needed(
    demands: Sequence[Demand],
    targets: Targets,
    *,
    interval: Interval,
    tz: str,
    blended: bool = False,
    shape: Shape = "level",
) -> Need:
    """The least net agents per interval that keep the targets. interval: of the longest-bucketed demand, shorter than a day."""
    ds, channels = pooled(demands, interval, tz)
    seconds = np.full(len(ds), float(interval.seconds))
    teams = _teams(ds, seconds, channels, targets, tz, blended)
    parts = [(team.name, team.needed(shape)) for team in teams]
    found = _reached(teams, [agents for _, agents in parts], len(ds))
    number, work = (
        sum_of([getattr(one, name) for one in channels], len(ds)) for name in ("contacts", "work")
    )
    return Need(
        **{each.name: getattr(found, each.name) for each in fields(Reached)},
        ds=ds,
        seconds=seconds,
        contacts=number,
        aht=np.where(number > 0, work / np.where(number > 0, number, 1.0), np.nan),
        shrinkage=targets.shrinkage,
        parts=tuple(parts),
        methods=tuple(_method(one, targets) for one in channels),
    )


def reached(
    demands: Sequence[Demand],
    agents: Floats | Mapping[str, Floats],
    targets: Targets,
    *,
    interval: Interval,
    tz: str,
    blended: bool = False,
) -> Reached:
    """What net agents reach on the intervals of `needed` [n]: all of the group, or those of each channel.

    Where one number is given for several channels that are not blended, it is shared out by what each needs.
    """
    ds, channels = pooled(demands, interval, tz)
    teams = _teams(ds, np.full(len(ds), float(interval.seconds)), channels, targets, tz, blended)
    if isinstance(agents, Mapping):
        none = np.zeros(len(ds))
        given = [np.asarray(agents.get(team.name, none), dtype=np.float64) for team in teams]
    else:
        whole = np.broadcast_to(np.asarray(agents, dtype=np.float64), ds.shape)
        given = [whole] if len(teams) == 1 else shared_out(whole, [team.needed("level") for team in teams])
    return _reached(teams, given, len(ds))


def _teams(
    ds: Ns, seconds: Floats, channels: Sequence[Pooled], targets: Targets, tz: str, blended: bool
) -> list[Team]:
    if blended and len(channels) > 1:
        return [Team.of(TOGETHER, ds, seconds, channels, targets, tz)]
    return [Team.of(one.channel, ds, seconds, [one], targets, tz) for one in channels]


def _method(one: Pooled, targets: Targets) -> str:
    """How a channel is staffed, for the reader."""
    if one.kind == "calls":
        return f"{one.channel}: erlang"
    if one.kind == "chats":
        return f"{one.channel}: erlang, {targets.concurrency} at once"
    return f"{one.channel}: backlog"


def _reached(teams: Sequence[Team], agents: Sequence[Floats], count: int) -> Reached:
    """Of all teams together: means weighted by contacts, sums of what waits and of time at work."""
    met = [team.reached(mine) for team, mine in zip(teams, agents, strict=True)]
    every = sum_of(list(agents), count)
    busy = sum_of([one.busy for one in met], count)
    line, later = ([one for one in met if one.has(kind)] for kind in ("line", "later"))
    nothing = np.full(count, np.nan)
    return Reached(
        agents=every,
        service_level=weighted([one.service_level for one in line], [one.calls for one in line], nothing),
        asa=weighted([one.asa for one in line], [one.calls for one in line], nothing),
        occupancy=np.where(
            every > 0, busy / np.where(every > 0, every, 1.0), np.where(every == 0, 0.0, np.nan)
        ),
        abandonment=weighted([one.abandonment for one in line], [one.calls for one in line], nothing),
        in_time=weighted([one.in_time for one in later], [one.mails for one in later], nothing),
        backlog=sum_of([one.backlog for one in later], count) if later else nothing,
        oldest_hours=np.max([one.oldest_hours for one in later], axis=0) if later else nothing,
    )
