"""Forecasts made elsewhere, as versions: `known_at` of a version is when it was made, not when it came to us.

So a version is kept even where it repeats the one before it: that a forecast was made anew, and came out the same, is
news. And one whose upload was taken out is gone for every cutoff, not only from then on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import to_ns
from forecast.errors import ContractError
from forecast.frames import OTHER_FORECASTS, check
from store.columns import Flags, flag_column, micros, moments, text_column
from store.database import lock
from store.queues import require_queues
from store.statements import series_ids, table_of
from store.tables import OtherForecastSeries, UploadRow
from store.versions import KINDS, Batch, Rows, insert_versions, load, same

KIND = KINDS["other_forecasts"]


def save_other_forecasts(session: Session, forecasts: pd.DataFrame, *, upload_id: int | None) -> int:
    """forecasts[queue, ds, offered, known_at, aht_seconds?, assumed?] -> number of versions written; saving twice writes none.

    NotFound for a queue that is not stored; ContractError without `known_at`.
    """
    check(forecasts, OTHER_FORECASTS)
    if "known_at" not in forecasts.columns:
        raise ContractError(
            "The forecasts miss the column 'known_at'.",
            remedy="Say when each row was made.",
            field="known_at",
        )
    if forecasts.empty:
        return 0
    queues = text_column(forecasts, "queue", "")
    require_queues(session, list(dict.fromkeys(queues)))
    lock(session, KIND.versions.name)
    series = series_ids(session, KIND.series, [(queue,) for queue in queues])
    values = forecasts.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    flags = flag_column(forecasts, "assumed")
    batch = Batch(series, micros(forecasts["ds"]), micros(forecasts["known_at"]), values, flags)
    kept = batch.take(~_held(session, batch))
    insert_versions(session, KIND, kept, upload_id)
    return len(kept)


def load_other_forecasts(
    session: Session,
    queues: Sequence[str] | None = None,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> pd.DataFrame:
    """-> forecasts[queue, ds, offered, aht_seconds, known_at, assumed]: all versions of start <= ds < end by queue, bucket,
    and when they were made; of uploads that were taken out none."""
    named = {row.id: row.queue for row in session.execute(select(*table_of(OtherForecastSeries).c))}
    names = {number: name for number, name in named.items() if queues is None or name in queues}
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, series=list(names), start=first, end=last).ordered()
    rows = rows.take(_in_force(session, rows))
    again = (np.diff(rows.series) == 0) & (np.diff(rows.ds) == 0) & (np.diff(rows.known_at) == 0)
    rows = rows.take(
        ~np.append(again, np.zeros(min(len(rows), 1), dtype=bool))
    )  # of one moment the later upload
    frame = pd.DataFrame(
        {
            "queue": pd.Series([names[int(one)] for one in rows.series], dtype=object),
            "ds": moments(rows.ds),
            "offered": rows.values[:, 0],
            "aht_seconds": rows.values[:, 1],
            "known_at": moments(rows.known_at),
        }
    )
    return check(frame.sort_values(["queue", "ds", "known_at"], ignore_index=True), OTHER_FORECASTS)


def _in_force(session: Session, rows: Rows) -> Flags:
    """bool[n]: neither of an upload that was taken out, nor what taking one out wrote to bring back what lay beneath."""
    uploads = table_of(UploadRow)
    query = select(uploads.c.id, uploads.c.removed_at).where(uploads.c.kind == "other_forecasts")
    gone = [(row.id, row.removed_at) for row in session.execute(query) if row.removed_at is not None]
    taken = np.isin(rows.upload, [number for number, _ in gone])
    brought = np.isin(rows.known_at, np.array([to_ns(at) // 1000 for _, at in gone], dtype=np.int64))
    return np.asarray(~(taken | brought | np.isnan(rows.values[:, 0])))


def _held(session: Session, batch: Batch) -> Flags:
    """bool[n]: is a version of the same bucket, made at the same moment, in force with the same values?"""
    start, stop = int(batch.ds.min()), int(batch.ds.max()) + 1
    held = load(session, KIND, series=np.unique(batch.series).tolist(), start=start, end=stop).ordered()
    held = held.take(_in_force(session, held))
    if len(held) == 0:
        return np.zeros(len(batch), dtype=bool)
    keys = pd.MultiIndex.from_arrays([held.series, held.ds, held.known_at])
    latest = ~keys.duplicated(keep="last")
    place: Ns = keys[latest].get_indexer(pd.MultiIndex.from_arrays([batch.series, batch.ds, batch.known_at]))
    return np.asarray((place >= 0) & same(held.values[latest][np.maximum(place, 0)], batch.values))
