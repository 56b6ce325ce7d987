"""Special days and opening hours, both known ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forecast.days import minutes
from forecast.errors import InputError
from forecast.frames import DAYS, HOURS, check
from store.columns import text_column
from store.statements import table_of, write
from store.tables import DayRow, HourRow


def save_days(session: Session, days: pd.DataFrame) -> int:
    """days[date, name, queue?, kind?, until?] -> rows stored. One name per local day and queue; the later saved stays.

    `date` is midnight UTC of the local day; `queue` '' applies to every queue.
    """
    check(days, DAYS)
    if len(days) == 0:
        return 0
    columns: dict[str, list[Any]] = {
        "date": _dates(days, "date"),
        "queue": text_column(days, "queue", ""),
        "name": text_column(days, "name", ""),
        "kind": text_column(days, "kind", "recurring"),
        "until": [date or None for date in _dates(days, "until")],
    }
    if "" in columns["date"]:
        raise InputError("A special day has no date.", remedy="Give each row a date.", field="date")
    rows = dict(
        zip(zip(columns["date"], columns["queue"], strict=True), range(len(days)), strict=True)
    )  # the last one of each
    write(
        session,
        table_of(DayRow),
        {name: [column[row] for row in rows.values()] for name, column in columns.items()},
        then=lambda insert: insert.on_conflict_do_update(
            index_elements=["date", "queue"],
            set_={name: insert.excluded[name] for name in ("name", "kind", "until")},
        ),
    )
    return len(rows)


def load_days(session: Session, *, queue: str | None = None) -> pd.DataFrame:
    """-> days[date, name, queue, kind, until]; with `queue`, its own days and those of every queue."""
    query = select(DayRow.date, DayRow.name, DayRow.queue, DayRow.kind, DayRow.until).order_by(
        DayRow.date, DayRow.queue
    )
    if queue is not None:
        query = query.where(DayRow.queue.in_(["", queue]))
    rows = [tuple(row) for row in session.execute(query)]
    days = pd.DataFrame(rows, columns=["date", "name", "queue", "kind", "until"], dtype=object)
    return days.assign(date=_moments(days["date"]), until=_moments(days["until"]))


def remove_days(session: Session, *, date: str, queue: str = "") -> bool:
    """Forget the special day (`2026-12-05`) of a queue; False when there was none."""
    found = delete(table_of(DayRow)).where(DayRow.date == date, DayRow.queue == queue).returning(DayRow.date)
    return session.scalar(found) is not None


def save_hours(session: Session, hours: pd.DataFrame) -> int:
    """hours[queue, weekday, opens, closes, valid_from?] -> rows stored; replaces the set of each (queue, valid_from) given."""
    check(hours, HOURS)
    queues, since = text_column(hours, "queue", ""), _dates(hours, "valid_from")
    table = table_of(HourRow)
    for queue, date in dict.fromkeys(zip(queues, since, strict=True)):
        session.execute(delete(table).where(table.c.queue == queue, table.c.valid_from == date))
    rows = {}
    facts = zip(queues, since, hours["weekday"], hours["opens"], hours["closes"], strict=True)
    for queue, date, weekday, opens, closes in facts:
        if int(weekday) not in range(7):
            raise InputError(
                f"There is no weekday {weekday}.", remedy="Monday is 0, Sunday 6.", field="weekday"
            )
        day = {
            "queue": queue,
            "valid_from": date,
            "weekday": int(weekday),
            "opens": _clock(opens),
            "closes": _clock(closes),
        }
        rows[queue, date, day["weekday"], day["opens"]] = day
    if rows:
        session.execute(insert(table), list(rows.values()))
    return len(rows)


def replace_hours(session: Session, queue: str, hours: pd.DataFrame) -> int:
    """As `save_hours`, for one queue, whose other sets go: none at all are inferred hours."""
    session.execute(delete(table_of(HourRow)).where(HourRow.queue == queue))
    return save_hours(session, hours) if len(hours) else 0


def load_hours(session: Session, *, queue: str | None = None) -> pd.DataFrame:
    """-> hours[queue, weekday, opens, closes, valid_from] of a queue or of all; `valid_from` is NaT for the first set."""
    query = select(HourRow.queue, HourRow.weekday, HourRow.opens, HourRow.closes, HourRow.valid_from)
    if queue is not None:
        query = query.where(HourRow.queue == queue)
    rows = [
        tuple(row)
        for row in session.execute(
            query.order_by(HourRow.queue, HourRow.valid_from, HourRow.weekday, HourRow.opens)
        )
    ]
    hours = pd.DataFrame(rows, columns=["queue", "weekday", "opens", "closes", "valid_from"])
    return hours.assign(weekday=hours["weekday"].astype("int64"), valid_from=_moments(hours["valid_from"]))


def _clock(value: object) -> str:
    minute = minutes(value)
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _dates(frame: pd.DataFrame, name: str) -> list[str]:
    """A time column -> ISO dates [n], '' where there is none."""
    if name not in frame.columns:
        return [""] * len(frame)
    return ["" if pd.isna(value) else f"{value:%Y-%m-%d}" for value in frame[name]]


def _moments(column: pd.Series) -> pd.Series:
    """ISO dates or nothing -> midnights UTC, NaT where nothing."""
    dates = np.array([value or "NaT" for value in column.tolist()], dtype="datetime64[ns]")
    return pd.Series(pd.DatetimeIndex(dates).tz_localize("UTC"))
