"""Until when the contacts of each queue are in, and since when something is missing; for all queues at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.buckets import column_ns, end, to_ns
from forecast.data_arrival import Arrival, arrival
from store.queues import Queue
from store.statements import table_of
from store.tables import VolumeRow, VolumeSeries
from store.volumes import load_volumes

PAST = dt.timedelta(days=22)  # three weeks of the same weekday


def load_arrivals(session: Session, queues: Sequence[Queue], now: dt.datetime) -> dict[str, Arrival]:
    """Queue -> what of it is in, by the rows of the last three weeks; `nothing` where there never was one."""
    volumes = load_volumes(session, None, now - PAST, now)
    held = dict(list(volumes.groupby("queue")))
    silent = [queue for queue in queues if queue.name not in held]
    last = _last(session, [queue.name for queue in silent])
    found = {queue.name: _arrival(held[queue.name], queue, now) for queue in queues if queue.name in held}
    for queue in silent:
        at = last.get(queue.name)
        if at is None:
            found[queue.name] = Arrival("nothing")
        else:
            until = int(end(np.array([at]), queue.interval, queue.tz)[0])
            found[queue.name] = Arrival("missing", until, until)
    return found


def _arrival(rows: pd.DataFrame, queue: Queue, now: dt.datetime) -> Arrival:
    """Rows by reason are put together to one per bucket."""
    ds, place = np.unique(column_ns(rows["ds"]), return_inverse=True)
    contacts = np.bincount(
        place, weights=rows["offered"].to_numpy(dtype=np.float64), minlength=len(ds)
    ).astype(np.float64)
    known = np.full(len(ds), np.iinfo(np.int64).min)
    np.maximum.at(known, place, column_ns(rows["known_at"]))
    return arrival(ds, contacts, known, interval=queue.interval, tz=queue.tz, now=to_ns(now))


def _last(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Queue -> start of its last bucket that was ever told, ns."""
    if not names:
        return {}
    rows, series = table_of(VolumeRow), table_of(VolumeSeries)
    query = (
        select(series.c.queue, func.max(rows.c.ds))
        .join(series, series.c.id == rows.c.series_id)
        .where(series.c.queue.in_(list(names)), rows.c.offered.is_not(None))
        .group_by(series.c.queue)
    )
    return {str(queue): int(at) * 1000 for queue, at in session.execute(query)}
