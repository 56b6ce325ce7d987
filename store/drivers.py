"""Drivers as versions: quantities known ahead, such as letters sent or an invoice run. Past and future."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import from_ns, to_ns
from forecast.errors import InputError, NotFound
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
    session: Session,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    before: dt.datetime | None = None,
) -> pd.DataFrame:
    """-> drivers[driver, ds, value, queue, known_at, worth]: the latest values, start <= ds < end.

    before: of what was known by then, that moment left out
    """
    names = driver_series(session)
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, start=first, end=last)
    if before is not None:
        rows = rows.take(rows.known_at < to_ns(before) // 1000)
    rows = rows.latest()
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


def last_told(
    session: Session, driver: str, *, queue: str = "", start: dt.datetime, end: dt.datetime
) -> dt.datetime | None:
    """When an amount of start <= ds < end was last given or taken back; None where none ever was."""
    found = [number for number, key in driver_series(session).items() if key == (driver, queue)]
    rows = load(session, KIND, series=found, start=to_ns(start) // 1000, end=to_ns(end) // 1000)
    return from_ns(int(rows.known_at.max()) * 1000).to_pydatetime() if len(rows) else None


def replace_drivers(
    session: Session,
    driver: str,
    rows: pd.DataFrame,
    *,
    queue: str = "",
    start: dt.datetime,
    end: dt.datetime,
    now: dt.datetime,
) -> int:
    """rows[ds, value, worth] stand in place of all that is planned of start <= ds < end, known from now on -> versions written.

    No rows: nothing is planned there any more. InputError for a row outside the span.
    """
    given = np.asarray(micros(rows["ds"]), dtype=np.int64)
    first, last = to_ns(start) // 1000, to_ns(end) // 1000
    if np.any((given < first) | (given >= last)):
        raise InputError(
            "An amount lies outside the days it is to replace.", remedy="Give days of the span.", field="ds"
        )
    series = int(series_ids(session, KIND.series, [(driver, queue)])[0])
    held = load(session, KIND, series=[series], start=first, end=last).latest()
    ds = np.concatenate([given, np.setdiff1d(held.ds, given)])
    values = np.full((len(ds), len(KIND.values)), np.nan)
    values[: len(given)] = rows[list(KIND.values)].to_numpy(dtype=np.float64)
    known = max(to_ns(now) // 1000, int(held.known_at.max(initial=0)))
    same = np.full(len(ds), series, dtype=np.int64)
    batch = Batch(same, ds, np.full(len(ds), known, dtype=np.int64), values, np.zeros(len(ds), dtype=bool))
    return append(session, KIND, batch, upload_id=None)
