"""Queues: what contacts are counted by, on which interval, in which zone."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import Interval, zone
from forecast.errors import InputError, NotFound
from store.statements import table_of, upsert
from store.tables import QueueRow

MISSING = ("zero", "unknown")


@dataclass(frozen=True)
class Queue:
    """One queue. `topic` is the contact reason all its contacts have, or `all`.

    missing: what a bucket without a row between its first and last one says: `zero` contacts, or `unknown`
    """

    name: str
    channel: str
    topic: str
    interval: Interval
    tz: str
    missing: str = "zero"


def save_queue(session: Session, queue: Queue) -> None:
    """Store a queue, or its new facts under the same name. Its zone and name must be usable."""
    if not queue.name.strip():
        raise InputError("A queue has no name.", remedy="Give each queue a name.", field="queue")
    zone(queue.tz)
    if queue.missing not in MISSING:
        raise InputError(
            f"Absent rows cannot be {queue.missing!r}.",
            remedy=f"Use {' or '.join(MISSING)}.",
            field="missing",
        )
    statement = upsert(session, table_of(QueueRow))
    facts = {
        "channel": queue.channel,
        "topic": queue.topic,
        "interval": str(Interval.parse(queue.interval)),
        "tz": queue.tz,
        "missing": queue.missing,
    }
    statement = statement.values(name=queue.name, **facts)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))


def load_queues(session: Session) -> list[Queue]:
    """All queues, by name."""
    return [_queue(row) for row in session.execute(select(*table_of(QueueRow).c).order_by(QueueRow.name))]


def load_queue(session: Session, name: str) -> Queue:
    """The queue of that name, or NotFound with the nearest names."""
    require_queues(session, [name])
    return next(queue for queue in load_queues(session) if queue.name == name)


def require_queues(session: Session, names: list[str]) -> None:
    """NotFound, with the nearest names, unless all these queues are stored."""
    held = list(session.scalars(select(QueueRow.name).order_by(QueueRow.name)))
    for name in names:
        if name not in held:
            near = difflib.get_close_matches(name, held, n=3, cutoff=0.4) or held[:5]
            raise NotFound(
                f"There is no queue {name!r}.",
                remedy=f"Did you mean {', '.join(near)}?"
                if near
                else "Import volumes first: `forecall import volumes FILE`.",
                field="queue",
            )


def _queue(row: object) -> Queue:
    name, channel, topic, interval, tz, missing = tuple(row)  # type: ignore[var-annotated,arg-type]
    return Queue(name, channel, topic, Interval(interval), tz, missing)
