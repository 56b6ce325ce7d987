"""Rows of a forecast as they are shown, and their frozen copy: every number, its costs and its parts, bit for bit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import DAY, Interval, column_ns, day_start, end, from_ns, local_ns
from store.adjusted import LONGEST, load_adjusted
from store.forecast_units import queue_of
from store.forecast_versions import PLAN, load_version
from store.forecasts import COLUMNS, COSTS, PART_COLUMNS, save_forecast
from store.overrides import in_force
from store.queues import Queue, load_queues
from store.tables import ForecastSeries

LENGTHS = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
GRANULARITIES = ("interval", *LENGTHS)


def series_of(session: Session, queue: str) -> list[str]:
    """The series forecast of a queue: itself, and its contact reasons."""
    queues = load_queues(session)
    names = session.scalars(select(ForecastSeries.name).order_by(ForecastSeries.name))
    return [name for name in names if (owner := queue_of(name, queues)) is not None and owner.name == queue]


def freeze(
    session: Session, plan: int, queue: Queue, days: tuple[int, int], version: str | int, now: dt.datetime
) -> int:
    """Copy the rows of a queue and of its reasons into a draft; -> of how many of the days anything is forecast of the queue.

    days: the first and the last local day, whole days since 1970-01-01
    """
    begin, stop = day_start([days[0], days[1] + 1], queue.tz).tolist()
    seen: set[int] = set()
    for granularity, rows in _rows(session, queue, (begin, stop), version, now):
        ds = column_ns(rows["ds"])
        length = LENGTHS.get(granularity, queue.interval)
        rows = rows[end(ds, length, queue.tz) <= stop]
        for name, mine in rows.groupby("series", sort=False):
            _copy(session, plan, str(name), granularity, mine)
        if length.seconds <= Interval.DAY.seconds:
            own = column_ns(rows.loc[rows["series"] == queue.name, "ds"])
            seen |= set((local_ns(own, queue.tz) // DAY).tolist() if len(own) else [])
    return len(seen)


def _rows(
    session: Session, queue: Queue, span: tuple[int, int], version: str | int, now: dt.datetime
) -> Iterator[tuple[str, pd.DataFrame]]:
    names = series_of(session, queue.name)
    for granularity in GRANULARITIES if names else ():
        rows = _shown(
            session,
            series=names,
            start=from_ns(span[0]).to_pydatetime(),
            end=from_ns(span[1]).to_pydatetime(),
            granularity=granularity,
            version=version,
            now=now,
            costs=True,
            parts=True,
        )
        if len(rows):
            yield granularity, rows


def _shown(
    session: Session,
    *,
    version: str | int,
    now: dt.datetime,
    start: dt.datetime,
    end: dt.datetime,
    **asked: Any,
) -> pd.DataFrame:
    """The version with the manual adjustments in force now on top; of a plan its own rows, which hold theirs already."""
    named = isinstance(version, int) and load_version(session, version).kind != PLAN
    changes = in_force(session, now, start=start, end=end + LONGEST) if named else None
    return load_adjusted(session, version=version, start=start, end=end, now=now, overrides=changes, **asked)


def _copy(session: Session, plan: int, name: str, granularity: str, rows: pd.DataFrame) -> None:
    ds: Ns = column_ns(rows["ds"])
    values = rows[list(COLUMNS)].to_numpy(dtype=np.float64)
    aht, work = (rows[list(names)].to_numpy(dtype=np.float64) for names in COSTS.values())
    parts = rows[list(PART_COLUMNS)].to_numpy(dtype=np.float64)
    costs = None if np.isnan(aht).all() and np.isnan(work).all() else (aht, work)
    save_forecast(
        session,
        plan,
        name,
        granularity,
        ds,
        values,
        costs=costs,
        parts=None if np.isnan(parts).all() else parts,
    )
