"""Accuracy of the plan, from the store: what stood so many days before each day, or in a lock, against what came.

What stood T-28 days before a local day is what was published at the moment that day began, less 28 local days, with the
manual adjustments of then; where a lock that was in force at that moment holds the day, it is that lock. Contacts are
those the forecast is made of: true demand, as far as it is known; of a plan taken from a forecast made elsewhere, which
is one of contacts offered, they are as offered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, Grid, column_ns, from_ns, local_day, local_ns, midnight, to_ns
from forecast.errors import InputError
from forecast.plan_scoring import Came, Figures, Said, score_plan
from forecast.staffing.plan import Demand, needed
from store.adjusted import LONGEST, load_adjusted
from store.forecast_versions import IMPORTED, load_version, newest_version
from store.forecasts import load_forecast
from store.locks import Lock, day_number, list_locks, load_lock
from store.overrides import in_force
from store.past_contacts import load_past
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings

LEADS = (28, 7, 1)
KEPT = ["series", "ds", "mean", "aht"]
NOTHING = pd.DataFrame({name: [] for name in KEPT})
FURTHEST = 370  # days ahead
MOST_DAYS = 93  # of one answer
MOST_READS = 10_000  # queues x days x leads of one answer: each is a look at what stood at another moment


@dataclass(frozen=True)
class Measured:
    """One queue, at one lead (None: in the lock that was asked for).

    locked, published, nothing: of how many days a lock, what was published, or nothing stood; locks: which ones
    """

    queue: str
    interval: str
    lead_days: int | None
    figures: Figures
    locked: int
    published: int
    nothing: int
    locks: tuple[int, ...]


def plan_accuracy(
    session: Session,
    settings: Settings,
    *,
    first: dt.date,
    last: dt.date,
    queues: Sequence[str] = (),
    leads: Sequence[int] = LEADS,
    now: dt.datetime,
) -> list[Measured]:
    """Per queue and lead, over the local days first .. last that are over; the queue with none of them is left out.

    NotFound for an unknown queue; InputError for a span or leads that cannot be.
    """
    require_queues(session, list(queues))
    chosen = [one for one in load_queues(session) if not queues or one.name in queues]
    _require(first, last, leads, len(chosen))
    locks, found = list_locks(session), []
    pasts = {tz: _Past(session, [one for one in chosen if one.tz == tz]) for tz in {one.tz for one in chosen}}
    for queue in chosen:
        grid = _grid(queue, first, last, now)
        if len(grid) == 0:
            continue
        came = _came(session, settings, queue, grid, now, corrected=True)
        for lead in leads:
            stood = _before(session, queue, grid, lead, locks, pasts[queue.tz])
            found.append(stood.measured(settings, queue, came, lead))
    return found


def lock_accuracy(
    session: Session,
    settings: Settings,
    lock_id: int,
    *,
    now: dt.datetime,
    queues: Sequence[str] | None = None,
) -> tuple[Lock, list[Measured]]:
    """A lock, released or not, and per queue in it (of `queues`, or all) how good it was on the days that are over.

    NotFound for an unknown lock.
    """
    held = load_lock(session, lock_id)
    source = None if held.source_id is None else load_version(session, held.source_id)
    corrected = source is None or source.kind != IMPORTED
    rows = load_forecast(session, series=queues, version=held.version_id, costs=True)
    days = load_forecast(session, series=queues, version=held.version_id, granularity="day")
    names, found = set(rows["series"]) | set(days["series"]), []
    for queue in load_queues(session):
        grid = _grid(queue, held.first, held.last, now)
        if queue.name not in names or len(grid) == 0:
            continue
        mine, whole = (each[each["series"] == queue.name] for each in (rows, days))
        came = _came(session, settings, queue, grid, now, corrected=corrected)
        found.append(_in_lock(grid, mine, whole, held).measured(settings, queue, came, None))
    return held, found


class _Stood:
    """What stood of one queue on the days of a grid; later rows take the place of earlier ones."""

    def __init__(self, grid: Grid) -> None:
        self.grid, self.days = grid, np.unique(grid.day)
        self._mean, self._aht = np.full(len(grid), np.nan), np.full(len(grid), np.nan)
        self._day_mean = np.full(len(self.days), np.nan)
        self.locked: dict[int, int] = {}  # day -> lock

    def put(self, rows: pd.DataFrame) -> None:
        """Rows by interval."""
        mine, place = _places(self.grid.ds, column_ns(rows["ds"]))
        self._mean[place] = rows["mean"].to_numpy(dtype=np.float64)[mine]
        self._aht[place] = rows["aht"].to_numpy(dtype=np.float64)[mine]

    def put_days(self, rows: pd.DataFrame) -> None:
        """Rows by day."""
        if len(rows):
            mine, place = _places(self.days, local_ns(column_ns(rows["ds"]), self.grid.tz) // DAY)
            self._day_mean[place] = rows["mean"].to_numpy(dtype=np.float64)[mine]

    @property
    def said(self) -> Said:
        return Said(self._mean, self._aht, self._day_mean)

    def measured(self, settings: Settings, queue: Queue, came: Came, lead: int | None) -> Measured:
        """The figures of it, with what they were taken from."""
        told = np.isin(self.days, self.grid.day[~np.isnan(self._mean)]) | ~np.isnan(self._day_mean)
        targets, _ = settings.staffing.of(queue.name, [queue.name])

        def needs(ds: Ns, contacts: Floats, aht: Floats, open_: Flags) -> Floats:
            demand = Demand(queue.name, queue.channel, ds, contacts, aht, open=open_)
            return needed([demand], targets, interval=queue.interval, tz=queue.tz).net

        figures = score_plan(self.grid, self.said, came, shrinkage=targets.shrinkage, needs=needs)
        locked, nothing = len(self.locked), int((~told).sum())
        published = len(self.days) - locked - nothing
        locks = tuple(sorted(set(self.locked.values())))
        return Measured(queue.name, str(queue.interval), lead, figures, locked, published, nothing, locks)


def _in_lock(grid: Grid, rows: pd.DataFrame, days: pd.DataFrame, held: Lock) -> _Stood:
    stood = _Stood(grid)
    stood.put(rows)
    stood.put_days(days)
    told = {
        *grid.day[~np.isnan(stood.said.mean)].tolist(),
        *stood.days[~np.isnan(stood.said.day_mean)].tolist(),
    }
    stood.locked = dict.fromkeys(told, held.id)
    return stood


class _Past:
    """What was shown of queues of one zone at past moments; each moment is looked at once for all of them."""

    def __init__(self, session: Session, queues: Sequence[Queue]) -> None:
        self._session, self._tz = session, queues[0].tz
        self._queues = {queue.name: queue.interval for queue in queues}
        self._kept: dict[tuple[int, int, str], pd.DataFrame] = {}

    def rows(self, queue: str, day: int, lead: int, granularity: str) -> pd.DataFrame:
        """rows[series, ds, mean, aht] of one queue and day, as shown so many days before it began."""
        key = (day, lead, granularity)
        if key not in self._kept:
            self._kept[key] = self._look(*key)
        held = self._kept[key]
        return held[held["series"] == queue]

    def _look(self, day: int, lead: int, granularity: str) -> pd.DataFrame:
        at, names = _moment(day - lead, self._tz), list(self._queues)
        asked: dict[str, Any] = {**_asked(day, self._tz, granularity), "costs": True}
        newest = newest_version(self._session, as_of=at)
        if newest is None:
            return NOTHING
        if in_force(self._session, at, start=asked["start"], end=asked["end"] + LONGEST):
            return load_adjusted(self._session, **asked, series=names, as_of=at)[KEPT]
        # Most often the newest version holds the day; to put versions together costs ten times as much.
        rows = load_forecast(self._session, **asked, series=names, version=newest.id)[KEPT]
        held = rows["series"].value_counts().to_dict()
        short = [name for name in names if held.get(name, 0) < self._buckets(name, day, granularity)]
        if not short:
            return rows
        rest = load_forecast(self._session, **asked, series=short, as_of=at)[KEPT]
        return pd.concat([rows[~rows["series"].isin(short)], rest], ignore_index=True)

    def _buckets(self, name: str, day: int, granularity: str) -> int:
        return 1 if granularity == "day" else len(Grid.days(day, day, self._queues[name], self._tz))


def _before(
    session: Session, queue: Queue, grid: Grid, lead: int, locks: Sequence[Lock], past: _Past
) -> _Stood:
    """What stood of each day so many days before it began. A day that a lock holds as a whole alone is that number."""
    stood, by_version = _Stood(grid), {one.version_id: one.id for one in locks}
    for day in stood.days.tolist():
        at = _moment(day - lead, queue.tz)
        date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
        locked = any(one.covers(queue.name, date) and _in_force(one, at) for one in locks)
        asked = [_asked(day, queue.tz, granularity) for granularity in ("interval", "day")]
        told: dict[str, Any] = {"series": [queue.name], "version": "locked", "as_of": at, "costs": True}
        plans = [load_forecast(session, **one, **told, parts=True) if locked else NOTHING for one in asked]
        for one, frozen, put in zip(asked, plans, (stood.put, stood.put_days), strict=True):
            if frozen is plans[0] and len(frozen) == 0 < len(plans[1]):
                continue  # intervals published later are not what was locked
            rows = past.rows(queue.name, day, lead, one["granularity"])
            for each in (rows, frozen):
                if len(each):
                    put(each)
            if len(frozen):
                stood.locked[day] = max(by_version[int(each)] for each in frozen["version"])
            if len(rows) or len(frozen):
                break
    return stood


def _asked(day: int, tz: str, granularity: str) -> dict[str, Any]:
    return {"start": _moment(day, tz), "end": _moment(day + 1, tz), "granularity": granularity}


def _in_force(one: Lock, at: dt.datetime) -> bool:
    return one.created_at <= at and (one.released_at is None or one.released_at > at)


def _places(held: Ns, wanted: Ns) -> tuple[Ns, Ns]:
    """Rows of `wanted` that are held, and where."""
    mine = np.flatnonzero(np.isin(wanted, held))
    return mine, np.searchsorted(held, wanted[mine])


def _grid(queue: Queue, first: dt.date, last: dt.date, now: dt.datetime) -> Grid:
    """The intervals of the days that are over."""
    over = min(day_number(last), local_day(to_ns(now), queue.tz) - 1)
    if over < day_number(first):
        return Grid.of(np.array([], dtype=np.int64), queue.interval, queue.tz)
    return Grid.days(day_number(first), over, queue.interval, queue.tz)


def _came(
    session: Session, settings: Settings, queue: Queue, grid: Grid, now: dt.datetime, *, corrected: bool
) -> Came:
    """What is known by now of the intervals; closed ones before the last row had nothing, later ones are unknown."""
    archive = load_past(session, settings, queue, int(grid.day[0]), now=now, corrected=corrected)
    unknown = np.full(len(grid), np.nan)
    if queue.name not in archive.series:
        return Came(unknown, unknown, np.ones(len(grid), dtype=bool))
    snapshot = archive.at(to_ns(now))
    history, series = snapshot.history(queue.name), snapshot.series(queue.name)
    offered: Floats = unknown.copy()
    mine, place = _places(grid.ds, history.grid.ds)
    offered[place] = history.y[mine]
    open_ = history.scheduled(grid)
    inside = (grid.ds >= series.offered.ds.min()) & (grid.ds <= series.offered.ds.max())
    offered = np.where(np.isnan(offered) & ~open_ & inside, 0.0, offered)
    aht = unknown if series.handling is None else series.handling.on(grid.ds).aht
    return Came(offered, aht, open_)


def _require(first: dt.date, last: dt.date, leads: Sequence[int], queues: int) -> None:
    days = (last - first).days + 1
    if days < 1:
        raise InputError("The end lies before the start.", remedy="Give an end after it.", field="end")
    if not leads or not all(0 <= lead <= FURTHEST for lead in leads):
        raise InputError(
            "The days ahead are none we can measure.",
            remedy=f"Give whole numbers from 0 to {FURTHEST}, such as 28,7,1.",
            field="lead_days",
        )
    if days > MOST_DAYS or days * queues * len(leads) > MOST_READS:
        raise InputError(
            f"{days} days x {queues} queue(s) x {len(leads)} lead(s) are more than one answer measures.",
            remedy=f"Ask for at most {MOST_DAYS} days, and for fewer queues at once.",
            field="start",
        )


def _moment(day: int, tz: str) -> dt.datetime:
    return from_ns(midnight(day, tz)).to_pydatetime()
