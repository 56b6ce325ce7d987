"""The peaks of the rest of today and of tomorrow, of every queue: one read of the forecast, eight small ones of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, column_ns, day_start, end, from_ns, local_day, to_ns
from forecast.expected_peaks import WHY, Hours, Peak, peak_of
from store.adjusted import load_adjusted
from store.queues import Queue
from store.volumes import load_volumes

WEEKS = 8
DAYS = 2  # today and tomorrow


def load_peaks(session: Session, queues: Sequence[Queue], now: dt.datetime) -> list[Peak]:
    """By day, then those beyond the usual first, then the larger; queues counted by day or longer have none."""
    fine = [queue for queue in queues if queue.interval.slots > 1]
    if not fine:
        return []
    first = min(local_day(to_ns(now), queue.tz) for queue in fine)
    start = from_ns(min(int(day_start([first], queue.tz)[0]) for queue in fine)).to_pydatetime()
    several = len({queue.tz for queue in fine}) > 1
    stop = start + dt.timedelta(days=DAYS + several, hours=2)  # clocks change, zones differ
    names = [queue.name for queue in fine]
    forecast = load_adjusted(
        session, series=names, start=start, end=stop, granularity="hour", now=now, parts=True
    )
    usual = _usual(session, fine, start, stop)
    held = dict(list(forecast.groupby("series")))
    found = [
        peak for queue in fine if queue.name in held
        for peak in _peaks(queue, held[queue.name], usual.get(queue.name, {}), to_ns(now))
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.day, not one.beyond, -one.expected))


def _peaks(queue: Queue, rows: pd.DataFrame, usual: Mapping[int, float], now: int) -> list[Peak]:
    ds = column_ns(rows["ds"])
    grid = Grid.of(ds, Interval.HOUR, queue.tz)
    today = local_day(now, queue.tz)
    found = []
    for day in range(today, today + DAYS):
        mine = (grid.day == day) & (ds >= now)
        peak = peak_of(queue.name, day, _hours(queue, rows[mine], grid.take(mine), usual))
        if peak is not None:
            found.append(peak)
    return found


def _hours(queue: Queue, rows: pd.DataFrame, grid: Grid, usual: Mapping[int, float]) -> Hours:
    middle, low, safe = (rows[name].to_numpy(dtype=np.float64) for name in ("0.5", "0.1", "0.9"))
    keys = ((grid.day % 7) * 24 + grid.slot).tolist()
    return Hours(
        grid.ds,
        end(grid.ds, Interval.HOUR, queue.tz),
        middle,
        low,
        safe,
        np.array([usual.get(key, np.nan) for key in keys], dtype=np.float64),
        {name: rows[f"part_{name}"].to_numpy(dtype=np.float64) for name in WHY},
    )


def _usual(
    session: Session, queues: Sequence[Queue], start: dt.datetime, stop: dt.datetime
) -> dict[str, dict[int, float]]:
    """Queue -> weekday and hour (`day % 7 * 24 + hour`) -> mean contacts of the last eight weeks; days without any left out."""
    weeks = [
        load_volumes(session, None, start - dt.timedelta(days=7 * back), stop - dt.timedelta(days=7 * back))
        for back in range(1, WEEKS + 1)
    ]
    volumes = pd.concat(weeks)
    by_name = {queue.name: queue for queue in queues}
    found = {}
    for name, rows in volumes.groupby("queue"):
        if str(name) in by_name:
            contacts = rows["offered"].to_numpy(dtype=np.float64)
            found[str(name)] = _means(column_ns(rows["ds"]), contacts, by_name[str(name)].tz)
    return found


def _means(ds: Ns, contacts: Floats, tz: str) -> dict[int, float]:
    grid = Grid.of(ds, Interval.HOUR, tz)
    days, place = np.unique(grid.day, return_inverse=True)
    worked = np.bincount(place, weights=contacts) > 0
    weekdays = np.bincount(days[worked] % 7, minlength=7)
    keys = grid.day % 7 * 24 + grid.slot
    sums = np.bincount(keys, weights=contacts, minlength=7 * 24)
    return {
        key: float(sums[key] / weekdays[key // 24]) for key in np.unique(keys).tolist() if weekdays[key // 24]
    }
