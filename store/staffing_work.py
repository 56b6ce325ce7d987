"""One queue's part in what a team is asked to do: its share of the forecast, its hours, and what waits for it at the start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, column_ns, end, floor, from_ns, local_ns, to_ns
from forecast.days import OpeningHours
from forecast.models.base import QUANTILES
from forecast.planning_groups import Groups
from forecast.staffing.plan import Demand
from store.backlog import QueueBacklog
from store.queues import Queue

LATER = ("email", "social")  # answered later: staffed by what waits, not by who holds the line
LEVELS = [f"{tau:g}" for tau in QUANTILES]
CARRIED = 3 * DAY  # for so long what waits is taken to say something of what will wait

NO_TIMES = "{queue}: no handling time is forecast, so what {group} needs is not known."
BY_DAY = "{queue}: it is forecast by day, so what {group} needs in an interval is not known; it is left out."
SPREAD = "{queue}: it is forecast by day; its contacts are spread evenly over the hours of the day."
NO_HOURS = "{queue}: no opening hours are given, so it is answered round the clock."
USUAL = "it begins with what such weeks usually leave."
NONE_TOLD = "{queue}: what waits at the start is not known: {usual} {why}"
NO_ROWS = "No volumes of it are held."
TOO_FAR = "{queue}: from what waited on {at} nobody can tell what waits when this begins: {usual}"
CARRY = "{queue}: {waiting:,.0f} contacts waited on {at}, the oldest for {hours:,.0f} hours; they are carried over."
FROM_THEN = "{queue}: it is staffed from {at} on, from what waited then."


@dataclass(frozen=True)
class Work:
    """One queue's part in a team, in buckets ds[n].

    usual: float[n] mean; levels: float[13, n] at the kept quantiles; aht: float[n] seconds, NaN unknown
    day: int64[n] local day; factor: float[13, n] the quantiles of each bucket's day over the mean of that day, NaN
    where days are not forecast
    open: bool[n], None round the clock; waiting: contacts that wait at ds[0], NaN not known; age: seconds, of the
    oldest; open_age: of these in open hours, None where it is open round the clock
    """

    queue: Queue
    interval: Interval
    ds: Ns
    usual: Floats
    levels: Floats
    aht: Floats
    day: Ns
    factor: Floats
    open: Flags | None = None
    waiting: float = 0.0
    age: float = 0.0
    open_age: float | None = None

    @property
    def later(self) -> bool:
        """Can its contacts wait for an answer?"""
        return self.queue.channel in LATER

    def demand(self, contacts: Floats) -> Demand:
        """What is staffed where so many contacts [n] come."""
        return Demand(
            self.queue.name,
            self.queue.channel,
            self.ds,
            contacts,
            self.aht,
            open=self.open,
            waiting=self.waiting,
            waiting_age_seconds=self.age,
            waiting_open_seconds=self.open_age,
            expected=self.usual > 0,
        )


def work_of(
    queue: Queue, said: pd.DataFrame, days: pd.DataFrame, group: str
) -> tuple[Work | None, list[str]]:
    """A queue's rows by interval and by day, as `load_forecast` gives them -> all of its work; None where there is none.

    A queue counted by day is spread over the hours of the day where it is answered later; of others it is not known.
    """
    if said.empty:
        return None, []
    if queue.interval.slots > 1:
        made, notes = _placed(queue, said), []
    elif queue.channel in LATER:
        made, notes = _spread(queue, said), [SPREAD.format(queue=queue.name)]
    else:
        return None, [BY_DAY.format(queue=queue.name, group=group)]
    if np.isnan(made.aht[made.levels[-1] > 0]).any():
        notes.append(NO_TIMES.format(queue=queue.name, group=group))
    return replace(made, factor=_factors(made, said if queue.interval.slots == 1 else days)), notes


def _placed(queue: Queue, rows: pd.DataFrame) -> Work:
    ds = column_ns(rows["ds"])
    return Work(
        queue,
        Interval(queue.interval),
        ds,
        rows["mean"].to_numpy(dtype=np.float64),
        rows[LEVELS].to_numpy(dtype=np.float64).T,
        rows["aht"].to_numpy(dtype=np.float64),
        local_ns(ds, queue.tz) // DAY,
        np.full((len(LEVELS), len(ds)), np.nan),
    )


def _spread(queue: Queue, rows: pd.DataFrame) -> Work:
    """Days -> hours: each takes as many contacts as the other hours of its day."""
    by_day = _placed(queue, rows)
    step = Interval.HOUR.seconds * SECOND
    count = ((end(by_day.ds, Interval.DAY, queue.tz) - by_day.ds) // step).astype(np.int64)
    at = np.repeat(np.arange(len(by_day.ds)), count)
    ds = by_day.ds[at] + step * (np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count))
    return replace(
        by_day,
        interval=Interval.HOUR,
        ds=ds,
        usual=(by_day.usual / count)[at],
        levels=(by_day.levels / count)[:, at],
        aht=by_day.aht[at],
        day=by_day.day[at],
        factor=by_day.factor[:, at],
    )


def _factors(work: Work, days: pd.DataFrame) -> Floats:
    """float[13, n]: the quantiles of each bucket's day over the day's mean; NaN where the day is not forecast."""
    found = work.factor.copy()
    if days.empty:
        return found
    day = local_ns(column_ns(days["ds"]), work.queue.tz) // DAY
    order = np.argsort(day)
    place = np.minimum(np.searchsorted(day[order], work.day), len(day) - 1)
    hit = day[order][place] == work.day
    mean = days["mean"].to_numpy(dtype=np.float64)[order]
    levels = days[LEVELS].to_numpy(dtype=np.float64)[order]
    ratio = np.where(mean[:, None] > 0, levels / np.where(mean > 0, mean, 1.0)[:, None], np.nan)
    found[:, hit] = ratio[place[hit]].T
    return found


def shared(work: Work, groups: Groups, group: str) -> Work:
    """The part of the work that a group takes on each local day, over all its sites."""
    days, place = np.unique(work.day, return_inverse=True)
    found = groups.shares([work.queue.name], days)
    mine = [at for at, key in enumerate(found.keys) if key[0] == group]
    part = found.share[mine, 0].sum(axis=0)[place] if mine else np.zeros(len(work.day))
    first = float(part[0]) if len(part) else 0.0
    return replace(work, usual=work.usual * part, levels=work.levels * part, waiting=work.waiting * first)


def opened(work: Work, hours: Mapping[str, OpeningHours], others: list[str]) -> tuple[Work, list[str]]:
    """The work with the hours in which it is done: the queue's own, else those of the other queues of its team together."""
    own = hours_of(work, hours, others)
    if not own:
        return work, [NO_HOURS.format(queue=work.queue.name)]
    grid = Grid.of(work.ds, work.interval, work.queue.tz)
    return replace(work, open=np.any([one.mask(grid) for one in own], axis=0)), []


def hours_of(work: Work, hours: Mapping[str, OpeningHours], others: list[str]) -> list[OpeningHours]:
    """The queue's own hours, else those of the other queues of its team; none where none are given."""
    if work.queue.name in hours:
        return [hours[work.queue.name]]
    return [hours[name] for name in others if name in hours]


def open_seconds(work: Work, hours: list[OpeningHours], start: int, stop: int) -> float | None:
    """Seconds from start to stop (ns) in which the work is done; None round the clock."""
    if not hours:
        return None
    ds = floor(np.arange(start, stop, work.interval.seconds * SECOND), work.interval, work.queue.tz)
    ds = np.unique(np.append(ds, floor(np.array([stop - 1]), work.interval, work.queue.tz)))
    open_ = np.any([one.mask(Grid.of(ds, work.interval, work.queue.tz)) for one in hours], axis=0)
    passed = np.minimum(end(ds, work.interval, work.queue.tz), stop) - np.maximum(ds, start)
    return float(np.maximum(passed, 0)[open_].sum() / SECOND)


def carried(
    work: Work, told: QueueBacklog | None, start: dt.datetime, hours: list[OpeningHours]
) -> tuple[Work, list[str]]:
    """The work with what waits for it when the span begins, as far as that can be told from what waited last.

    Where that was told within the span, what came before is done or waits: the work begins there. hours: `hours_of` it
    """
    name = work.queue.name
    if told is None or told.waiting is None:
        why = " ".join(told.notes) if told is not None else NO_ROWS
        return replace(work, waiting=np.nan), [NONE_TOLD.format(queue=name, usual=USUAL, why=why)]
    at, begins = to_ns(told.as_of), to_ns(start)
    local = f"{from_ns(at).tz_convert(work.queue.tz):%Y-%m-%d %H:%M}"
    if begins - at > CARRIED or (len(work.ds) and at > int(work.ds[-1])):
        return replace(work, waiting=np.nan), [TOO_FAR.format(queue=name, at=local, usual=USUAL)]
    age = (told.oldest_hours or 0.0) * 3600 + max(begins - at, 0) / SECOND
    notes = []
    if at > begins:
        first = int(floor(np.array([at], dtype=np.int64), work.interval, work.queue.tz)[0])
        work = _since(work, first)
        notes = [FROM_THEN.format(queue=name, at=local)]
    if told.waiting >= 0.5:
        notes.append(CARRY.format(queue=name, waiting=told.waiting, at=local, hours=told.oldest_hours or 0.0))
    until = max(at, begins)
    passed = open_seconds(work, hours, until - round(age * SECOND), until)
    return replace(work, waiting=told.waiting, age=age, open_age=passed), notes


def _since(work: Work, first: int) -> Work:
    rows = work.ds >= first
    return replace(
        work,
        ds=work.ds[rows],
        usual=work.usual[rows],
        levels=work.levels[:, rows],
        aht=work.aht[rows],
        day=work.day[rows],
        factor=work.factor[:, rows],
        open=None if work.open is None else work.open[rows],
    )
