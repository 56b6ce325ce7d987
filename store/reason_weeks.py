"""Contact reasons by week, as files tell them apart from the totals: shares, what they cover, and how that changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, column_ns, floor, index, to_ns
from forecast.contacts.reason_files import UNKNOWN
from store.queues import Queue
from store.reason_shares import covered, told_reasons
from store.volumes import load_volumes

TREND_WEEKS = 4
USUAL = dt.timedelta(weeks=8)


@dataclass(frozen=True)
class Week:
    """A queue's week, from its Monday. contacts: by reason, UNKNOWN among them; they add up to `offered`.

    handled: None where no file tells it; coverage: part of the contacts offered whose reason is known;
    trend: coverage less its mean over the TREND_WEEKS before, None at the beginning; days: of which reasons are told
    """

    queue: str
    week: dt.date
    days: int
    offered: float
    handled: float | None
    contacts: dict[str, float]
    coverage: float
    trend: float | None = None

    @property
    def shares(self) -> dict[str, float]:
        """By reason, of the contacts offered."""
        return {topic: one / self.offered if self.offered else 0.0 for topic, one in self.contacts.items()}


def reason_weeks(
    session: Session, queue: Queue, *, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> list[Week]:
    """The weeks of a queue that touch start <= day < end, as known now; days of which no reasons are told are left out."""
    days, offered, handled, parts, topics = _days(session, queue)
    if len(days) == 0:
        return []
    weeks = floor(days, Interval.WEEK, queue.tz)
    found: list[Week] = []
    for week in np.unique(weeks):
        mine = weeks == week
        total = float(offered[mine].sum())
        sums = (parts[:, mine] * offered[mine]).sum(axis=1)
        contacts = {topic: float(one) for topic, one in zip(topics, sums, strict=True)}
        known = float(sums.sum())
        contacts[UNKNOWN] = max(total - known, 0.0)
        coverage = known / total if total else 0.0
        before = [one.coverage for one in found[-TREND_WEEKS:]]
        trend = coverage - float(np.mean(before)) if before else None
        some = float(np.nansum(handled[mine])) if not np.isnan(handled[mine]).all() else None
        monday = index(np.array([week]))[0].tz_convert(queue.tz).date()
        found.append(Week(queue.name, monday, int(mine.sum()), total, some, contacts, coverage, trend))
    first, last = (
        None if at is None else int(floor(np.array([to_ns(at)]), Interval.WEEK, queue.tz)[0])
        for at in (start, end)
    )
    starts = np.unique(weeks)
    return [
        one
        for at, one in zip(starts, found, strict=True)
        if (first is None or at >= first) and (end is None or last is None or at < to_ns(end))
    ]


def coverages(session: Session, queues: Sequence[Queue], now: dt.datetime) -> dict[str, float]:
    """Queue -> part of the contacts offered whose reason was known over the last eight weeks; queues without such files are left out."""
    told = told_reasons(session, [queue.name for queue in queues])
    found = {}
    for queue in queues:
        if queue.name in told:
            weeks = reason_weeks(session, queue, start=now - USUAL)
            total = sum(one.offered for one in weeks)
            known = sum(one.coverage * one.offered for one in weeks)
            found[queue.name] = known / total if total else 0.0
    return found


def reasons_by_day(session: Session, queue: Queue) -> tuple[Ns, dict[str, Floats]]:
    """Local days (ns) of which reasons are told, and the contacts of each reason on them, UNKNOWN among them."""
    days, offered, _, parts, topics = _days(session, queue)
    contacts = {topic: parts[at] * offered for at, topic in enumerate(topics)}
    contacts[UNKNOWN] = np.maximum(offered - sum(contacts.values(), start=np.zeros(len(days))), 0.0)
    return days, contacts


def _days(session: Session, queue: Queue) -> tuple[Ns, Floats, Floats, Floats, list[str]]:
    """Days told [d], contacts offered and handled (NaN unknown) [d], the named reasons' parts float[topics, d], their names."""
    topics = [topic for topic in told_reasons(session, [queue.name]).get(queue.name, ()) if topic != UNKNOWN]
    nothing = np.zeros(0, dtype=np.int64)
    if not topics:
        return nothing, np.zeros(0), np.zeros(0), np.zeros((0, 0)), []
    parts = covered(session, queue.name, queue.tz, topics)
    days = np.unique(np.concatenate([one.ds for one in parts.values()]))
    share = np.stack([parts[topic].on(days) for topic in topics])
    told = ~np.isnan(share).all(axis=0)
    days, share = days[told], np.nan_to_num(share[:, told])
    volumes = load_volumes(session, queue.name)
    start = floor(column_ns(volumes["ds"]), Interval.DAY, queue.tz)
    sums = volumes.assign(day=start).groupby("day")[["offered", "handled"]].sum(min_count=1).reindex(days)
    offered = sums["offered"].fillna(0.0).to_numpy(dtype=np.float64)
    return days, offered, sums["handled"].to_numpy(dtype=np.float64), share, topics
