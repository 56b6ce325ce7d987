"""Methods that somebody chose for a queue by hand: the forecast is made with them, whatever the nightly comparison says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from forecast.method_names import NAMES
from store.audit import record
from store.queues import require_queues
from store.settings import Settings
from store.statements import table_of
from store.tables import MethodPinRow

_TABLE = table_of(MethodPinRow)
LONGEST = 500  # characters of a reason


@dataclass(frozen=True)
class MethodPin:
    """One choice in force. model: a name of the catalogue."""

    id: int
    queue: str
    model: str
    reason: str
    who: str
    created_at: dt.datetime


def pin_method(
    session: Session, queues: Sequence[str], model: str, *, reason: str, who: str, now: dt.datetime
) -> list[MethodPin]:
    """Forecast these queues with this method until it is removed; in place of an earlier choice. InputError without a reason."""
    require_queues(session, list(queues))
    if model not in NAMES or not queues:
        raise InputError(
            "There is nothing to pin.", remedy=f"Choose queues and one of {', '.join(NAMES)}.", field="model"
        )
    if not reason.strip() or len(reason) > LONGEST:
        raise InputError(
            "A choice by hand needs a reason.",
            remedy=f"Say why, in at most {LONGEST} characters.",
            field="reason",
        )
    for queue in queues:
        _remove(session, queue, who=who, now=now)
        facts = {"queue": queue, "model": model, "reason": reason.strip(), "who": who, "created_at": now}
        session.execute(insert(_TABLE).values(**facts, removed_at=None, removed_by=""))
        record(
            session,
            now=now,
            who=who,
            act="method.pin",
            subject=f"queue {queue}",
            body={"model": model, "reason": reason.strip()},
        )
    return [one for one in load_pins(session) if one.queue in queues]


def unpin_method(session: Session, queue: str, *, who: str, now: dt.datetime) -> None:
    """The comparison decides again. NotFound where nothing is pinned."""
    if not _remove(session, queue, who=who, now=now):
        raise NotFound(f"No method is pinned for {queue}.", remedy="See the page Methods.", field="queue")
    record(session, now=now, who=who, act="method.unpin", subject=f"queue {queue}", body={})


def load_pins(session: Session) -> list[MethodPin]:
    """The choices in force, by queue."""
    query = select(_TABLE).where(_TABLE.c.removed_at.is_(None)).order_by(_TABLE.c.queue, _TABLE.c.id)
    return [
        MethodPin(row.id, row.queue, row.model, row.reason, row.who, row.created_at)
        for row in session.execute(query)
    ]


def with_pin(session: Session, settings: Settings, queue: str) -> Settings:
    """The settings a queue is forecast with: its pinned method in place of `models.champion`."""
    pinned = select(_TABLE.c.model).where(_TABLE.c.queue == queue, _TABLE.c.removed_at.is_(None))
    model = session.scalar(pinned.order_by(_TABLE.c.id.desc()).limit(1))
    if model is None or model == settings.models.champion:
        return settings
    models = settings.models.model_copy(update={"champion": model})
    return settings.model_copy(update={"models": models})


def _remove(session: Session, queue: str, *, who: str, now: dt.datetime) -> bool:
    mine = update(_TABLE).where(_TABLE.c.queue == queue, _TABLE.c.removed_at.is_(None))
    gone: Any = session.scalars(mine.values(removed_at=now, removed_by=who).returning(_TABLE.c.id)).all()
    return bool(gone)
