"""What was really published so long before, from the store: per queue and local day, or per hour of one queue.

For each bucket the version that spoke at the moment asked about, as `load_forecast(as_of=...)` finds it: of those that hold
the bucket the one published last by then, with the manual adjustments of then on top. The question is asked once per moment
for all queues, and reads the packed row of one version per bucket, so that a quarter of fifty queues takes about a second.
Publications are taken in the order in which they were written, which is that of their moments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, column_ns, day_start, from_ns, local_day, to_ns
from forecast.overriding import Override
from store.adjusted import load_adjusted
from store.forecasts import COLUMNS, COSTS, PACKED
from store.overrides import Kept, load_overrides
from store.queues import Queue
from store.statements import table_of
from store.tables import ForecastRow, ForecastSeries, PublicationRow, UploadRow, VersionRow

SHOWN = ("mean", "0.1", "0.9")  # what is expected, and the band eight in ten lie in
PLACES = [COLUMNS.index(name) for name in SHOWN]
KINDS = ("volume", "aht", "work")
NAMES = (SHOWN, *(tuple(names[at] for at in PLACES) for names in COSTS.values()))
HOURS = 24
HOUR = 3600 * SECOND
DAY_LONG = 25 * HOUR  # the longest local day
MONTH = 28  # days of which the forecast of one hour before is looked up: each hour is a question of its own


@dataclass(frozen=True)
class Published:
    """What had been published. values: float[queues, days, 3 kinds, 3]: contacts, seconds per contact, seconds of work; of each
    what was expected and the ends of the band. NaN where nothing was."""

    queues: tuple[str, ...]
    days: Ns
    values: Floats

    def of(self, kind: str) -> Floats:
        """float[queues, days, 3] of `volume`, `aht` or `work`."""
        return np.asarray(self.values[:, :, KINDS.index(kind)])


def load_published(
    session: Session, queues: Sequence[Queue], *, first: int, last: int, lead: int
) -> Published:
    """What stood so many local days before each of the local days first .. last (whole days since 1970-01-01) began."""
    days = np.arange(first, last + 1, dtype=np.int64)
    values = np.full((len(queues), len(days), len(KINDS), len(SHOWN)), np.nan)
    record = _Record(session, queues)
    for tz in dict.fromkeys(queue.tz for queue in queues):
        mine = [place for place, queue in enumerate(queues) if queue.tz == tz]
        starts, moments = day_start(days, tz), day_start(days - lead, tz)
        for at, (start, moment) in enumerate(zip(starts.tolist(), moments.tolist(), strict=True)):
            record.fill(values[:, at], mine, start, moment)
    return Published(tuple(queue.name for queue in queues), days, values)


def load_published_hours(
    session: Session, queue: Queue, *, first: int, last: int, lead: int | None
) -> Floats:
    """float[days, 24]: contacts by local hour as they stood so many local days before the day began; lead None: an hour before
    the hour, of the last 28 of the days. NaN where nothing was published; the repeated hour of autumn is added up."""
    found = np.full((last - first + 1, HOURS), np.nan)
    if queue.interval.slots < HOURS:
        return found
    record = _Record(session, [queue], "hour")
    begin = first if lead is not None else max(first, last - MONTH + 1)
    grid = Grid.days(begin, last, Interval.HOUR, queue.tz)
    said = np.full(len(grid), np.nan)
    moments = grid.ds - HOUR if lead is None else day_start(grid.day - lead, queue.tz)
    looks = np.unique(np.stack([grid.day, record.standing(moments)]), axis=1, return_inverse=True)[1].reshape(
        -1
    )
    for look in np.unique(looks).tolist():
        mine = np.flatnonzero(looks == look)
        said[mine] = record.span(queue, grid.ds[mine], int(moments[mine[-1]]))
    for day, slot, value in zip((grid.day - first).tolist(), grid.slot.tolist(), said.tolist(), strict=True):
        before = found[day, slot]
        found[day, slot] = value if np.isnan(before) else before + value
    return found


def first_published(session: Session) -> dt.datetime | None:
    """When the live record begins."""
    return session.scalar(select(func.min(PublicationRow.at)))


class _Record:
    """Questions about past moments, asked with one statement each."""

    def __init__(self, session: Session, queues: Sequence[Queue], granularity: str = "day") -> None:
        self._session, self._queues, self._granularity = session, list(queues), granularity
        series = table_of(ForecastSeries)
        names = [queue.name for queue in queues]
        rows = session.execute(select(series.c.name, series.c.id).where(series.c.name.in_(names)))
        self._ids = {str(row.name): int(row.id) for row in rows}
        self._first = session.scalar(select(func.min(PublicationRow.at)))
        self._changes = load_overrides(session)
        self._query = _question(session, granularity)
        self._length = HOUR if granularity == "hour" else DAY
        self._reaching: dict[str, list[Kept]] = {}
        self._looked: dict[tuple[Any, ...], dict[int, Floats]] = {}
        self._place = {number: at for at, queue in enumerate(queues) if (number := self._ids.get(queue.name))}

    def standing(self, moments: Ns) -> Ns:
        """int64[n]: moments (ns) with the same number see the same: nothing was published or adjusted between them."""
        told = list(self._session.scalars(select(PublicationRow.at)))
        told += [one.created_at for one in self._changes] + [one.until for one in self._changes if one.until]
        changes = np.unique(np.array([to_ns(one) for one in told], dtype=np.int64))
        return np.searchsorted(changes, moments, side="right").astype(np.int64)

    def fill(self, cells: Floats, mine: Sequence[int], start: int, moment: int) -> None:
        """cells[queue, kind, 3] of the bucket that begins at `start`, for the queues at the places `mine`, as of `moment` (ns)."""
        at = from_ns(moment).to_pydatetime()
        for row in self._rows(mine, (start, start + 1000), at):
            place = self._place[row.series_id]
            changes = self._changes_of(place, start, start + self._length, at)
            told = self._adjusted(place, row.version_id, start, changes) if changes else None
            cells[place] = _unpacked(row) if told is None else told

    def span(self, queue: Queue, starts: Ns, moment: int) -> Floats:
        """float[n]: contacts expected in the buckets of one queue as of one moment."""
        at, said = from_ns(moment).to_pydatetime(), np.full(len(starts), np.nan)
        if len(starts) == 0:
            return said
        for row in self._rows([0], (int(starts[0]), int(starts[-1]) + 1000), at):
            start = row.ds * 1000
            changes = self._changes_of(0, start, start + self._length, at)
            told = self._adjusted(0, row.version_id, start, changes) if changes else None
            said[np.searchsorted(starts, start)] = (_unpacked(row) if told is None else told)[0, 0]
        return said

    def _rows(self, mine: Sequence[int], span: tuple[int, int], at: dt.datetime) -> Sequence[Any]:
        """Stored rows of the versions that spoke at a moment, one per queue and bucket of a span (ns)."""
        ids = [self._ids[name] for name in (self._queues[one].name for one in mine) if name in self._ids]
        if self._first is None or at < self._first or not ids:
            return ()
        asked = {"at": at, "start": span[0] // 1000, "stop": span[1] // 1000, "series": ids}
        return self._session.execute(self._query, asked).all()

    def _changes_of(self, place: int, start: int, stop: int, at: dt.datetime) -> tuple[Override, ...]:
        """The manual adjustments in force at a moment that reach a bucket of a queue; with a shared one among them all."""
        queue = self._queues[place]
        held = [
            one for one in self._by_queue(queue) if one.override.start < stop and one.override.end > start
        ]
        over = tuple(one.override for one in held if _held(one, at))
        if any(one.shared for one in over):
            return tuple(one.override for one in self._changes if _held(one, at))
        return over

    def _by_queue(self, queue: Queue) -> list[Kept]:
        if queue.name not in self._reaching:
            found = [one for one in self._changes if one.override.covers(queue.name, queue.channel)]
            self._reaching[queue.name] = found
        return self._reaching[queue.name]

    def _adjusted(self, place: int, version: int, start: int, changes: tuple[Override, ...]) -> Floats | None:
        """float[3 kinds, 3] of a bucket of a version with changes on top. A version is looked at once per day: to put several
        together for every bucket would take ten times as long, and the one that holds the bucket most often holds its day."""
        queue = self._queues[place]
        day = int(day_start([local_day(start, queue.tz)], queue.tz)[0])
        key = (place, version, day, tuple(one.id for one in changes))
        if key not in self._looked:
            rows = load_adjusted(
                self._session, series=[queue.name], granularity=self._granularity, version=version, costs=True,
                overrides=changes, start=from_ns(day).to_pydatetime(), end=from_ns(day + DAY_LONG).to_pydatetime(),
            )  # fmt: skip
            values = np.stack([rows[list(each)].to_numpy(dtype=np.float64) for each in NAMES], axis=1)
            self._looked[key] = dict(zip(column_ns(rows["ds"]).tolist(), values, strict=True))
        return self._looked[key].get(start)


def _question(
    session: Session, granularity: str
) -> Select[tuple[int, int, int, bytes, bytes | None, bytes | None]]:
    """Per series and bucket the row of the version that spoke. at: the moment; series, start, stop: which."""
    rows, said = table_of(ForecastRow), table_of(PublicationRow)
    uploads, versions = table_of(UploadRow), table_of(VersionRow)
    gone = session.scalars(
        select(versions.c.id)
        .join(uploads, uploads.c.id == versions.c.upload_id)
        .where(uploads.c.state == "removed")
    ).all()
    wanted = [
        rows.c.series_id.in_(bindparam("series", expanding=True)),
        rows.c.granularity == granularity,
        rows.c.ds >= bindparam("start"),
        rows.c.ds < bindparam("stop"),
        said.c.at <= bindparam("at", type_=said.c.at.type),
    ]
    if gone:
        wanted.append(said.c.version_id.not_in(list(gone)))
    spoke = select(rows.c.series_id, rows.c.ds, func.max(said.c.id).label("number"))
    spoke = spoke.join(said, said.c.version_id == rows.c.version_id).where(*wanted)
    best = spoke.group_by(rows.c.series_id, rows.c.ds).subquery()
    query = select(rows.c.series_id, rows.c.ds, rows.c.version_id, rows.c.packed, rows.c.aht, rows.c.workload)
    query = query.select_from(best).join(said, said.c.id == best.c.number)
    return query.join(
        rows,
        (rows.c.version_id == said.c.version_id)
        & (rows.c.series_id == best.c.series_id)
        & (rows.c.granularity == granularity)
        & (rows.c.ds == best.c.ds),
    )


def _unpacked(row: object) -> Floats:
    """float[3 kinds, 3] of a stored row."""
    found = np.full((len(KINDS), len(SHOWN)), np.nan)
    for at, name in enumerate(("packed", "aht", "workload")):
        raw = getattr(row, name)
        if raw is not None and len(raw) == len(COLUMNS) * PACKED.itemsize:
            found[at] = np.frombuffer(raw, dtype=PACKED)[PLACES]
    return found


def _held(one: Kept, at: dt.datetime) -> bool:
    return one.created_at <= at and (one.until is None or one.until > at)
