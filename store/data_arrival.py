"""Until when the contacts of each queue are in, and since when something is missing; for all queues at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.buckets import end, to_ns
from forecast.data_arrival import Arrival, arrival
from forecast.day_rules import PERIOD
from store.offered import load_offered
from store.queues import Queue
from store.settings import Settings
from store.special_days import EPOCH, load_special_days
from store.statements import table_of
from store.tables import VolumeRow, VolumeSeries

PAST = dt.timedelta(days=22)  # three weeks of the same weekday


def load_arrivals(
    session: Session, settings: Settings, queues: Sequence[Queue], now: dt.datetime
) -> dict[str, Arrival]:
    """Queue -> what of it is in, by the rows of the last three weeks; `nothing` where there never was one."""
    special = _special(session, settings, now)
    held = load_offered(session, [queue.name for queue in queues], now - PAST, now)
    found, silent = {}, []
    for queue in queues:
        rows = held.of(queue.name)
        if rows.start == rows.stop:
            silent.append(queue)
            continue
        found[queue.name] = arrival(
            held.ds[rows], held.contacts[rows], held.known_at[rows], interval=queue.interval, tz=queue.tz, now=to_ns(now),
            excused=special.get("", set()) | special.get(queue.name, set()),
        )  # fmt: skip
    last = _last(session, [queue.name for queue in silent])
    for queue in silent:
        at = last.get(queue.name)
        if at is None:
            found[queue.name] = Arrival("nothing")
        else:
            until = int(end(np.array([at]), queue.interval, queue.tz)[0])
            found[queue.name] = Arrival("missing", until, until)
    return found


def _special(session: Session, settings: Settings, now: dt.datetime) -> dict[str, set[int]]:
    """Queue ('' all of them) -> the local days of the last weeks that are unlike others."""
    first, last = ((now + dt.timedelta(days=1) - back).date() for back in (PAST, dt.timedelta()))
    found: dict[str, set[int]] = {}
    for one in load_special_days(session, settings, start=first, end=last):
        if one.kind != PERIOD:
            days = range((one.date - EPOCH).days, (one.until - EPOCH).days + 1)
            found.setdefault(one.queue, set()).update(days)
    return found


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
