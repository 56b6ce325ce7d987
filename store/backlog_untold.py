"""Queues of which no backlog can be told, found by sums the database makes: to know this, no row has to leave the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from forecast.backlog import COHORT, LEAST_ROWS
from forecast.buckets import to_ns
from store.in_force import in_force
from store.statements import table_of
from store.tables import ContactRow, VolumeRow
from store.volumes import volume_series


@dataclass(frozen=True)
class Untold:
    """Why nothing can be told of a queue. last: ns, the start of its last bucket with a row; cohort: `handled` tells of the
    contacts of each row, as `forecast.backlog.is_cohort` has it; else `handled` is never told."""

    last: int
    cohort: bool


def load_untold(session: Session, names: Sequence[str], now: dt.datetime) -> Mapping[str, Untold]:
    """Of these queues those of which that much is certain. Queues with rows by reason are not among them: they are read."""
    held: dict[str, list[int]] = {}
    for number, (name, _) in volume_series(session, list(names)).items():
        held.setdefault(name, []).append(number)
    single = {numbers[0]: name for name, numbers in held.items() if len(numbers) == 1}
    for name in _one_by_one(session, list(single.values()), now):
        single = {number: other for number, other in single.items() if other != name}
    found = {}
    for number, last, handled, told, same in _sums(session, list(single)):
        cohort = told >= LEAST_ROWS and same / told >= COHORT
        if cohort or handled == 0:
            found[single[number]] = Untold(last * 1000, handled > 0)
    return found


def _one_by_one(session: Session, names: Sequence[str], now: dt.datetime) -> list[str]:
    """Queues of which a system tells when contacts were answered."""
    table = table_of(ContactRow)
    told = (table.c.answered_at.is_not(None), table.c.at < to_ns(now) // 1000)
    query = select(table.c.queue).where(table.c.queue.in_(list(names)), *told).distinct()
    return list(session.scalars(query))


def _sums(session: Session, series: Sequence[int]) -> list[tuple[int, int, int, int, int]]:
    """Per series: its last bucket (microseconds), rows with `handled`, rows that tell both, and those in which both are the same."""
    rows = table_of(VolumeRow)
    offered, handled = rows.c.offered, rows.c.handled
    told = and_(handled.is_not(None), or_(offered > 0, handled > 0))
    same = func.abs(offered - func.coalesce(rows.c.abandoned, 0.0) - handled) < 0.5
    columns: list[Any] = [func.max(rows.c.ds), func.count(handled), _count(told), _count(and_(told, same))]
    query = select(rows.c.series_id, *columns).where(
        rows.c.series_id.in_(list(series)), offered.is_not(None), in_force(rows)
    )
    return [
        (int(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4]))
        for row in session.execute(query.group_by(rows.c.series_id))
    ]


def _count(where: Any) -> Any:
    return func.sum(case((where, 1), else_=0))
