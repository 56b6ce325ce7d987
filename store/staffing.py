"""Staffing plans as versions: agents planned per group and bucket, each marked net (at work) or gross (with shrinkage)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.frames import STAFFING, check
from store.columns import ALWAYS_MICROS, flag_column, micros, moments, text_column
from store.statements import series_ids, table_of
from store.tables import StaffingSeries
from store.versions import KINDS, Batch, append, load

KIND = KINDS["staffing"]


def save_staffing(session: Session, staffing: pd.DataFrame, *, upload_id: int | None) -> int:
    """staffing[group, ds, agents, gross, known_at?, assumed?] -> number of versions written; gross: 1, or 0 for net.

    Without `known_at` a row counts as always known: it is a plan.
    """
    check(staffing, STAFFING)
    series = series_ids(session, KIND.series, [(group,) for group in text_column(staffing, "group", "")])
    given = "known_at" in staffing.columns
    always = np.full(len(staffing), ALWAYS_MICROS, dtype=np.int64)
    known_at = micros(staffing["known_at"]) if given else always
    assumed = flag_column(staffing, "assumed") if given else np.ones(len(staffing), dtype=bool)
    values = staffing.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    batch = Batch(series, micros(staffing["ds"]), known_at, values, assumed)
    return append(session, KIND, batch, upload_id=upload_id)


def load_staffing(
    session: Session,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
) -> pd.DataFrame:
    """-> staffing[group, ds, agents, gross, known_at]: the plan in force (as known then), start <= ds < end."""
    names = {row.id: row.group for row in session.execute(select(*table_of(StaffingSeries).c))}
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, start=first, end=last)
    if as_of is not None:
        rows = rows.take(rows.known_at <= to_ns(as_of) // 1000)
    rows = rows.latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    frame = pd.DataFrame(
        {
            "group": pd.Series([names[int(one)] for one in rows.series], dtype=object),
            "ds": moments(rows.ds),
            "agents": rows.values[:, 0],
            "gross": rows.values[:, 1],
            "known_at": moments(rows.known_at),
        }
    )
    return check(frame.sort_values(["group", "ds"], ignore_index=True), STAFFING)
