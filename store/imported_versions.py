"""Forecasts made elsewhere as versions of the forecast: one per upload and moment they were made.

    rows of one moment ─► by the queue's own interval ─► hour, day, week, month where whole ─► a draft of the kind imported

Mean is what they said is offered; quantiles are unknown (NaN), handling time is theirs where they tell one. Files leave
closed intervals out, so on a day they forecast an absent interval is zero, from the moment it was made on. A longer
bucket is whole where every day of it is forecast, but for single days between others (holidays) and, in a file of a week
or more, weekdays it never has: they are closed. Days and weeks given as totals make no intervals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, Grid, Interval, column_ns, end, floor, local_ns
from forecast.models.base import QUANTILES
from forecast.their_weeks import interval_of
from store.forecast_versions import IMPORTED, create_version
from store.forecasts import save_forecast
from store.queues import Queue, load_queues

MOST = 400  # moments of one upload: more are a log of forecasts, which is compared but makes no versions
LONGER = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
TOO_MANY = (
    "The forecasts were made at {count:,} moments; above {most} they are compared, but make no versions "
    "that could be published or locked."
)


def keep_versions(
    session: Session, forecasts: pd.DataFrame, *, upload_id: int, name: str, now: dt.datetime
) -> list[str]:
    """forecasts[queue, ds, offered, known_at, aht_seconds?] of an upload -> a draft per moment; returns what to know.

    Rows made after their bucket began are no forecast of it and are left out.
    """
    timely = forecasts[forecasts["known_at"] <= forecasts["ds"]]
    count = timely["known_at"].nunique()
    if count > MOST:
        return [TOO_MANY.format(count=count, most=MOST)]
    queues = {queue.name: queue for queue in load_queues(session)}
    for made, rows in timely.groupby("known_at"):
        moment = pd.Timestamp(str(made)).to_pydatetime()
        version = create_version(
            session, run_id=None, cutoff=moment, now=now, label=name, kind=IMPORTED, upload_id=upload_id
        )
        for queue, mine in rows.groupby("queue"):
            _keep(session, version, queues[str(queue)], mine.sort_values("ds"))
    return []


def _keep(session: Session, version: int, queue: Queue, rows: pd.DataFrame) -> None:
    made = int(column_ns(rows["known_at"])[0])
    for granularity, ds, offered, aht in granularities(queue, rows, made):
        values = np.full((len(ds), 1 + len(QUANTILES)), np.nan)
        values[:, 0] = offered
        costs = None
        if not np.isnan(aht).all():
            times, work = np.full_like(values, np.nan), np.full_like(values, np.nan)
            times[:, 0], work[:, 0] = aht, np.where(offered > 0, offered * aht, 0.0)
            costs = (times, work)
        save_forecast(session, version, queue.name, granularity, ds, values, costs=costs)


def granularities(queue: Queue, rows: pd.DataFrame, made: int) -> Iterator[tuple[str, Ns, Floats, Floats]]:
    """Rows of one queue and moment, by bucket -> (granularity, ds[n], contacts[n], seconds per contact[n], NaN unsaid)."""
    ds, offered = column_ns(rows["ds"]), rows["offered"].to_numpy(dtype=np.float64)
    aht = rows.reindex(columns=["aht_seconds"])["aht_seconds"].to_numpy(dtype=np.float64)
    own = max(interval_of(ds, queue.tz), queue.interval, key=lambda one: one.seconds)
    if own is not Interval.WEEK and own.slots == 1 and queue.interval.slots > 1 and _has_times(ds, queue.tz):
        own = queue.interval  # a lone bucket of a day
    days = np.unique(local_ns(ds, queue.tz) // DAY)
    starts, contacts, work = _totals(ds, offered, aht, own, queue.tz)
    begun = starts < made
    starts, contacts, work = starts[~begun], contacts[~begun], work[~begun]
    if len(starts) == 0:
        return
    if own.slots > 1:
        starts, contacts, work = _filled(
            starts, contacts, work, Grid.days(int(days[0]), int(days[-1]), own, queue.tz), days, made
        )
    if own is queue.interval:
        yield "interval", starts, contacts, _per_contact(work, contacts)
    for granularity, length in LONGER.items():
        if length.seconds < own.seconds or (own is Interval.WEEK and length is not own):
            continue  # weeks lie across the ends of months
        whole, number, seconds = _totals(starts, contacts, _per_contact(work, contacts), length, queue.tz)
        kept = whole >= made
        if length.slots == 1 and length.seconds > own.seconds:
            kept &= _whole(whole, length, days, queue.tz)
        if kept.any():
            yield granularity, whole[kept], number[kept], _per_contact(seconds, number)[kept]


def _has_times(ds: Ns, tz: str) -> bool:
    """Does a bucket begin elsewhere than at midnight?"""
    return bool((local_ns(ds, tz) % DAY).any())


def _totals(ds: Ns, offered: Floats, aht: Floats, length: Interval, tz: str) -> tuple[Ns, Floats, Floats]:
    """Buckets [n] -> longer buckets [m], their contacts and seconds of work (NaN where one is unsaid)."""
    starts, place = np.unique(floor(ds, length, tz), return_inverse=True)
    work = np.where(offered > 0, offered * aht, 0.0)
    contacts, seconds = (
        np.bincount(place, weights=values, minlength=len(starts)).astype(np.float64)
        for values in (offered, work)
    )
    return starts, contacts, seconds


def _filled(
    starts: Ns, contacts: Floats, work: Floats, grid: Grid, days: Ns, made: int
) -> tuple[Ns, Floats, Floats]:
    """The same on every bucket of the days forecast that begins from the moment on; zero where the file has none."""
    wanted = np.union1d(grid.ds[np.isin(grid.day, days) & (grid.ds >= made)], starts)
    place = np.searchsorted(wanted, starts)
    both = np.zeros(len(wanted)), np.zeros(len(wanted))
    both[0][place], both[1][place] = contacts, work
    return wanted, *both


def _whole(starts: Ns, length: Interval, days: Ns, tz: str) -> Flags:
    """bool[n]: is every day of the bucket forecast, but for those between others and weekdays the file never has?"""
    weekdays = np.unique((days + 3) % 7) if days[-1] - days[0] >= 6 else np.arange(7)
    closed = np.setdiff1d(np.arange(7), weekdays)
    steps = np.append(np.diff(days), 1)
    between = [np.arange(day, day + step) for day, step in zip(days, steps, strict=True) if step <= 7]
    days = np.union1d(days, np.concatenate([days, *between]))
    first, last = (local_ns(at, tz) // DAY for at in (starts, end(starts, length, tz) - 1))
    found = np.zeros(len(starts), dtype=bool)
    for at, (begin, final) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        each = np.arange(begin, final + 1)
        found[at] = bool((np.isin(each, days) | np.isin((each + 3) % 7, closed)).all())
    return found


def _per_contact(work: Floats, contacts: Floats) -> Floats:
    some = contacts > 0
    return np.where(some, work / np.where(some, contacts, 1.0), np.nan)
