"""The quality report on what is stored: rows as they are held now, what is known beside them, and what somebody marked as seen."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Grid, Interval, end, local_day, to_ns
from forecast.days import Exceptions, OpeningHours
from forecast.errors import InputError
from forecast.quality.examination import examine
from forecast.quality.findings import KINDS, Finding
from forecast.quality.record import Around, Record
from forecast.social.signals import ALL, POSTS
from forecast.vintage import Series, Versions
from store.alerts import load_alerts
from store.days import load_hours
from store.drivers import load_drivers
from store.hour_exceptions import load_exceptions
from store.known_ahead import load_calendar
from store.queue_map import load_queue_map
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings
from store.statements import table_of, upsert
from store.tables import QualityMarkRow, SignalSeries
from store.versions import KINDS as LAYERS
from store.versions import Rows, load
from store.volumes import volume_series
from store.wholes import WHOLE

NAMES = ("offered", "handled", "abandoned", "aht_seconds")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Mark:
    """Somebody looked at a finding. kind, queue ('' for the company) and first: which one."""

    kind: str
    queue: str
    first: str
    who: str
    note: str
    at: dt.datetime


def load_findings(
    session: Session, settings: Settings, *, now: dt.datetime, queue: str | None = None
) -> list[Finding]:
    """All findings of one queue or of all and the company, in order; nothing is changed. NotFound for an unknown queue.

    All queues are read in any case: a copy, a rename, a channel shift shows beside the others only.
    """
    if queue is not None:
        require_queues(session, [queue])
    records = load_records(session)
    found = examine(records, around(session, settings, records, now))
    return [one for one in found if queue is None or one.queue == queue]


def mark_finding(
    session: Session, kind: str, queue: str, first: str, *, who: str, note: str, now: dt.datetime
) -> bool:
    """Keep that somebody looked at a finding; False where the same was told before. InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError(
            f"There is no kind of finding {kind!r}.", remedy=f"Use one of {', '.join(KINDS)}.", field="kind"
        )
    if queue:
        require_queues(session, [queue])
    held = load_marks(session).get((kind, queue, first))
    if held is not None and (held.who, held.note) == (who, note):
        return False
    statement = upsert(session, table_of(QualityMarkRow)).values(
        finding=kind, queue=queue, first=first, who=who, note=note, at=now
    )
    told = {"who": who, "note": note, "at": now}
    session.execute(statement.on_conflict_do_update(index_elements=["finding", "queue", "first"], set_=told))
    return True


def unmark_finding(session: Session, kind: str, queue: str, first: str) -> bool:
    """Forget that somebody looked at a finding, so that it is told again; False where nobody had."""
    table = table_of(QualityMarkRow)
    mine = (table.c.finding == kind, table.c.queue == queue, table.c.first == first)
    return session.scalar(delete(table).where(*mine).returning(table.c.finding)) is not None


def load_marks(session: Session) -> dict[Key, Mark]:
    """What was marked, by kind, queue and first."""
    rows = session.execute(select(*table_of(QualityMarkRow).c))
    return {
        (row.finding, row.queue, row.first): Mark(
            row.finding, row.queue, row.first, row.who, row.note, row.at
        )
        for row in rows
    }


def load_records(session: Session, only: Sequence[str] | None = None) -> list[Record]:
    """The rows of every queue that has some, as they are held now, by name. only: of these queues; all without it."""
    named = volume_series(session) if only is None else volume_series(session, list(only))
    series = None if only is None else list(named)
    rows = load(session, LAYERS["volumes"], series=series, values=NAMES).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    hours, exceptions = dict(list(load_hours(session).groupby("queue"))), load_exceptions(session)
    made = []
    for queue in load_queues(session):
        mine = [number for number, (name, _) in named.items() if name == queue.name]
        whole = [number for number in mine if named[number][1] == WHOLE]
        held = _summed(rows.take(np.isin(rows.series, mine)), whole)
        if len(held) == 0:
            continue
        excepted = Exceptions.of(exceptions, queue.name)
        opens = OpeningHours.from_frame(hours[queue.name], excepted) if queue.name in hours else None
        made.append(_record(queue, held, opens))
    return made


def _summed(rows: Rows, whole: Sequence[int]) -> Rows:
    """Rows of a queue's reasons -> one row per bucket: the row of all reasons, else their sum; by bucket."""
    if len(np.unique(rows.series)) <= 1:
        return rows.take(np.argsort(rows.ds, kind="stable"))
    total = np.isin(rows.series, list(whole))
    rows = rows.take(total | ~np.isin(rows.ds, rows.ds[total]))
    rows = rows.take(np.argsort(rows.ds, kind="stable"))
    ds, first, place = np.unique(rows.ds, return_index=True, return_inverse=True)
    offered, handled, abandoned, aht = rows.values.T
    weight = np.where(np.isnan(handled), offered, handled)
    spent = _sums(place, weight * aht)
    worked = _sums(place, np.where(np.isnan(aht), np.nan, weight))
    each = np.divide(spent, worked, out=np.full(len(ds), np.nan), where=worked > 0)
    values = np.stack([_sums(place, offered), _sums(place, handled), _sums(place, abandoned), each], axis=1)
    known = np.full(len(ds), np.iinfo(np.int64).min)
    np.maximum.at(known, place, rows.known_at)
    return Rows(rows.id[first], rows.series[first], ds, known, rows.upload[first], values)


def _sums(place: Ns, values: Floats) -> Floats:
    """Sums by place, NaN where no value is told."""
    told = ~np.isnan(values)
    total = np.bincount(place, weights=np.where(told, values, 0.0))
    return np.where(np.bincount(place, weights=told) > 0, total, np.nan)


def _record(queue: Queue, rows: Rows, hours: OpeningHours | None) -> Record:
    ds, known_at = rows.ds * 1000, rows.known_at * 1000
    return Record(
        queue.name,
        queue.interval,
        queue.tz,
        ds,
        offered=rows.values[:, 0],
        handled=rows.values[:, 1],
        abandoned=rows.values[:, 2],
        aht_seconds=rows.values[:, 3],
        known_at=known_at,
        assumed=known_at == end(ds, queue.interval, queue.tz),
        upload=rows.upload,
        channel=queue.channel,
        topic=queue.topic,
        hours=hours,
    )


def around(session: Session, settings: Settings, records: Sequence[Record], now: dt.datetime) -> Around:
    """What is known beside the rows: calendar, moves between queues, drivers, posts, warnings."""
    company = settings.company
    series = {one.queue: _as_series(one) for one in records}
    moves = load_queue_map(session).moves
    moved: dict[str, list[int]] = defaultdict(list)
    for move in moves:
        moved[move.queue].append(move.from_day)
        moved[move.into].append(move.from_day)
    return Around(
        now=to_ns(now),
        calendar=load_calendar(session, series, country=company.country, region=company.region, queue=""),
        moved={queue: tuple(days) for queue, days in moved.items()},
        driven=_driven(session, company.timezone),
        talk=_talk(session, company.timezone),
        warned=_warned(session, company.timezone),
    )


def _as_series(record: Record) -> Series:
    """Only when its rows are: what the calendar asks."""
    last = record.ds[-1:]
    return Series(record.queue, record.interval, record.tz, Versions.of(last, [0.0], last))


def _driven(session: Session, tz: str) -> dict[str, frozenset[int]]:
    drivers = load_drivers(session)
    drivers = drivers[drivers["value"] > 0]
    days = Grid.of(drivers["ds"].to_numpy("datetime64[ns]").astype(np.int64), Interval.DAY, tz).day
    by_queue = pd.Series(days, index=drivers["queue"].to_numpy()).groupby(level=0)
    return {str(queue): frozenset(mine.tolist()) for queue, mine in by_queue}


def _talk(session: Session, tz: str) -> dict[str, tuple[int, Floats]]:
    """Posts a local day on each contact reason."""
    table = table_of(SignalSeries)
    named = session.execute(
        select(table.c.id, table.c.topic).where(table.c.signal == POSTS, table.c.topic != ALL)
    ).all()
    held = {int(row.id): str(row.topic) for row in named}
    rows = load(session, LAYERS["signals"], series=list(held)).latest()
    out: dict[str, tuple[int, Floats]] = {}
    day = Grid.of(rows.ds * 1000, Interval.DAY, tz).day
    for number, topic in held.items():
        mine = rows.series == number
        if mine.any():
            first = int(day[mine].min())
            posts = np.nan_to_num(rows.values[mine, 0])
            out[topic] = (first, np.bincount(day[mine] - first, weights=posts).astype(np.float64))
    return out


def _warned(session: Session, tz: str) -> Mapping[tuple[str, int], str]:
    """(queue, local day) -> the reason of a peak warning of that day."""
    out = {}
    for alert in load_alerts(session):
        first, last = (
            alert.surge.start,
            max(alert.surge.start, min(alert.surge.stop, alert.surge.start + 3 * DAY)),
        )
        for day in range(local_day(first, tz), local_day(last, tz) + 1):
            out[alert.surge.series, day] = alert.surge.topic
    return out
