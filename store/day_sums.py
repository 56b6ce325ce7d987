"""What came on each local day, added up by the database: of every bucket the version known last, and no row leaves the store.

Only for queues that have one series of rows: of several reasons a row of all of them goes before their sum, bucket by bucket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Case, ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, day_start, local_ns
from store.in_force import in_force
from store.statements import table_of
from store.tables import VolumeRow

_MICROS = DAY // 1000


@dataclass(frozen=True)
class DaySums:
    """The local days of one queue on which a row says something, ascending [k].

    sums: float[4, k]: contacts offered, seconds spent, contacts these were spent on, seconds of work (contacts times handling
    time); rows, bare: int64[k], buckets with a row, and of them those with contacts but no handling time
    until: int64[k] ns, local time of day at which the last bucket with a row begins
    """

    days: Ns
    sums: Floats
    rows: Ns
    bare: Ns
    until: Ns

    @classmethod
    def none(cls) -> DaySums:
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, np.zeros((4, 0)), empty, empty, empty)


def sums_by_day(
    session: Session, series: Collection[int], tz: str, *, first: int, last: int, now: int
) -> Mapping[int, DaySums]:
    """Series -> its local days first .. last, by what is known at `now` (ns); a series without a row is left out."""
    rows = table_of(VolumeRow)
    start, end = (int(one) // 1000 for one in day_start([first, last + 1], tz))
    spent = func.coalesce(rows.c.handled, rows.c.offered)
    timed = rows.c.aht_seconds.is_not(None) & (spent > 0)
    parts: list[Any] = [
        func.sum(rows.c.offered),
        *(_sum(timed, one) for one in (spent * rows.c.aht_seconds, spent, rows.c.offered * rows.c.aht_seconds)),
        func.count(),
        _sum(~timed & (rows.c.offered > 0), literal(1)),
        func.max(rows.c.ds),
    ]  # fmt: skip
    query = select(rows.c.series_id, local_day_of(rows.c.ds, tz, first, last).label("day"), *parts)
    query = query.where(
        rows.c.series_id.in_(sorted(series)), rows.c.ds >= start, rows.c.ds < end, in_force(rows, now // 1000),
        rows.c.offered.is_not(None),
    ).group_by(rows.c.series_id, "day").order_by(rows.c.series_id, "day")  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(int(row[0]), []).append(row[1:])
    return {number: _of(held, tz) for number, held in found.items()}


def _of(held: list[Any], tz: str) -> DaySums:
    table = np.array(held, dtype=np.float64).T
    whole = table[[0, 5, 6]].astype(np.int64)
    until = local_ns(np.array([row[7] for row in held], dtype=np.int64) * 1000, tz) % DAY
    return DaySums(whole[0], table[1:5], whole[1], whole[2], until)


def _sum(where: ColumnElement[bool], value: Any) -> ColumnElement[Any]:
    return func.sum(case((where, value), else_=0))


def local_day_of(ds: ColumnElement[int], tz: str, first: int, last: int) -> Case[int] | ColumnElement[int]:
    """The local day of a bucket within first .. last: clocks stand at one distance to UTC but for the days they change on."""
    days = np.arange(first, last + 2, dtype=np.int64)
    begins = day_start(days, tz) // 1000
    ahead = days * _MICROS - begins
    changed = np.flatnonzero(np.diff(ahead)).tolist()  # days that are longer or shorter
    if not changed:
        return (ds + int(ahead[0])) // _MICROS
    cases: list[Any] = []
    for at in changed:
        cases += [
            (ds < int(begins[at]), (ds + int(ahead[at])) // _MICROS),
            (ds < int(begins[at + 1]), literal(int(days[at]))),
        ]
    return case(*cases, else_=(ds + int(ahead[-1])) // _MICROS)
