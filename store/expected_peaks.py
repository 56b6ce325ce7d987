"""The peaks of the rest of today and of tomorrow, of every queue: one read of the forecast, eight small ones of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, column_ns, day_start, end, from_ns, local_day, to_ns
from forecast.expected_peaks import WHY, Hours, Peak, peak_of
from store.adjusted import load_adjusted
from store.offered import load_offered
from store.queues import Queue

WEEKS = 8
DAYS = 2  # today and tomorrow
COLUMNS = ("0.5", "0.1", "0.9", *(f"part_{name}" for name in WHY))


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
    forecast, days = (
        load_adjusted(session, series=names, start=start, end=stop, granularity=each, now=now, parts=True)
        for each in ("hour", "day")
    )
    bands = _bands(days, fine)
    usual = _usual(session, fine, start, stop)
    ds, values = column_ns(forecast["ds"]), forecast[list(COLUMNS)].to_numpy(dtype=np.float64)
    held = forecast.groupby("series").indices
    found = [
        peak for queue in fine if queue.name in held
        for peak in _peaks(queue, ds[held[queue.name]], values[held[queue.name]], usual.get(queue.name, {}), bands, to_ns(now))
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.day, not one.beyond, -one.expected))


def _bands(days: pd.DataFrame, queues: Sequence[Queue]) -> dict[tuple[str, int], tuple[float, float]]:
    """(queue, local day) -> how far the middle of the day lies over the low and under the safe end of its band."""
    zones = {queue.name: queue.tz for queue in queues}
    middle, low, safe = days[["0.5", "0.1", "0.9"]].to_numpy(dtype=np.float64).T
    found = {}
    for name, ds, below, above in zip(
        days["series"], column_ns(days["ds"]), middle - low, safe - middle, strict=True
    ):
        found[str(name), local_day(int(ds), zones[name])] = (float(below), float(above))
    return found


def _peaks(
    queue: Queue,
    ds: Ns,
    values: Floats,
    usual: Mapping[int, float],
    bands: Mapping[tuple[str, int], tuple[float, float]],
    now: int,
) -> list[Peak]:
    grid = Grid.of(ds, Interval.HOUR, queue.tz)
    today = local_day(now, queue.tz)
    found = []
    for day in range(today, today + DAYS):
        mine = np.flatnonzero((grid.day == day) & (grid.ds >= now))
        below, above = bands.get((queue.name, day), (np.nan, np.nan))
        hours = replace(_hours(queue, values[mine], grid.take(mine), usual), below=below, above=above)
        peak = peak_of(queue.name, day, hours)
        if peak is not None:
            found.append(peak)
    return found


def _hours(queue: Queue, values: Floats, grid: Grid, usual: Mapping[int, float]) -> Hours:
    """values float[n, COLUMNS] of the buckets of a grid [n]."""
    middle, low, safe, *parts = values.T
    keys = (grid.day % 7 * 24 + grid.slot).tolist()
    return Hours(
        grid.ds,
        end(grid.ds, Interval.HOUR, queue.tz),
        middle,
        low,
        safe,
        np.array([usual.get(key, np.nan) for key in keys], dtype=np.float64),
        dict(zip(WHY, parts, strict=True)),
    )


def _usual(
    session: Session, queues: Sequence[Queue], start: dt.datetime, stop: dt.datetime
) -> dict[str, dict[int, float]]:
    """Queue -> weekday and hour (`day % 7 * 24 + hour`) -> mean contacts of the last eight weeks; days without any left out."""
    names, week = [queue.name for queue in queues], dt.timedelta(days=7)
    weeks = [
        load_offered(session, names, start - back * week, stop - back * week) for back in range(1, WEEKS + 1)
    ]
    found = {}
    for queue in queues:
        each = [(one, one.of(queue.name)) for one in weeks]
        ds = np.concatenate([one.ds[rows] for one, rows in each])
        if len(ds):
            contacts = np.concatenate([one.contacts[rows] for one, rows in each])
            found[queue.name] = _means(ds, contacts, queue.tz)
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
