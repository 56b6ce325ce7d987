"""What came, by queue and local day, over a span alone: a look at accuracy must not open the whole history.

Contacts are those the forecast is made of. Queues of which something tells that contacts are no demand of their own, and
queues that others went into, are read through the archive, one by one; all others straight from their rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Interval, day_start, local_day, local_ns, to_ns
from forecast.frames import BESIDE
from store.day_sums import DaySums, sums_by_day
from store.facts import open_archive
from store.queue_map import load_queue_map
from store.queues import Queue
from store.settings import Settings
from store.statements import table_of
from store.tables import DemandCountSeries, VolumeRow, VolumeSeries
from store.versions import KINDS, Rows, load
from store.volumes import volume_series
from store.wholes import WHOLE

HOURS = 24
ALIKE_DAYS = 14  # read before the days asked for: how long the rows of the same weekday went on
HOUR_MICROS = 3_600_000_000
VALUES = ("offered", "handled", "aht_seconds")


@dataclass(frozen=True)
class CameByDay:
    """What came. offered, seconds, timed, work: float[queues, days]; NaN not known.

    offered: contacts; seconds: spent on the contacts `timed`; work: contacts offered times handling time, in seconds
    """

    days: Ns
    offered: Floats
    seconds: Floats
    timed: Floats
    work: Floats

    @property
    def aht(self) -> Floats:
        """float[queues, days]: seconds per contact."""
        some = self.timed > 0
        return np.asarray(np.where(some, self.seconds / np.where(some, self.timed, 1.0), np.nan))


@dataclass(frozen=True)
class _Intervals:
    """Rows of one queue by interval: ds (ns), contacts offered, handled (NaN unknown), seconds per contact (NaN unknown)."""

    ds: Ns
    offered: Floats
    handled: Floats
    aht: Floats


def load_days_came(
    session: Session, settings: Settings, queues: Sequence[Queue], *, first: int, last: int, now: dt.datetime
) -> CameByDay:
    """Of the local days first .. last (whole days since 1970-01-01), as far as they are over and known."""
    wanted, first = last - first + 1, first - ALIKE_DAYS
    days = np.arange(first, last + 1, dtype=np.int64)
    sums = np.full((4, len(queues), len(days)), np.nan)
    names = [queue.name for queue in queues]
    other = _through_archive(session, settings, names, _span({queue.tz for queue in queues}, first, last))
    alone = _with_one_series(session, [name for name in names if name not in other])
    told: dict[int, DaySums] = {}
    for tz in {queue.tz for queue in queues if queue.name in alone}:
        mine = [alone[queue.name] for queue in queues if queue.name in alone and queue.tz == tz]
        told |= sums_by_day(session, mine, tz, first=first, last=last, now=to_ns(now))
    rest = [queue for queue in queues if queue.name not in alone]
    rows = dict(
        zip(
            (queue.name for queue in rest),
            _load(session, settings, rest, first, last, now, other),
            strict=True,
        )
    )
    for at, queue in enumerate(queues):
        held = told.get(alone.get(queue.name, -1), DaySums.none())
        held = _by_day(queue, rows[queue.name]) if queue.name in rows else held
        if len(held.days):
            sums[:, at] = _known_sums(queue, held, first, len(days), now)
    return CameByDay(days[-wanted:], *sums[:, :, -wanted:])


def load_hours_came(
    session: Session, settings: Settings, queue: Queue, *, first: int, last: int, now: dt.datetime
) -> Floats:
    """float[days, 24]: contacts of one queue by local hour; NaN on days that are not known, 0 in hours without a contact."""
    wanted, first = last - first + 1, first - ALIKE_DAYS
    found = np.full((last - first + 1, HOURS), np.nan)
    if queue.interval.slots < HOURS:
        return found[-wanted:]
    other = _through_archive(session, settings, [queue.name], _span({queue.tz}, first, last))
    (rows,) = _load(session, settings, [queue], first, last, now, other)
    if len(rows.ds) == 0:
        return found[-wanted:]
    local = local_ns(rows.ds, queue.tz)
    slot = (local // DAY - first) * HOURS + (local % DAY) // (HOUR_MICROS * 1000)
    sums = np.bincount(slot, weights=rows.offered, minlength=found.size).reshape(found.shape)
    known = ~np.isnan(_known_sums(queue, _by_day(queue, rows), first, len(found), now)[0])
    return np.asarray(np.where(known[:, None], sums, np.nan)[-wanted:])


def last_day_came(session: Session, queues: Sequence[Queue], now: dt.datetime) -> int | None:
    """The last local day that is over and of which anything came; None where nothing ever did."""
    found = []
    table, series = table_of(VolumeRow), table_of(VolumeSeries)
    for tz in {queue.tz for queue in queues}:
        end = int(day_start([local_day(to_ns(now), tz)], tz)[0]) // 1000
        newest = select(func.max(table.c.ds)).where(table.c.series_id == series.c.id, table.c.ds < end)
        mine = series.c.queue.in_([queue.name for queue in queues if queue.tz == tz])
        each = session.scalars(select(newest.correlate(series).scalar_subquery()).where(mine))
        found += [local_day(int(ds) * 1000, tz) for ds in each if ds is not None]
    return max(found, default=None)


def _with_one_series(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Queues whose rows are of one reason, or of all -> their series."""
    held: dict[str, list[int]] = {}
    for number, (name, _) in volume_series(session, list(names)).items():
        held.setdefault(name, []).append(number)
    return {name: numbers[0] for name, numbers in held.items() if len(numbers) == 1}


def _span(zones: Set[str], first: int, last: int) -> tuple[int, int]:
    """The local days of all the zones, in microseconds."""
    start = min((int(day_start([first], tz)[0]) for tz in zones), default=0) // 1000
    return start, max((int(day_start([last + 1], tz)[0]) for tz in zones), default=0) // 1000


def _load(
    session: Session, settings: Settings, queues: Sequence[Queue], first: int, last: int, now: dt.datetime, other: Set[str]
) -> list[_Intervals]:  # fmt: skip
    """The rows of each queue. other: those that are read through the archive."""
    if not queues:
        return []
    names = [queue.name for queue in queues]
    start, end = _span({queue.tz for queue in queues}, first, last)
    series = {key: name for key, name in volume_series(session, names).items() if name[0] not in other}
    rows = load(session, KINDS["volumes"], series=list(series), start=start, end=end, values=VALUES)
    rows = rows.take(rows.known_at <= to_ns(now) // 1000).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    found = []
    for queue in queues:
        if queue.name in other:
            found.append(_archived(session, settings, queue, first, last, now))
            continue
        mine = {number: topic for number, (name, topic) in series.items() if name == queue.name}
        held = _one_row_a_bucket(rows.take(np.isin(rows.series, list(mine))), mine)
        day = local_ns(held.ds, queue.tz) // DAY if len(held.ds) else held.ds
        inside = (day >= first) & (day <= last)
        found.append(
            _Intervals(held.ds[inside], held.offered[inside], held.handled[inside], held.aht[inside])
        )
    return found


def _through_archive(
    session: Session, settings: Settings, names: Sequence[str], span: tuple[int, int]
) -> set[str]:
    """Queues whose contacts are not just their rows. span: microseconds."""
    table, series = table_of(VolumeRow), table_of(VolumeSeries)
    told = or_(*(table.c[name].is_not(None) for name in BESIDE))
    beside = select(series.c.queue).where(
        series.c.queue.in_(list(names)),
        select(table.c.id)
        .where(table.c.series_id == series.c.id, table.c.ds >= span[0], table.c.ds < span[1], told)
        .exists(),
    )
    counted = select(table_of(DemandCountSeries).c.queue)
    moves = load_queue_map(session).moves
    moved = {name for move in moves for name in (move.queue, move.into)}
    demands = settings.demands()
    corrected = {*session.scalars(beside), *session.scalars(counted)}
    corrected = {name for name in corrected if name not in demands or demands[name].correct != "off"}
    return (corrected | moved) & set(names)


def _archived(
    session: Session, settings: Settings, queue: Queue, first: int, last: int, now: dt.datetime
) -> _Intervals:
    archive = open_archive(session, settings, [queue.name])
    none = np.zeros(0)
    if queue.name not in archive.series:
        return _Intervals(np.zeros(0, dtype=np.int64), none, none, none)
    history, series = archive.at(to_ns(now)).history(queue.name), archive.series[queue.name]
    inside = (history.grid.day >= first) & (history.grid.day <= last) & ~np.isnan(history.y)
    ds, offered = history.grid.ds[inside], history.y[inside]
    if series.handling is None:
        return _Intervals(ds, offered, np.full(len(ds), np.nan), np.full(len(ds), np.nan))
    spent = series.handling.on(ds)
    return _Intervals(ds, offered, spent.contacts, spent.aht)


def _one_row_a_bucket(rows: Rows, topics: dict[int, str]) -> _Intervals:
    """A bucket with a row of the topic `all` is that row; else it is the sum of its topics."""
    whole = np.isin(rows.series, [number for number, topic in topics.items() if topic == WHOLE])
    kept = rows.take(whole | ~np.isin(rows.ds, rows.ds[whole]))
    ds, place = np.unique(kept.ds, return_inverse=True)
    offered, handled, aht = kept.values.T if len(kept) else np.zeros((3, 0))
    timed = np.where(np.isnan(handled), offered, handled)
    told = ~np.isnan(aht) & (timed > 0)
    seconds, contacts, total = (
        np.bincount(place, weights=each, minlength=len(ds)).astype(np.float64)
        for each in (np.where(told, timed * np.nan_to_num(aht), 0.0), np.where(told, timed, 0.0), offered)
    )
    mean = np.where(contacts > 0, seconds / np.where(contacts > 0, contacts, 1.0), np.nan)
    return _Intervals(ds * 1000, total, np.where(contacts > 0, contacts, np.nan), mean)


def _by_day(queue: Queue, rows: _Intervals) -> DaySums:
    """Rows -> their sums by local day."""
    if len(rows.ds) == 0:
        return DaySums.none()
    local = local_ns(rows.ds, queue.tz)
    days, day = np.unique(local // DAY, return_inverse=True)
    timed = np.where(np.isnan(rows.aht), 0.0, np.nan_to_num(rows.handled))
    parts = (rows.offered, timed * np.nan_to_num(rows.aht), timed, rows.offered * np.nan_to_num(rows.aht))
    sums = np.stack([np.bincount(day, weights=each).astype(np.float64) for each in parts])
    bare = np.bincount(day, weights=np.isnan(rows.aht) & (rows.offered > 0)).astype(np.int64)
    until = np.zeros(len(days), dtype=np.int64)
    np.maximum.at(until, day, local % DAY)
    return DaySums(days, sums, np.bincount(day), bare, until)


def _known_sums(queue: Queue, held: DaySums, first: int, count: int, now: dt.datetime) -> Any:
    """float[4, days]: contacts offered, seconds, contacts timed, seconds of work; NaN on days that are not known."""
    place = held.days - first
    sums = np.zeros((4, count))
    sums[:, place] = held.sums
    sums[3, place] = np.where(held.bare > 0.1 * held.rows, np.nan, held.sums[3])
    known = _known(queue, place, held.until, count)
    known &= np.arange(count) + first < local_day(to_ns(now), queue.tz)
    return np.where(known, sums, np.nan)


def _known(queue: Queue, day: Ns, until: Ns, count: int) -> Any:
    """bool[days]: from the first day with a row to the last one that is whole. A queue whose absent rows say nothing: days with rows.

    day, until: the days with rows [k], and the time of day of the last row of each. The last day is whole where its rows go on
    as long as those of the same weekday one week and two weeks before it; of a weekday that never had any, in any case.
    """
    last = int(day[-1])
    known = np.zeros(count, dtype=bool)
    known[int(day[0]) : last + 1] = True
    if queue.missing != "zero":
        known[:] = False
        known[day] = True
    if queue.interval.slots > 1:
        usual = min(until[np.isin(day, (last - 7, last - 14))].tolist(), default=0)
        known[last] &= int(until[-1]) >= usual - Interval.HOUR.seconds * 1_000_000_000
    return known
