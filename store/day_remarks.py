"""What people say of a day that the forecast missed: why. Rows are only added; the newest of a queue and day counts.

An empty reason takes the one before it away. Words of our own list (`REASONS`) are kept as they are, in every language the
same; anything else is free text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forecast.errors import InputError
from store.audit import record
from store.database import lock
from store.queues import require_queues
from store.statements import table_of
from store.tables import DayRemarkRow

REASONS = (
    "outage",
    "letter",
    "price",
    "weather",
    "campaign",
    "absent staff",
    "holiday",
    "media",
    "data error",
    "plan not changed",
)
INCIDENTS = frozenset({"outage"})  # a day that somebody puts down to one of these was an incident
LONGEST = 200  # characters of a reason
EPOCH = dt.date(1970, 1, 1)
_TABLE = table_of(DayRemarkRow)


@dataclass(frozen=True)
class DayRemark:
    """Why a day of a queue came as it did. day: the local day; who said it, and when."""

    queue: str
    day: dt.date
    reason: str
    who: str
    at: dt.datetime


def save_day_remark(
    session: Session, *, queue: str, day: dt.date, reason: str, who: str, now: dt.datetime
) -> DayRemark | None:
    """Say why, in the caller's transaction, with its line in the audit; '' takes it away: None then.

    Saying the same again writes nothing. NotFound for an unknown queue; InputError for a day that is not over yet by any
    clock, or a reason that is too long.
    """
    require_queues(session, [queue])
    text = " ".join(reason.split())
    if len(text) > LONGEST:
        raise InputError(
            f"The reason is longer than {LONGEST} characters.", remedy="Say it shorter.", field="reason"
        )
    if not EPOCH < day <= now.date():
        raise InputError(
            f"{day} lies ahead, or before all data.", remedy="Give a day that is past.", field="day"
        )
    lock(session, "day remarks")
    held = _newest(session, queue, day)
    if (held.reason if held else "") == text:
        return held
    number = (day - EPOCH).days
    session.execute(insert(_TABLE).values(queue=queue, day=number, reason=text, who=who, at=now))
    body = {"queue": queue, "day": str(day), "reason": text, "before": held.reason if held else ""}
    record(session, now=now, who=who, act="day.remark", subject=f"day {day} {queue}", body=body)
    return DayRemark(queue, day, text, who, now) if text else None


def load_day_remarks(
    session: Session,
    *,
    queues: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> list[DayRemark]:
    """What holds of the local days start .. end (both included), by queue and day; of some queues, or of all."""
    query = select(_TABLE).order_by(_TABLE.c.queue, _TABLE.c.day, _TABLE.c.id)
    if queues:
        query = query.where(_TABLE.c.queue.in_(list(queues)))
    if start is not None:
        query = query.where(_TABLE.c.day >= (start - EPOCH).days)
    if end is not None:
        query = query.where(_TABLE.c.day <= (end - EPOCH).days)
    held = {(row.queue, row.day): row for row in session.execute(query)}
    return [
        DayRemark(row.queue, EPOCH + dt.timedelta(days=row.day), row.reason, row.who, row.at)
        for row in held.values()
        if row.reason
    ]


def _newest(session: Session, queue: str, day: dt.date) -> DayRemark | None:
    return next(iter(load_day_remarks(session, queues=[queue], start=day, end=day)), None)
