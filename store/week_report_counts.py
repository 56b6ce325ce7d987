"""What came in a week, by queue and local day: true demand as far as it is known, and what its contacts cost.

Only the rows of the weeks asked for are read. The queue map moves them as it moves whole histories (`queue_map.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, Grid, day_start, from_ns, local_day, to_ns
from forecast.days import OpeningHours
from forecast.frames import BESIDE
from forecast.handling import Handling, spent
from forecast.redials import Counted
from forecast.true_demand import Rule, Volumes, now_known
from forecast.versions import Versions
from forecast.vintage import Archive, Series
from forecast.week_report_line import DAYS, Counts
from store.demand_counts import load_counts
from store.demand_estimates import load_rules
from store.facts import given_hours
from store.queue_map import load_queue_map
from store.queues import Queue, load_queues
from store.settings import Settings
from store.statements import table_of
from store.tables import DemandCountSeries, VolumeRow, VolumeSeries
from store.versions import KINDS, Rows, load
from store.volumes import volume_series
from store.wholes import WHOLE

KIND = KINDS["volumes"]
EARLY = DAY  # before a week: zones, and redials of calls before midnight


@dataclass(frozen=True)
class Reach:
    """The first and the last bucket of a queue with a row, ns."""

    first: int
    last: int


class Contacts:
    """What is known of some queues' contacts at a moment."""

    def __init__(
        self, session: Session, settings: Settings, queues: Sequence[Queue], now: dt.datetime
    ) -> None:
        self._session, self._now, self.queues = session, to_ns(now), list(queues)
        self._moves = load_queue_map(session)
        names = self._moves.with_sources([queue.name for queue in queues])
        self._sources = [queue for queue in load_queues(session) if queue.name in names]
        self._rules = load_rules(session, self._sources, settings.demands())
        self._counted = set(session.scalars(select(table_of(DemandCountSeries).c.queue)))
        self._reach = _reach(session)
        self.hours: dict[str, OpeningHours] = given_hours(session)

    @property
    def as_of(self) -> dt.datetime | None:
        """The end of the last bucket known of the queues; None where there is none."""
        ends = [
            self._reach[queue.name].last + queue.interval.seconds * 1_000_000_000
            for queue in self._sources
            if queue.name in self._reach
        ]
        return from_ns(min(max(ends), self._now)).to_pydatetime() if ends else None

    def of(self, monday: dt.date) -> dict[str, Counts]:
        """The seven local days of each queue from a Monday on; NaN for a day of which not all is known."""
        first = (monday - dt.date(1970, 1, 1)).days
        archive = Archive(series=self._series(first))
        if self._moves:
            archive = self._moves.apply(archive, hours=self.hours)
        return {
            queue.name: self._counts(queue, archive.series.get(queue.name), first) for queue in self.queues
        }

    def opens(self, queue: str, days: Ns) -> Flags | None:
        """Local days [n] -> is the queue open on each by its given hours? None where it has none."""
        hours = self.hours.get(queue)
        held = next(one for one in self.queues if one.name == queue)
        if hours is None:
            return None
        grid = Grid.days(int(days.min()), int(days.max()), held.interval, held.tz)
        opened = np.unique(grid.day[hours.mask(grid)])
        return np.asarray(np.isin(days, opened))

    def _series(self, first: int) -> dict[str, Series]:
        zones = {queue.tz for queue in self._sources}
        begin = min((int(day_start([first], tz)[0]) for tz in zones), default=0) - EARLY
        stop = max((int(day_start([first + DAYS], tz)[0]) for tz in zones), default=0)
        named = volume_series(self._session, [queue.name for queue in self._sources])
        rows = load(self._session, KIND, series=list(named), start=begin // 1000, end=stop // 1000)
        rows = rows.take(rows.known_at * 1000 <= self._now).latest()
        found = {}
        for queue in self._sources:
            topics = {number: topic for number, (name, topic) in named.items() if name == queue.name}
            mine = rows.take(np.isin(rows.series, list(topics)))
            if len(mine):
                found[queue.name] = self._one(queue, _summed(mine, topics))
        return found

    def _one(self, queue: Queue, rows: pd.DataFrame) -> Series:
        """rows[ds, offered, seconds, timed, abandoned, ...] -> the queue, with these buckets alone."""
        ds, known = rows["ds"].to_numpy(), np.zeros(len(rows), dtype=np.int64)

        def versions(name: str) -> Versions:
            values = rows[name].to_numpy(dtype=np.float64)
            there = ~np.isnan(values)
            return Versions.of(ds[there], values[there], known[there])

        offered, rule = versions("offered"), self._rules.get(queue.name)
        if rule is not None:
            offered = self._demand(queue, rule, versions)
        seconds, timed = (rows[name].to_numpy(dtype=np.float64) for name in ("seconds", "timed"))
        return Series(
            queue.name,
            queue.interval,
            queue.tz,
            offered,
            queue=queue.name,
            channel=queue.channel,
            topic=queue.topic,
            handling=Handling.of(ds, known, seconds=seconds, contacts=timed),
            absent_is_zero=queue.missing == "zero",
        )

    def _demand(self, queue: Queue, rule: Rule, versions: object) -> Versions:
        assert callable(versions)
        offered: Versions = versions("offered")
        log = load_counts(self._session, queue.name) if queue.name in self._counted else Counted.nothing()
        told = Volumes(offered, versions("abandoned"), tuple(versions(name) for name in BESIDE), log)
        if not told.tells(rule):
            return offered
        ds, demand = now_known(told, rule, queue.interval)
        return Versions.of(ds, demand.corrected, np.zeros(len(ds), dtype=np.int64))

    def _counts(self, queue: Queue, series: Series | None, first: int) -> Counts:
        grid = Grid.days(first, first + DAYS - 1, queue.interval, queue.tz)
        place = grid.day - first
        offered = np.full(len(grid), np.nan) if series is None else series.offered.on(grid.ds)
        reach = self._lived(queue.name)
        if reach is not None:
            since = local_day(reach.first, queue.tz)  # of its first day the hours before the first row too
            inside = (grid.day >= since) & (grid.ds <= reach.last)
            offered = np.where(np.isnan(offered) & inside & self._silent(queue, grid), 0.0, offered)
            closed = ~self._open(queue, grid) & (grid.day >= since)
            offered = np.where(np.isnan(offered) & closed, 0.0, offered)
        contacts = np.bincount(place, weights=np.nan_to_num(offered), minlength=DAYS).astype(np.float64)
        unknown = np.bincount(place, weights=np.isnan(offered), minlength=DAYS) > 0
        contacts[unknown] = np.nan
        if series is None or series.handling is None:
            return Counts(contacts, np.full(DAYS, np.nan), np.full(DAYS, np.nan))
        spent_ = series.handling.on(grid.ds)
        seconds, timed = (
            np.bincount(place, weights=each, minlength=DAYS).astype(np.float64)
            for each in (spent_.seconds, spent_.contacts)
        )
        return Counts(contacts, np.where(timed > 0, seconds, np.nan), np.where(timed > 0, timed, np.nan))

    def _silent(self, queue: Queue, grid: Grid) -> Flags:
        """bool[n]: does an absent row say that nothing came?"""
        return np.ones(len(grid), dtype=bool) if queue.missing == "zero" else ~self._open(queue, grid)

    def _open(self, queue: Queue, grid: Grid) -> Flags:
        """bool[n] by the given hours; all of it without any."""
        hours = self.hours.get(queue.name)
        if hours is None:
            return np.ones(len(grid), dtype=bool)
        return np.asarray(hours.mask(grid))

    def _lived(self, name: str) -> Reach | None:
        """The span in which the queue's rows lie, those that moved to it included."""
        held = [self._reach[one] for one in self._moves.with_sources([name]) if one in self._reach]
        if not held:
            return None
        own = self._reach.get(name)
        last = max(one.last for one in held) if own is None else own.last
        return Reach(min(one.first for one in held), last)


def _reach(session: Session) -> dict[str, Reach]:
    """Queue -> the span of its rows: two looks into the index per series."""
    series, rows = table_of(VolumeSeries), table_of(VolumeRow)

    def edge(name: str) -> object:
        chosen = select(getattr(func, name)(rows.c.ds)).where(rows.c.series_id == series.c.id)
        return chosen.scalar_subquery()

    found: dict[str, Reach] = {}
    for queue, first, last in session.execute(select(series.c.queue, edge("min"), edge("max"))):  # type: ignore[call-overload]
        if first is None:
            continue
        held = found.get(queue, Reach(first * 1000, last * 1000))
        found[queue] = Reach(min(held.first, first * 1000), max(held.last, last * 1000))
    return found


def _summed(rows: Rows, topics: dict[int, str]) -> pd.DataFrame:
    """The latest rows of a queue's topics -> [ds, offered, seconds, timed, ...]: the row `all`, else the sum of the topics."""
    values: Floats = rows.values
    table = pd.DataFrame(values, columns=list(KIND.values))
    seconds, timed = spent(*(table[name].to_numpy() for name in ("offered", "handled", "aht_seconds")))
    table = table.assign(seconds=seconds, timed=timed, ds=rows.ds * 1000)
    whole = np.array([topics[int(one)] == WHOLE for one in rows.series], dtype=bool)
    whole &= ~np.isnan(values[:, 0])
    kept = whole | ~table["ds"].isin(table["ds"][whole]).to_numpy()
    table = table[kept & ~np.isnan(values[:, 0])].drop(columns=["handled", "aht_seconds"])
    if table["ds"].is_unique:
        return table.sort_values("ds", ignore_index=True)
    return table.groupby("ds", as_index=False).sum(min_count=1)
