"""Moments as requests write them and as answers give them."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd

from forecast.buckets import zone
from forecast.errors import InputError

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FIRST, LAST = dt.datetime(1970, 1, 2, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
LOST_PLUS = re.compile(r"(T\d\d:\d\d\S*) (\d\d:?\d\d)")  # a `+` that nobody wrote as %2B arrives as a space


def parse(text: str, tz: str, field: str) -> dt.datetime:
    """ISO 8601 -> aware UTC. Without an offset it is local time in `tz`: the first of a repeated hour, moved on from a missing one."""
    try:
        moment = dt.datetime.fromisoformat(LOST_PLUS.sub(r"\1+\2", text.strip()))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(tz))
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text[:40]!r} is no moment we can read.",
            remedy="Write 2026-11-22, 2026-11-22T09:30 (local) or 2026-11-22T09:30:00Z.",
            field=field,
        ) from None
    if not FIRST <= moment < LAST:
        raise InputError(
            f"{text[:40]!r} lies too far away.", remedy="Use a year from 1970 to 2199.", field=field
        )
    return moment


def optional(text: str | None, tz: str, field: str) -> dt.datetime | None:
    """As `parse`; None stays None."""
    return None if text is None else parse(text, tz, field)


def day_of(moment: dt.datetime, tz: str) -> dt.datetime:
    """The moment at which the local day of `moment` begins, aware UTC."""
    local = moment.astimezone(zone(tz)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return local.replace(tzinfo=zone(tz)).astimezone(dt.UTC)


def span(start: dt.datetime, end: dt.datetime | None, now: dt.datetime, *, most_days: int) -> None:
    """InputError where the range is upside down or longer than an answer may be."""
    if end is not None and end <= start:
        raise InputError("The end lies before the start.", remedy="Give an end after the start.", field="end")
    if (end or now) - start > dt.timedelta(days=most_days):
        raise InputError(
            f"The range is longer than {most_days} days.",
            remedy="Ask for it in parts, or by day.",
            field="start",
        )


def utc_of(column: pd.Series | pd.DatetimeIndex) -> list[dt.datetime]:
    """An aware time column -> moments [n] in UTC."""
    return [stamp.to_pydatetime() for stamp in pd.DatetimeIndex(column)]


def or_none(frame: pd.DataFrame) -> list[list[float | None]]:
    """Numbers [n, k] -> rows of numbers, None where there is none: JSON has no NaN."""
    values = frame.to_numpy(dtype=float)
    if not np.isnan(values).any():
        return values.tolist()
    return [[None if value != value else value for value in row] for row in values.tolist()]


def local_of(moment: dt.datetime, tz: str) -> dt.datetime:
    """The moment with the offset that holds in `tz` then: the two buckets of a repeated hour differ by it."""
    local = moment.astimezone(zone(tz))
    return local.replace(tzinfo=dt.timezone(local.utcoffset() or dt.timedelta()), fold=0)
