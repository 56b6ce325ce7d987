"""Jobs that somebody asked for: written down here, taken up by whatever process runs the schedule.

    asked ─► waiting ─► taken (its run is in the ledger)

One waits at a time per job: asked again while it waits, it is the same request. A unique index says so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.statements import insert_ignore, table_of
from store.tables import RequestRow

# what may be asked for over the network: all of it is done by the clock anyway, and twice does no harm.
# Not `retain`, which drops what is old: when that happens is the settings' affair alone.
Askable: TypeAlias = Literal[
    "ingest",
    "signals",
    "care",
    "backlog",
    "select",
    "select_full",
    "predict",
    "alert",
    "push",
    "digest",
    "demand",
]
ASKABLE: tuple[str, ...] = get_args(Askable)
PATIENCE = dt.timedelta(minutes=10)  # after which it is told that nobody takes a request up
_ASKED = table_of(RequestRow)


@dataclass(frozen=True)
class Request:
    """A job that was asked for. run_id, taken_at: None while it waits."""

    id: int
    job: str
    asked_at: dt.datetime
    who: str
    run_id: int | None
    taken_at: dt.datetime | None

    def forgotten(self, now: dt.datetime) -> bool:
        """Has it waited longer than any scheduler would let it?"""
        return self.taken_at is None and now - self.asked_at >= PATIENCE


def ask(session: Session, job: str, *, who: str, now: dt.datetime) -> tuple[Request, bool]:
    """Ask for a job; the request that waits now, and whether it is a new one. InputError for a job that cannot be asked for."""
    if job not in ASKABLE:
        raise InputError(
            f"The job {job!r} cannot be asked for.", remedy=f"Ask for {', '.join(ASKABLE)}.", field="job"
        )
    values = {"job": job, "asked_at": now, "who": who, "run_id": None, "taken_at": None}
    made = session.scalar(insert_ignore(session, _ASKED).values(**values).returning(_ASKED.c.id))
    if made is not None:
        return load_request(session, made), True
    held = next((one for one in load_waiting(session) if one.job == job), None)
    # taken up between the two statements: then what it will do was not asked for, and this is a new one
    return (held, False) if held is not None else ask(session, job, who=who, now=now)


def load_waiting(session: Session) -> list[Request]:
    """What nobody has taken up yet, the oldest first."""
    query = select(_ASKED).where(_ASKED.c.taken_at.is_(None)).order_by(_ASKED.c.id)
    return [_request(row) for row in session.execute(query)]


def load_request(session: Session, request_id: int) -> Request:
    """One request; NotFound."""
    row = session.execute(select(_ASKED).where(_ASKED.c.id == request_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no request {request_id}.", remedy="See GET /v1/runs for those that wait.", field="id"
        )
    return _request(row)


def take_request(session: Session, request_id: int, *, run_id: int | None, now: dt.datetime) -> bool:
    """A run begins that does what was asked; False where another took it before."""
    mine = _ASKED.c.id == request_id, _ASKED.c.taken_at.is_(None)
    taken = update(_ASKED).where(*mine).values(run_id=run_id, taken_at=now)
    return session.scalar(taken.returning(_ASKED.c.id)) is not None


def _request(row: Any) -> Request:
    return Request(row.id, row.job, row.asked_at, row.who, row.run_id, row.taken_at)
