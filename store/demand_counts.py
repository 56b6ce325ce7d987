"""Short abandons and redials that a log of contacts shows, by bucket, as versions: they stay when the log's rows go."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.redials import Counted, counted
from forecast.vintage import Versions
from store.columns import micros
from store.contact_log import load_contacts
from store.demand_settings import Demand
from store.queues import Queue
from store.statements import series_ids, table_of
from store.tables import DemandCountRow, DemandCountSeries
from store.versions import Batch, Kind, append, load

KIND = Kind(
    table_of(DemandCountRow), table_of(DemandCountSeries), ("queue",), ("short_abandoned", "redialled")
)


def count_log(session: Session, queue: Queue, demand: Demand, *, since: dt.datetime | None) -> int:
    """Count what the log shows of a queue from `since` on (a bucket's start; None: all) -> versions written.

    The first redial window after `since` is read and not counted: who called just before it may have gone from the log.
    """
    contacts = load_contacts(session, since, None, queue.name)
    if contacts.empty:
        return 0
    counts = counted(
        contacts,
        interval=queue.interval,
        tz=queue.tz,
        short_seconds=demand.short_abandon_seconds,
        window_minutes=demand.redial_minutes,
    )
    begun = contacts["at"].min() + pd.Timedelta(minutes=demand.redial_minutes)
    counts = counts[counts["ds"] >= begun]
    if counts.empty:
        return 0
    number = series_ids(session, KIND.series, [(queue.name,)])[0]
    values = counts[["short_abandoned", "redialled"]].to_numpy(dtype=np.float64)
    batch = Batch(
        np.full(len(counts), number, dtype=np.int64),
        micros(counts["ds"]),
        micros(counts["known_at"]),
        values,
        np.zeros(len(counts), dtype=bool),
    )
    return append(session, KIND, batch.take(np.flatnonzero(~np.isnan(values).all(axis=1))), upload_id=None)


def load_counts(session: Session, queue: str) -> Counted:
    """The counts of a queue, as versions."""
    number = session.scalar(select(DemandCountSeries.id).where(DemandCountSeries.queue == queue))
    if number is None:
        return Counted.nothing()
    rows = load(session, KIND, series=[number])
    order = np.argsort(rows.id, kind="stable")
    short, redialled = (
        Versions.of(rows.ds[order] * 1000, rows.values[order, at], rows.known_at[order] * 1000)
        for at in (0, 1)
    )
    return Counted(short, redialled)
