"""What each local week holds, summed by the database: of every bucket the version in force, and no row leaves the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Case, ColumnElement, case, func, select
from sqlalchemy.orm import Session

from forecast.buckets import day_start, local_day, to_ns
from store.in_force import in_force
from store.versions import Kind

_WEEK = 7


@dataclass(frozen=True)
class Weeks:
    """The local weeks that start <= ds < end touches. names: the Monday of each, ISO 8601; ends, start, end: microseconds."""

    names: tuple[str, ...]
    ends: tuple[int, ...]
    start: int
    end: int

    @classmethod
    def of(cls, start: dt.datetime, end: dt.datetime, tz: str) -> Weeks:
        """The weeks of a span; none where it is empty."""
        first, last = to_ns(start), to_ns(end)
        day = local_day(first, tz)
        monday = day - (day + 3) % _WEEK  # 1970-01-01 was a Thursday
        days = np.arange(monday, local_day(last - 1, tz) + 1 if first < last else monday, _WEEK)
        ends = day_start(days + _WEEK, tz) // 1000 if len(days) else days
        names = tuple(str(one) for one in days.astype("datetime64[D]"))
        return cls(names, tuple(ends.tolist()), first // 1000, last // 1000)

    def place(self, ds: ColumnElement[int]) -> Case[int]:
        """The place among `names` of the week a bucket lies in; `ds` within the span, of at least one week."""
        return case(*((ds < end, at) for at, end in enumerate(self.ends)))


def within(kind: Kind, series: Collection[int], weeks: Weeks) -> list[ColumnElement[bool]]:
    """What makes a row one that counts: of these series, within the weeks' span, in force, and no tombstone."""
    rows = kind.versions
    return [
        rows.c.series_id.in_(sorted(series)),
        rows.c.ds >= weeks.start,
        rows.c.ds < weeks.end,
        rows.c[kind.values[0]].is_not(None),
        in_force(rows),
    ]


def sums_by_week(
    session: Session, kind: Kind, series: Collection[int], weeks: Weeks
) -> list[tuple[int, str, float]]:
    """(series, Monday of the week, sum of the first value) of the weeks in which anything is known of a series."""
    if not series or not weeks.names:
        return []
    rows = kind.versions
    total: Any = func.sum(rows.c[kind.values[0]])
    query = select(rows.c.series_id, weeks.place(rows.c.ds).label("week"), total)
    found = session.execute(query.where(*within(kind, series, weeks)).group_by(rows.c.series_id, "week"))
    return [(int(number), weeks.names[at], float(held)) for number, at, held in found]
