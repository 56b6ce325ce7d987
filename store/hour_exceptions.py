"""Other opening hours on one local day, or none: exceptions to the weekly ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forecast.days import minutes
from forecast.errors import InputError
from forecast.frames import EXCEPTIONS, check
from store.columns import text_column
from store.statements import table_of
from store.tables import HourExceptionRow


def save_exceptions(session: Session, exceptions: pd.DataFrame, *, whole: Sequence[str] = ()) -> int:
    """exceptions[queue, date, opens, closes, name?] -> rows stored; replaces those of each (queue, date) given.

    `date` is midnight UTC of the local day; `opens` '' closes the day; queue '' is every queue. whole: queues whose other
    exceptions go.
    """
    check(exceptions, EXCEPTIONS)
    table = table_of(HourExceptionRow)
    for queue in whole:
        session.execute(delete(table).where(table.c.queue == queue))
    queues, names = text_column(exceptions, "queue", ""), text_column(exceptions, "name", "")
    dates = [f"{value:%Y-%m-%d}" for value in exceptions["date"]]
    for queue, date in dict.fromkeys(zip(queues, dates, strict=True)):
        session.execute(delete(table).where(table.c.queue == queue, table.c.date == date))
    opens, closes = text_column(exceptions, "opens", ""), text_column(exceptions, "closes", "")
    rows = {}
    for queue, date, first, last, name in zip(queues, dates, opens, closes, names, strict=True):
        if first and minutes(first) >= minutes(last):
            raise InputError(
                f"The hours {first}-{last} of {date} end before they begin.",
                remedy="Write hours past midnight as two days.",
                field="closes",
            )
        clocks = (
            [f"{minute // 60:02d}:{minute % 60:02d}" for minute in map(minutes, (first, last))]
            if first
            else ["", ""]
        )
        rows[queue, date, clocks[0]] = {
            "queue": queue,
            "date": date,
            "opens": clocks[0],
            "closes": clocks[1],
            "name": name,
        }
    if rows:
        session.execute(insert(table), list(rows.values()))
    return len(rows)


def load_exceptions(session: Session, *, queue: str | None = None) -> pd.DataFrame:
    """-> exceptions[queue, date, opens, closes, name] of all; with `queue` its own and those of every queue."""
    table = table_of(HourExceptionRow)
    query = select(table.c.queue, table.c.date, table.c.opens, table.c.closes, table.c.name)
    if queue is not None:
        query = query.where(table.c.queue.in_(["", queue]))
    rows = [tuple(row) for row in session.execute(query.order_by(table.c.date, table.c.queue, table.c.opens))]
    held = pd.DataFrame(rows, columns=["queue", "date", "opens", "closes", "name"], dtype=object)
    dates = np.array(held["date"].tolist(), dtype="datetime64[ns]")
    return held.assign(date=pd.Series(pd.DatetimeIndex(dates).tz_localize("UTC"), index=held.index))
