"""Budgets as versions: contacts, handling time and FTE budgeted for a day, a week or a month of a queue.

Of one day's rows the shortest speaks: a day's own, else that of its week, else that of its month.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.errors import NotFound
from forecast.frames import BUDGETS, check
from store.columns import ALWAYS_MICROS, flag_column, micros, moments, text_column
from store.queues import load_queues, require_queues
from store.statements import series_ids, table_of
from store.tables import BudgetSeries
from store.versions import KINDS, Batch, append, load

KIND = KINDS["budgets"]
LENGTHS = ("day", "week", "month")
LONGEST = dt.timedelta(days=31)  # a row that begins so long before a day may be of it


def save_budgets(session: Session, budgets: pd.DataFrame, *, upload_id: int | None) -> int:
    """budgets[queue, length, ds, offered, aht_seconds?, fte?, known_at?, assumed?] -> number of versions written.

    Without `known_at` a row counts as always known: it is a plan. NotFound for a queue that is not stored.
    """
    check(budgets, BUDGETS)
    queues = text_column(budgets, "queue", "")
    require_queues(session, list(dict.fromkeys(queues)))
    series = series_ids(
        session, KIND.series, list(zip(queues, text_column(budgets, "length", ""), strict=True))
    )
    given = "known_at" in budgets.columns
    always = np.full(len(budgets), ALWAYS_MICROS, dtype=np.int64)
    known_at = micros(budgets["known_at"]) if given else always
    assumed = flag_column(budgets, "assumed") if given else np.ones(len(budgets), dtype=bool)
    values = budgets.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    batch = Batch(series, micros(budgets["ds"]), known_at, values, assumed)
    return append(session, KIND, batch, upload_id=upload_id)


def load_budgets(
    session: Session, *, first: dt.date | None = None, last: dt.date | None = None
) -> pd.DataFrame:
    """-> budgets[queue, length, ds, offered, aht_seconds, fte, known_at]: the rows in force that concern the local days
    first .. last (both included; None: all), by queue, length and day."""
    named = session.execute(select(*table_of(BudgetSeries).c))
    names = {row.id: (row.queue, row.length) for row in named}
    begin = None if first is None else to_ns(_midnight(first) - LONGEST) // 1000
    stop = None if last is None else to_ns(_midnight(last) + dt.timedelta(days=1)) // 1000
    rows = load(session, KIND, start=begin, end=stop).latest()
    rows = rows.take(np.asarray(~np.isnan(rows.values).all(axis=1)))
    keys = [names[int(one)] for one in rows.series]
    frame = pd.DataFrame(
        {
            "queue": pd.Series([key[0] for key in keys], dtype=object),
            "length": pd.Series([key[1] for key in keys], dtype=object),
            "ds": moments(rows.ds),
            **{name: rows.values[:, at] for at, name in enumerate(KIND.values)},
            "known_at": moments(rows.known_at),
        }
    )
    return check(frame.sort_values(["queue", "length", "ds"], ignore_index=True), BUDGETS)


def require_known(session: Session, names: list[str]) -> list[str]:
    """Which of these queues are not stored; NotFound, with the nearest names, where none is."""
    held = {queue.name for queue in load_queues(session)}
    strange = sorted(set(names) - held)
    if names and len(strange) == len(set(names)):
        require_queues(session, strange)
        raise NotFound("There is no such queue.", field="queue")
    return strange


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
