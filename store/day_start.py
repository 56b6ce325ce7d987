"""The day-start sheet from the database: every queue of one local day, its agents, and what is special about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.alerts import Measure, in_time
from forecast.buckets import Grid, Interval, column_ns, day_start, end, from_ns, local_day, to_ns
from forecast.day_start import DayStart, Foretold, Named, QueueDay, TeamDay
from forecast.overriding import Override
from store.adjusted import load_adjusted
from store.alerts import load_alerts
from store.data_arrival import load_arrivals
from store.drivers import load_drivers
from store.forecast_versions import newest_version
from store.outlook import EPOCH, load_outlook
from store.overrides import load_overrides
from store.queues import Queue, load_queues
from store.settings import Reason, Settings
from store.special_days import load_special_days
from store.staffing_gap import load_gap

NAN = float("nan")
BAND = ("0.1", "0.5", "0.8", "0.9")
WEEKS = 4
MOST_DAYS = 14  # of four weeks: what is planned on more of them is no campaign


def load_day_start(session: Session, settings: Settings, day: dt.date, now: dt.datetime) -> DayStart:
    """A local day of the company, today or later. A queue without a forecast of it is neither open nor closed."""
    queues, number = load_queues(session), (day - EPOCH).days
    tz = settings.company.timezone
    arrivals = load_arrivals(session, settings, queues, now)
    known = [one.until for one in arrivals.values() if one.until is not None]
    version = newest_version(session)
    return DayStart(
        day,
        tz,
        to_ns(now),
        tuple(_queues(session, queues, number, now)),
        tuple(_teams(session, settings, number, now)),
        _special(session, settings, day),
        _campaigns(session, number, tz),
        tuple(_warnings(session, settings, queues, number, now)),
        load_outlook(session, settings, day, now),
        _adjusted(session, number, tz, now),
        min(known, default=None),
        tuple(sorted(name for name, one in arrivals.items() if one.state in ("late", "missing", "gap"))),
        None if version is None else version.created_at,
    )


def span_of(day: int, tz: str) -> tuple[dt.datetime, dt.datetime]:
    """A local day -> from when to when it lasts."""
    first, last = day_start([day, day + 1], tz)
    return from_ns(int(first)).to_pydatetime(), from_ns(int(last)).to_pydatetime()


def _queues(session: Session, queues: Sequence[Queue], day: int, now: dt.datetime) -> list[QueueDay]:
    found: dict[str, QueueDay] = {}
    for tz in dict.fromkeys(queue.tz for queue in queues):
        mine = [queue for queue in queues if queue.tz == tz]
        start, stop = span_of(day, tz)
        names = [queue.name for queue in mine]
        days, hours = (
            load_adjusted(session, series=names, start=start, end=stop, granularity=each, now=now)
            for each in ("day", "hour")
        )
        found |= {queue.name: _queue(queue, days, hours) for queue in mine}
    return [found[queue.name] for queue in queues]


def _queue(queue: Queue, days: pd.DataFrame, hours: pd.DataFrame) -> QueueDay:
    total = days[days["series"] == queue.name]
    mine = hours[hours["series"] == queue.name]
    if total.empty or not float(total["mean"].iloc[0]) > 0:
        unknown = (NAN, NAN, NAN, NAN)
        return QueueDay(queue.name, queue.channel, queue.tz, False, *unknown, foretold=not total.empty)
    low, expected, busy, safe = (float(total[name].iloc[0]) for name in BAND)
    begun: tuple[int | None, int | None, float] = (None, None, NAN)
    if len(mine) and queue.interval.slots > 1:
        top = mine.loc[[mine["mean"].idxmax()]]
        start = column_ns(top["ds"])
        begun = (int(start[0]), int(end(start, Interval.HOUR, queue.tz)[0]), float(top["0.5"].iloc[0]))
    return QueueDay(queue.name, queue.channel, queue.tz, True, low, expected, busy, safe, *begun)


def _teams(session: Session, settings: Settings, day: int, now: dt.datetime) -> list[TeamDay]:
    start, stop = span_of(day, settings.company.timezone)
    gaps, _ = load_gap(session, settings, start=start, end=stop, now=now)
    found = []
    for one in gaps:
        held = one.gap
        if not np.isfinite(held.needed_net).any() or not np.nanmax(held.needed_net) > 0:
            continue
        at = int(np.nanargmax(held.needed_net))
        values = (held.needed_net, held.needed_gross, held.planned_net, held.planned_gross)
        found.append(TeamDay(one.group, one.tz, int(held.ds[at]), *(float(each[at]) for each in values)))
    return found


def _special(session: Session, settings: Settings, day: dt.date) -> tuple[Named, ...]:
    days = load_special_days(session, settings, start=day, end=day)
    return tuple(dict.fromkeys(Named(one.name, one.queue) for one in days))


def _campaigns(session: Session, day: int, tz: str) -> tuple[Named, ...]:
    """Drivers with something planned on the day, but for those that have an amount on most days, such as customers."""
    start, _ = span_of(day - WEEKS * 7, tz)
    _, stop = span_of(day, tz)
    rows = load_drivers(session, start=start, end=stop)
    rows = rows[rows["value"] > 0]
    found = []
    for key, mine in rows.groupby(["driver", "queue"]):
        days = Grid.of(column_ns(mine["ds"]), Interval.DAY, tz).day
        today = mine["value"].to_numpy(dtype=np.float64)[days == day]
        if len(today) and len(np.unique(days)) < MOST_DAYS:
            found.append(Named(str(key[0]), str(key[1]), float(today.sum())))
    return tuple(found)


def _warnings(
    session: Session, settings: Settings, queues: Sequence[Queue], day: int, now: dt.datetime
) -> list[Foretold]:
    """Live warnings whose contacts are expected on the day."""
    by_name: Mapping[str, Queue] = {queue.name: queue for queue in queues}
    measures = tuple(Measure(one.name, one.minutes) for one in settings.alerts.measures)
    found = []
    for alert in load_alerts(session, state="live"):
        queue = by_name.get(alert.surge.series)
        if queue is None or not (
            local_day(alert.surge.start, queue.tz)
            <= day
            <= local_day(max(alert.surge.stop, to_ns(now)), queue.tz)
        ):
            continue
        left = in_time(measures, alert.surge.start, to_ns(now))
        owner = settings.reasons.get(alert.surge.topic, Reason()).owner
        found.append(Foretold(alert, queue.channel, queue.tz, left, owner))
    return sorted(found, key=lambda one: -one.alert.surge.extra)


def _adjusted(session: Session, day: int, tz: str, now: dt.datetime) -> tuple[Override, ...]:
    start, stop = span_of(day, tz)
    return tuple(one.override for one in load_overrides(session, start=start, end=stop, active_at=now))
