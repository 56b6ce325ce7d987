"""The register of causes: why people get in touch on a reason, who owns that, and what was changed about it since when.

A cause lives until it is removed; a removed one stays in the table, so that the register tells its own past.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.queues import require_queues
from store.statements import table_of
from store.tables import CauseRow

_TABLE = table_of(CauseRow)
LONGEST = 2_000  # characters of a text


@dataclass(frozen=True)
class Cause:
    """One cause. queue: None for all queues; changed, since: what was done about it and from when, once it was."""

    topic: str
    cause: str
    queue: str | None = None
    owner: str = ""
    changed: str = ""
    since: dt.datetime | None = None
    author: str = ""
    id: int = 0
    created_at: dt.datetime | None = None
    removed_at: dt.datetime | None = None


def add_cause(session: Session, cause: Cause, *, now: dt.datetime) -> Cause:
    """Keep a cause; the same one a second time gives back the first. InputError for a text that is missing or too long."""
    for name in ("topic", "cause", "owner", "changed", "author"):
        _require_text(name, getattr(cause, name), needed=name in ("topic", "cause"))
    if cause.queue is not None:
        require_queues(session, [cause.queue])
    if cause.since is not None and cause.since > now:
        raise InputError("The change lies ahead.", remedy="Register it when it has been made.", field="since")
    same = [one for one in load_causes(session, topic=cause.topic) if _facts(one) == _facts(cause)]
    if same:
        return same[0]
    facts = {**_facts(cause), "author": cause.author}
    made = insert(_TABLE).values(**facts, created_at=now, removed_at=None).returning(_TABLE.c.id)
    return load_cause(session, int(session.scalars(made).one()))


def load_cause(session: Session, cause_id: int) -> Cause:
    """One cause, live or removed; NotFound."""
    row = session.execute(select(_TABLE).where(_TABLE.c.id == cause_id)).one_or_none()
    if row is None:
        raise _unknown(cause_id)
    return _cause(row)


def load_causes(
    session: Session, *, topic: str | None = None, queue: str | None = None, removed: bool = False
) -> list[Cause]:
    """Live causes, or with `removed` all, the oldest first; of a queue also those of all queues."""
    query = select(_TABLE).order_by(_TABLE.c.id)
    if not removed:
        query = query.where(_TABLE.c.removed_at.is_(None))
    if topic is not None:
        query = query.where(_TABLE.c.topic == topic)
    if queue is not None:
        query = query.where(or_(_TABLE.c.queue.is_(None), _TABLE.c.queue == queue))
    return [_cause(row) for row in session.execute(query)]


def remove_cause(session: Session, cause_id: int, *, now: dt.datetime) -> Cause:
    """Let a cause end; one that has ended stays as it is. NotFound for an unknown id."""
    live = update(_TABLE).where(_TABLE.c.id == cause_id, _TABLE.c.removed_at.is_(None))
    session.execute(live.values(removed_at=now))
    return load_cause(session, cause_id)


def changed_about(session: Session, topic: str, *, start: dt.datetime, end: dt.datetime) -> frozenset[str]:
    """Other reasons about which something was changed within the span: nothing to compare with."""
    dated = ((one.topic, one.since) for one in load_causes(session))
    return frozenset(name for name, since in dated if name != topic and since and start <= since < end)


def _facts(cause: Cause) -> dict[str, object]:
    names = ("topic", "queue", "cause", "owner", "changed", "since")
    return {name: getattr(cause, name) for name in names}


def _require_text(name: str, text: str, *, needed: bool) -> None:
    if needed and not text.strip():
        raise InputError(f"A cause needs a {name}.", remedy=f"Give the {name}.", field=name)
    if len(text) > LONGEST:
        raise InputError(
            f"The {name} is longer than {LONGEST:,} characters.", remedy="Say it shorter.", field=name
        )


def _unknown(cause_id: int) -> NotFound:
    return NotFound(f"There is no cause {cause_id}.", remedy="See `forecall causes list`.", field="id")


def _cause(row: object) -> Cause:
    return Cause(**{name: getattr(row, name) for name in Cause.__dataclass_fields__})
