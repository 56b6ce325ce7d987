"""Opening hours as they are told and shown: for the routes and for the dashboard alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.calendar_schemas import ExceptionOut, HoursIn, HoursOut, SpanOut, WeekOut
from forecast.errors import InputError
from store.days import load_hours, replace_hours
from store.hour_exceptions import load_exceptions, save_exceptions
from store.queues import load_queue


def hours_of(session: Session, queue: str) -> HoursOut:
    """A queue's weekly hours, each set from a day on, and what holds on single days. NotFound for an unknown queue."""
    held = load_hours(session, queue=queue)
    since = [None if pd.isna(one) else one.date() for one in held["valid_from"]]
    weeks: dict[dt.date | None, list[SpanOut]] = {}
    for valid, weekday, opens, closes in zip(
        since, held["weekday"], held["opens"], held["closes"], strict=True
    ):
        weeks.setdefault(valid, []).append(SpanOut(weekday=int(weekday), opens=opens, closes=closes))
    exceptions = [
        ExceptionOut(date=date.date(), opens=opens or None, closes=closes or None, name=name, queue=mine)
        for mine, date, opens, closes, name in load_exceptions(session, queue=queue).itertuples(index=False)
    ]
    return HoursOut(
        queue=queue,
        timezone=load_queue(session, queue).tz,
        weeks=[WeekOut(valid_from=valid, spans=spans) for valid, spans in weeks.items()],
        exceptions=exceptions,
    )


def replace_all(session: Session, queue: str, told: HoursIn) -> None:
    """Replace all of a queue's own hours and exceptions; those of every queue stay."""
    replace_hours(session, queue, weeks_told(queue, told))
    save_exceptions(session, exceptions_told(queue, told), whole=[queue])


def weeks_told(queue: str, told: HoursIn) -> pd.DataFrame:
    """-> hours[queue, weekday, opens, closes, valid_from]; InputError for hours that end before they begin."""
    rows: list[dict[str, Any]] = []
    for week in told.weeks:
        for span in week.spans:
            if span.opens >= span.closes:
                raise InputError(
                    f"The hours {span.opens}-{span.closes} end before they begin.",
                    remedy="Write hours past midnight as two spans.",
                    field="closes",
                )
            rows.append({"queue": queue, **span.model_dump(), "valid_from": week.valid_from})
    frame = pd.DataFrame(rows, columns=["queue", "weekday", "opens", "closes", "valid_from"])
    return frame.assign(weekday=frame["weekday"].astype("int64"), valid_from=_moments(frame["valid_from"]))


def exceptions_told(queue: str, told: HoursIn) -> pd.DataFrame:
    """-> exceptions[queue, date, opens, closes, name]; InputError for half of the hours."""
    rows = []
    for one in told.exceptions:
        if (one.opens is None) != (one.closes is None):
            raise InputError(
                f"The exception of {one.date} has half of its hours.",
                remedy="Give opens and closes, or neither for a closed day.",
                field="opens",
            )
        rows.append(
            {"queue": queue, **one.model_dump(), "opens": one.opens or "", "closes": one.closes or ""}
        )
    frame = pd.DataFrame(rows, columns=["queue", "date", "opens", "closes", "name"], dtype=object)
    return frame.assign(date=_moments(frame["date"]))


def _moments(dates: pd.Series) -> pd.Series:
    """Dates or nothing -> midnights UTC."""
    found = np.array([None if pd.isna(one) else one for one in dates], dtype="datetime64[ns]")
    return pd.Series(pd.DatetimeIndex(found).tz_localize("UTC"), index=dates.index)
