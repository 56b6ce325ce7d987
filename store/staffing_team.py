"""Who is staffed, for what, by which promise: a planning group over all its sites, or a queue.

forecast with overrides in force ─► Work of each queue, by its share, with hours and what waits ─► Team
Team.demands(quantile) ─► forecast.staffing.plan
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import DAY, Interval, local_day, local_ns, to_ns
from forecast.days import OpeningHours
from forecast.errors import NotFound
from forecast.models.base import QUANTILES
from forecast.planning_groups import Groups
from forecast.staffing.needs import Targets
from forecast.staffing.plan import Demand
from store.adjusted import load_adjusted
from store.backlog import QueueBacklog, load_backlogs, target_hours
from store.facts import given_hours
from store.groups import load_groups
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings
from store.staffing_settings import nearest_quantile
from store.staffing_work import LATER, Work, carried, hours_of, opened, shared, work_of

NOT_SAID = "{queue}: no forecast is published of it in this span: its part in what {group} needs is left out."
NO_FORECAST = "{group}: no forecast is published for it in this span."
NO_QUEUE = "{group}: no queue and no planning group has this name, so what it needs is not known."
FURTHER = "{group}: intervals are forecast up to and including {day}; what it needs after that is not known."
TOGETHER = "Above 0.5, the quantiles of several queues are added up, as if all were busy at once."


@dataclass(frozen=True)
class Asked:
    """How a team is to be staffed where that differs from the settings. targets: fields of `Targets` by name."""

    targets: Mapping[str, float | str | None] = field(default_factory=dict)
    quantile: float | None = None
    blended: bool | None = None


@dataclass(frozen=True)
class Team:
    """Who is staffed, for what, by which promise. rate: euros for an hour that is paid for."""

    name: str
    works: tuple[Work, ...]
    tz: str
    interval: Interval
    targets: Targets
    quantile: float
    blended: bool
    rate: float | None

    @property
    def queues(self) -> tuple[str, ...]:
        return tuple(one.queue.name for one in self.works)

    def demands(self, quantile: float | None = None) -> list[Demand]:
        """What is staffed at a kept quantile; at its own without one."""
        row = QUANTILES.index(self.quantile if quantile is None else nearest_quantile(quantile))
        return [one.demand(one.levels[row]) for one in self.works]

    def day_of(self, ds: Ns) -> Ns:
        """Buckets [n] -> the local day of each, since 1970-01-01."""
        return np.asarray(local_ns(ds, self.tz) // DAY)


@dataclass(frozen=True)
class Known:
    """What is read once for all teams. answer_hours: by when an answer is in time, of the queues answered later."""

    queues: Sequence[Queue]
    groups: Groups
    hours: Mapping[str, OpeningHours]
    backlogs: Mapping[str, QueueBacklog]
    answer_hours: Mapping[str, float]
    now: dt.datetime


@dataclass(frozen=True)
class Said:
    """What is forecast of some queues: frames as `load_forecast` gives them, by interval (with handling times) and by day."""

    by_interval: pd.DataFrame
    by_day: pd.DataFrame


def load_known(
    session: Session, settings: Settings, now: dt.datetime, only: Sequence[str] | None = None
) -> Known:
    """The queues, who staffs them, their hours, and what waits in those answered later. only: for teams of these queues."""
    queues = load_queues(session)
    later = [one.name for one in queues if one.channel in LATER and (only is None or one.name in only)]
    backlogs = (
        load_backlogs(session, settings, now=now, only=None if only is None else later) if later else []
    )
    return Known(
        queues,
        load_groups(session),
        given_hours(session) if later else {},
        {one.queue: one for one in backlogs},
        {name: target_hours(settings, name) for name in later},
        now,
    )


def team_names(known: Known, start: dt.datetime, stop: dt.datetime, more: Sequence[str] = ()) -> list[str]:
    """The planning groups, the queues that keep contacts in the span (all, or what groups leave), and `more`, by name."""
    found = dict.fromkeys([*more, *(key[0] for key in known.groups.keys)])
    for queue in known.queues:
        first, last = local_day(to_ns(start), queue.tz), local_day(to_ns(stop) - 1, queue.tz)
        if any(known.groups.rest(queue.name, day) > 0 for day in range(first, last + 1)):
            found[queue.name] = None
    return sorted(found)


def require_team(group: str, names: Sequence[str]) -> None:
    """NotFound, with the nearest names, for a group nobody knows."""
    if group in names:
        return
    near = difflib.get_close_matches(group, names, n=3, cutoff=0.4)
    remedy = (
        f"Did you mean {', '.join(near)}?"
        if near
        else "Import a plan first: `forecall import staffing FILE`."
    )
    raise NotFound(f"There is no planning group or queue {group!r}.", remedy=remedy, field="group")


def load_team(
    session: Session,
    settings: Settings,
    known: Known,
    name: str,
    *,
    start: dt.datetime,
    stop: dt.datetime,
    asked: Asked | None = None,
    whole: bool = False,
) -> tuple[Team | None, list[str]]:
    """A team over start <= ds < stop, and what to know about it; None where nothing of it is forecast by interval.

    whole: the name is a queue's, and all of it is taken, whoever staffs it. NotFound for a queue that does not exist,
    InputError for targets that cannot be.
    """
    if whole:
        require_queues(session, [name])
    members = _members(known, name, whole)
    said = load_said(session, [one.name for one in members], start, stop, known.now)
    return team_of(settings, known, name, said, start=start, stop=stop, asked=asked, whole=whole)


def load_said(
    session: Session, names: Sequence[str], start: dt.datetime, stop: dt.datetime, now: dt.datetime
) -> Said:
    """What is forecast of some queues over start <= ds < stop, changes in force on top: for one team, or for many at once."""
    by_interval = load_adjusted(session, series=names, start=start, end=stop, costs=True, now=now)
    before = start - dt.timedelta(days=1)  # the day in which the span begins is whole
    by_day = load_adjusted(session, series=names, start=before, end=stop, granularity="day", now=now)
    return Said(by_interval, by_day)


def team_of(
    settings: Settings,
    known: Known,
    name: str,
    said: Said,
    *,
    start: dt.datetime,
    stop: dt.datetime,
    asked: Asked | None = None,
    whole: bool = False,
) -> tuple[Team | None, list[str]]:
    """As `load_team`, from what is forecast of its queues (and, it may be, of others)."""
    members = _members(known, name, whole)
    works, notes, silent = _works(known, members, name, said, start, whole=whole)
    if not works:
        return None, notes or [(NO_FORECAST if members else NO_QUEUE).format(group=name)]
    notes += [NOT_SAID.format(queue=queue, group=name) for queue in silent]
    team = _team(settings, known, name, works, asked or Asked())
    return team, [*notes, *_short(team, stop)]


def members_of(known: Known, name: str, *, whole: bool = False) -> list[str]:
    """The queues that a team may take contacts of. whole: the name is a queue's, and all of it is taken."""
    return [one.name for one in _members(known, name, whole)]


def _members(known: Known, name: str, whole: bool) -> list[Queue]:
    return [
        one for one in known.queues if one.name == name or (not whole and _ever(known.groups, one.name, name))
    ]


def _works(
    known: Known,
    members: Sequence[Queue],
    group: str,
    said: Said,
    start: dt.datetime,
    *,
    whole: bool,
) -> tuple[list[Work], list[str], list[str]]:
    """-> the work of each queue, what to know, and the queues of which nothing is said."""
    names = [one.name for one in members]
    works, notes, silent = [], list[str](), []
    for queue in members:
        rows, of_days = (each[each["series"] == queue.name] for each in (said.by_interval, said.by_day))
        work, told = work_of(queue, rows, of_days, group)
        notes += told
        if work is None:
            silent += [] if told else [queue.name]
            continue
        if work.later:
            own = hours_of(work, known.hours, names)
            work, hours = opened(work, known.hours, names)
            work, waits = carried(work, known.backlogs.get(queue.name), start, own)
            notes += [*hours, *waits]
        works.append(work if whole else shared(work, known.groups, group))
    return works, notes, silent


def _team(settings: Settings, known: Known, name: str, works: Sequence[Work], asked: Asked) -> Team:
    names = [one.queue.name for one in works]
    targets, usual = settings.staffing.of(name, names, known.answer_hours)
    targets = replace(targets, **dict(asked.targets))  # type: ignore[arg-type]
    return Team(
        name=name,
        works=tuple(works),
        tz=works[0].queue.tz,
        interval=max((one.interval for one in works), key=lambda each: each.seconds),
        targets=targets,
        quantile=usual if asked.quantile is None else nearest_quantile(asked.quantile),
        blended=settings.staffing.blended_of(name, names) if asked.blended is None else asked.blended,
        rate=settings.staffing.rate_of(name, names),
    )


def _short(team: Team, stop: dt.datetime) -> list[str]:
    """A note where the forecast by interval ends a day or more before the span does."""
    last = max((int(one.ds[-1]) for one in team.works if len(one.ds)), default=to_ns(stop))
    if to_ns(stop) - last <= DAY:
        return []
    return [FURTHER.format(group=team.name, day=np.datetime64(local_day(last, team.tz), "D"))]


def _ever(groups: Groups, queue: str, group: str) -> bool:
    """May the group take contacts of the queue, on any day?"""
    return any(part.queue == queue and part.group == group for part in groups.parts)
