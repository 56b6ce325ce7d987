"""Drivers as versions: quantities known ahead, such as letters sent or an invoice run. Past and future."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.errors import NotFound
from forecast.frames import DRIVERS, check
from store.columns import ALWAYS_MICROS, micros, moments, text_column
from store.statements import series_ids, table_of
from store.tables import DriverSeries
from store.versions import KINDS, Batch, append, load

KIND = KINDS["drivers"]


def save_drivers(session: Session, drivers: pd.DataFrame, *, upload_id: int | None = None) -> int:
    """drivers[driver, ds, value, queue?, known_at?, worth?] -> number of versions written.

    Without `known_at` a row counts as always known: a driver is a plan.
    """
    check(drivers, DRIVERS)
    keys = list(zip(text_column(drivers, "driver", ""), text_column(drivers, "queue", ""), strict=True))
    series = series_ids(session, KIND.series, keys)
    given = "known_at" in drivers.columns
    known_at = micros(drivers["known_at"]) if given else np.full(len(drivers), ALWAYS_MICROS, dtype=np.int64)
    assumed = np.full(len(drivers), not given)
    values = drivers.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    batch = Batch(series, micros(drivers["ds"]), known_at, values, assumed)
    return append(session, KIND, batch, upload_id=upload_id)


def load_drivers(
    session: Session, *, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> pd.DataFrame:
    """-> drivers[driver, ds, value, queue, known_at, worth]: the latest values, start <= ds < end."""
    names = driver_series(session)
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, start=first, end=last).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    keys = [names[int(one)] for one in rows.series]
    frame = pd.DataFrame(
        {
            "driver": pd.Series([key[0] for key in keys], dtype=object),
            "ds": moments(rows.ds),
            "value": rows.values[:, 0],
            "queue": pd.Series([key[1] for key in keys], dtype=object),
            "known_at": moments(rows.known_at),
            "worth": rows.values[:, 1],
        }
    )
    return frame.sort_values(["driver", "queue", "ds"], ignore_index=True)


def driver_series(session: Session) -> dict[int, tuple[str, str]]:
    """Series id -> (driver, queue)."""
    return {row.id: (row.driver, row.queue) for row in session.execute(select(*table_of(DriverSeries).c))}


def remove_drivers(
    session: Session,
    driver: str,
    *,
    queue: str = "",
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    now: dt.datetime,
) -> int:
    """Take a plan back, start <= ds < end, known from now on -> values taken back; NotFound for a driver that is not held."""
    found = [number for number, key in driver_series(session).items() if key == (driver, queue)]
    if not found:
        raise NotFound(
            f"There is no driver {driver!r}{f' of the queue {queue!r}' if queue else ' of all queues'}.",
            remedy="See `GET /v1/drivers` for those there are.",
            field="driver",
        )
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, series=found, start=first, end=last).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    known = np.full(len(rows), to_ns(now) // 1000, dtype=np.int64)
    nothing = np.full(rows.values.shape, np.nan)
    batch = Batch(
        rows.series, rows.ds, np.maximum(known, rows.known_at), nothing, np.zeros(len(rows), dtype=bool)
    )
    return append(session, KIND, batch, upload_id=None)
