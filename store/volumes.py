"""Contact volumes as versions: what was counted, and since when it was known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.errors import ContractError
from forecast.frames import VOLUMES, check
from store.columns import flag_column, micros, moments, text_column
from store.queues import require_queues
from store.statements import series_ids, table_of
from store.tables import VolumeSeries
from store.versions import KINDS, Batch, append, load

KIND = KINDS["volumes"]


def save_volumes(session: Session, volumes: pd.DataFrame, *, upload_id: int | None) -> int:
    """volumes[queue, ds, offered, known_at, topic?, handled?, abandoned?, aht_seconds?, assumed?] -> number of versions written.

    Saving the same rows twice writes nothing the second time. `upload_id` None: rows that belong to no layer (API, jobs).
    NotFound for a queue that is not stored; ContractError without `known_at`.
    """
    check(volumes, VOLUMES)
    if "known_at" not in volumes.columns:
        raise ContractError(
            "The volumes miss the column 'known_at'.", remedy="Say when each row was known.", field="known_at"
        )
    named = [volumes[name] for name in ("queue", "topic") if name in volumes.columns]
    codes = [pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64) for column in named]
    _, first, place = np.unique(codes[0] * len(volumes) + codes[-1], return_index=True, return_inverse=True)
    each = volumes.take(first)  # thousands of rows share a name
    queues = text_column(each, "queue", "")
    require_queues(session, list(dict.fromkeys(queues)))
    series = series_ids(
        session, KIND.series, list(zip(queues, text_column(each, "topic", "all"), strict=True))
    )[place]
    values = volumes.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    ds, known_at = micros(volumes["ds"]), micros(volumes["known_at"])
    batch = Batch(series, ds, known_at, values, flag_column(volumes, "assumed"))
    return append(session, KIND, batch, upload_id=upload_id)


def load_volumes(
    session: Session,
    queue: str | Sequence[str] | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> pd.DataFrame:
    """Of a queue, of some or of all -> volumes[queue, ds, offered, topic, handled, abandoned, aht_seconds, known_at]: the latest values, start <= ds < end."""
    queues = [queue] if isinstance(queue, str) else None if queue is None else list(queue)
    if queues is not None:
        require_queues(session, queues)
    names = volume_series(session, queues)
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    rows = load(session, KIND, series=None if queues is None else list(names), start=first, end=last).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    keys = [names[int(one)] for one in rows.series]
    frame = pd.DataFrame(
        {
            "queue": pd.Series([key[0] for key in keys], dtype=object),
            "ds": moments(rows.ds),
            "offered": rows.values[:, 0],
            "topic": pd.Series([key[1] for key in keys], dtype=object),
            **{name: rows.values[:, at] for at, name in enumerate(KIND.values) if at},
            "known_at": moments(rows.known_at),
        }
    )
    return frame.sort_values(["queue", "topic", "ds"], ignore_index=True)


def volume_series(session: Session, queues: list[str] | None = None) -> dict[int, tuple[str, str]]:
    """Series id -> (queue, topic), of some queues or of all."""
    query = select(*table_of(VolumeSeries).c)
    if queues is not None:
        query = query.where(VolumeSeries.queue.in_(queues))
    return {row.id: (row.queue, row.topic) for row in session.execute(query)}
